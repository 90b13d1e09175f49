/** Login throttling: counts failures per user and client address in a cache, and rejects further attempts. */
import { type Cache, CacheKeyNotFound, caches } from '#core/cache'
import { getLogger, unixSeconds } from '#core/utils'
import { schema, settings } from '#core/conf'
import { ServiceUnavailable, TooManyRequests } from '#core/exceptions'
import { addressBlock, clientAddressOf, type HttpRequest } from '#core/http'
import { saltedHmac } from '#core/signing'
import { KeyedMutex } from '#core/concurrency'
import { hashingConcurrency, queueIsFull } from './hashers/limiter.ts'
import { canBeUsername } from './types.ts'

// The failure counter.

/**
 * A counter's value is `end of the period × STEP + ZERO + failures`, so that one atomic number below 2^53 holds both.
 * ZERO leaves room for negative counts: an attempt of the previous period may be undone in this one.
 */
const STEP = 1_000_000
const ZERO = STEP / 2

/** The failures of one key within a period. */
export class FailureCounter {
  readonly key: string
  readonly limit: number
  readonly #cache: Cache
  readonly #period: number

  constructor(cache: Cache, key: string, limit: number, period: number) {
    this.key = key
    this.limit = limit
    this.#cache = cache
    this.#period = period
  }

  /** Counts an attempt. Returns the seconds to wait if that exceeds the limit, else 0. */
  async count(): Promise<number> {
    const now = unixSeconds()
    const value = await this.#increment((now + this.#period) * STEP + ZERO + 1)
    if ((value % STEP) - ZERO <= this.limit) return 0
    // Clocks of servers differ, so the period may have ended while the cache still has the value.
    return Math.max(1, Math.floor(value / STEP) - now)
  }

  async #increment(first: number): Promise<number> {
    for (let tries = 0; tries < 3; tries++) {
      if (await this.#cache.add(this.key, first, this.#period)) return first
      try {
        return await this.#cache.incr(this.key)
      } catch (error) {
        // The value expired between the two calls.
        if (!(error instanceof CacheKeyNotFound)) throw error
      }
    }
    throw new Error('The cache neither adds the counter of failed logins nor finds it.')
  }

  /** Undoes the count of an attempt that was not a failure. */
  async undo(): Promise<void> {
    try {
      await this.#cache.decr(this.key)
    } catch (error) {
      if (!(error instanceof CacheKeyNotFound)) throw error
    }
  }

  async reset(): Promise<void> {
    await this.#cache.delete(this.key)
  }
}

const log = getLogger('django.security.LoginThrottle')

const SALT = 'core.contrib.auth.throttle'

type Throttle = NonNullable<typeof settings.LOGIN_THROTTLE>

/** Defaults for keys that LOGIN_THROTTLE omits. */
const DEFAULTS = schema.LOGIN_THROTTLE.default as Required<Throttle>

/** `40 seconds`, `4 minutes`, `3 hours`: rounded up. */
export function waitText(seconds: number): string {
  const [size, unit] = seconds < 60 ? [1, 'second'] : seconds <= 7200 ? [60, 'minute'] : [3600, 'hour']
  const count = Math.ceil(seconds / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** Too many logins have failed, so the password was not checked. Becomes a 429 response. */
export class TooManyLoginAttempts extends TooManyRequests {
  constructor(retryAfter: number) {
    super(`There were too many failed attempts. Try again in ${waitText(retryAfter)}.`, { retryAfter })
  }
}

/** The counters of an attempt. Keys are HMACs, so that the cache stores no names or addresses. */
interface Counters {
  /** Per user and address; absent if the credentials have no name. */
  readonly user?: FailureCounter
  /** Per address; absent if all clients may share it. */
  readonly address?: FailureCounter
}

const all = ({ user, address }: Counters): FailureCounter[] => [user, address].filter((each) => each !== undefined)

/** Maps all spellings of a name to one: a database may ignore case, accents and invisible characters. */
function foldedName(name: string): string {
  // No user has a longer name, and normalising it would be slow.
  if (!canBeUsername(name)) return name
  return name
    .normalize('NFKD')
    .replace(/[\p{M}\p{C}\p{Z}]/gu, '')
    .toUpperCase()
}

/** LOGIN_THROTTLE with its defaults; null if it is off. */
export function loginThrottle(): Required<Throttle> | null {
  return settings.LOGIN_THROTTLE === null ? null : { ...DEFAULTS, ...settings.LOGIN_THROTTLE }
}

function countersFor(request: HttpRequest, name: string | undefined): Counters {
  const throttle = loginThrottle()
  if (throttle === null) return {}
  const { FAILURES, ADDRESS_FAILURES, PERIOD, CACHE } = throttle
  const cache = caches[CACHE] as Cache
  const { address, isShared } = clientAddressOf(request)
  const block = addressBlock(address)
  const counter = (kind: string, of: string, limit: number): FailureCounter =>
    new FailureCounter(cache, `login_throttle:${kind}:${saltedHmac(SALT, of).toString('hex')}`, limit, PERIOD)
  return {
    ...(name !== undefined && { user: counter('user', `${block} ${foldedName(name)}`, FAILURES) }),
    ...(ADDRESS_FAILURES !== null && !isShared && { address: counter('address', block, ADDRESS_FAILURES) }),
  }
}

let isFailing = false

/** Uses the cache. While it fails, which is logged once, logins are allowed without being counted. */
async function unlessDown<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    const result = await work()
    isFailing = false
    return result
  } catch (error) {
    if (!isFailing) log.error('Failed logins are not counted, because the cache of LOGIN_THROTTLE fails.', error)
    isFailing = true
    return undefined
  }
}

const undoCounts = (counters: Counters): Promise<unknown> =>
  unlessDown(() => Promise.all(all(counters).map((counter) => counter.undo())))

let hasHinted = false

/** Logs, once per process, that all clients of a proxy are counted as one. */
function hintAtProxy(request: HttpRequest): void {
  if (hasHinted || settings.CLIENT_ADDRESS_HEADER !== null || !clientAddressOf(request).isShared) return
  if (request.get('X-Forwarded-For') === '') return
  hasHinted = true
  log.warning(
    'Logins of a user are refused, and the address of the client is not known: the request came through a proxy, and' +
      ' CLIENT_ADDRESS_HEADER is not set. Any client can therefore keep that user from logging in. If your proxy sets' +
      " X-Forwarded-For itself: CLIENT_ADDRESS_HEADER: 'HTTP_X_FORWARDED_FOR'",
  )
}

/** Allows the hint to be logged again. For tests. */
export function forgetThrottleHint(): void {
  hasHinted = false
}

/** Counts an attempt before its outcome is known, so that concurrent guesses are limited too. */
async function countAttempt(request: HttpRequest, counters: Counters): Promise<void> {
  const waits = await unlessDown(() => Promise.all(all(counters).map((counter) => counter.count())))
  const wait = Math.max(0, ...(waits ?? []))
  if (wait === 0) return
  // A rejected attempt does not count: otherwise attempts on one user would use up the limit of the address.
  await undoCounts(counters)
  hintAtProxy(request)
  throw new TooManyLoginAttempts(wait)
}

const lanes = new KeyedMutex()
let inProgress = 0
let turn = 0

/**
 * Limits the concurrent attempts on one user by a few lanes. A pending attempt counts as a failure, so without lanes,
 * many concurrent logins with the correct password would exceed the limit.
 */
async function inLane<T>({ key, limit }: FailureCounter, attempt: () => Promise<T>): Promise<T> {
  const concurrency = hashingConcurrency()
  if (inProgress >= concurrency + settings.PASSWORD_HASHING_QUEUE) throw queueIsFull()
  turn = (turn + 1) % Math.min(concurrency, limit)
  inProgress++
  try {
    return await lanes.run(`${key} ${turn}`, attempt)
  } finally {
    inProgress--
  }
}

async function countedCheck<T>(request: HttpRequest, counters: Counters, check: () => Promise<T>): Promise<T> {
  await countAttempt(request, counters)
  let result: T
  try {
    result = await check()
  } catch (error) {
    // The password was not checked: the database is down, or the hashing queue is full.
    if (error instanceof ServiceUnavailable) await undoCounts(counters)
    throw error
  }
  if (result !== null && result !== undefined && result !== false) {
    await unlessDown(() => Promise.all([counters.user?.reset(), counters.address?.undo()]))
  }
  return result
}

/** Clears the failures of a user and an address after verification by other means, such as a reset link. */
export async function clearFailures(request: HttpRequest, name: string): Promise<void> {
  const { user } = countersFor(request, name)
  await unlessDown(async () => user?.reset())
}

/**
 * Runs a password check under LOGIN_THROTTLE. A result of null, undefined or false counts as a failed login of the user
 * and the address; any other result clears the user's failures. For views that ask for a password again:
 * `await throttleLogin(request, user.getUsername(), () => user.checkPassword(password))`.
 * @param name the submitted username; undefined counts for the address only
 * @throws TooManyLoginAttempts without running the check
 * @throws ServiceUnavailable if the hashing queue is full
 */
export async function throttleLogin<T>(
  request: HttpRequest,
  name: string | undefined,
  check: () => Promise<T>,
): Promise<T> {
  const counters = countersFor(request, name)
  if (all(counters).length === 0) return check()
  const attempt = (): Promise<T> => countedCheck(request, counters, check)
  return counters.user === undefined ? attempt() : inLane(counters.user, attempt)
}
