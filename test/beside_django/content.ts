/** Promises about the content of sessions for each setup, whichever side wrote it. */
import { expect } from 'chai'
import { openSession, openSessionStore, type Session } from '#core/contrib/sessions'
import { setOwn, stringifyJson } from '#core/serialization'
import type { Beside } from './beside.ts'
import { isSame, plainText, SEED, sessionsFrom } from './generated.ts'
import type { SharedSetup } from './shared_setups.ts'

/** Sessions that each side writes in each setup. */
const SESSIONS = 1000

/** Concurrent operations, as on a busy site. */
const AT_ONCE = 50

async function each<A, B>(all: readonly A[], work: (one: A, index: number) => Promise<B>): Promise<B[]> {
  const results: B[] = []
  for (let i = 0; i < all.length; i += AT_ONCE) {
    const outcomes = await Promise.allSettled(all.slice(i, i + AT_ONCE).map((one, j) => work(one, i + j)))
    // All must have ended before the setup is removed.
    results.push(...(await Promise.all(outcomes.map(settled))))
  }
  return results
}

async function settled<T>(outcome: PromiseSettledResult<T>): Promise<T> {
  if (outcome.status === 'rejected') throw outcome.reason as Error
  return outcome.value
}

function expectSame(found: unknown, expected: unknown): void {
  if (!isSame(found, expected)) throw new Error(`${plainText(expected)} is read as ${plainText(found)}`)
}

async function opened(key: string): Promise<Session> {
  const session = openSession(openSessionStore(), key)
  await session.load()
  return session
}

/** Saves a session with this initial content; returns its key. */
async function kept(content: Readonly<Record<string, unknown>>): Promise<string> {
  const session = openSession(openSessionStore())
  session.update(content)
  await session.save()
  return session.sessionKey as string
}

const content = (session: Session): Record<string, unknown> => {
  const found = {}
  for (const [key, value] of session.items()) setOwn(found, key, value)
  return found
}

/** JSON with one more value at its end. */
const withMore = (text: string, name: string, value: string): string =>
  `${text.slice(0, -1)}${text === '{}' ? '' : ','}"${name}":"${value}"}`

function djangoWrites(beside: Beside, { most }: SharedSetup): void {
  it(`reads Django’s data exactly, and returns it after a change of its own, in ${SESSIONS} sessions`, async () => {
    const { django } = beside
    const generated = sessionsFrom(SEED, SESSIONS, most)
    const made = await django.ask<[string, string][]>('create', { strings: generated.map(({ text }) => text) })
    const changed = await each(generated, async ({ value, text }, i) => {
      const [key, spelled] = made[i] as [string, string]
      const session = await opened(key)
      expectSame(content(session), value)
      expect(stringifyJson((await openSessionStore().load(key))?.data)).to.equal(spelled)
      session.set('ours', 'changed')
      await session.save()
      return [session.sessionKey, withMore(text, 'ours', 'changed')]
    })
    expect(await django.ask('differences', { sessions: changed })).to.deep.equal([])
  })
}

function weWrite(beside: Beside, { most }: SharedSetup): void {
  it(`is read by Django exactly, and returned after a change of its own, in ${SESSIONS} sessions`, async () => {
    const { django } = beside
    const values = sessionsFrom(SEED + 1, SESSIONS, most, { endless: false }).map(({ value }) => value)
    const keys = await each(values, kept)
    const sessions = values.map((value, i) => [keys[i], plainText(value)])
    expect(await django.ask('differences', { sessions })).to.deep.equal([])
    const changed = await django.ask<string[]>('change', { keys, name: 'theirs', value: 'changed' })
    await each(values, async (value, i) => {
      const expected = { theirs: 'changed' }
      for (const [key, entry] of Object.entries(value)) setOwn(expected, key, entry)
      expectSame(content(await opened(changed[i] as string)), expected)
    })
  })
}

/** Seconds until sessions expire, and whether they are alive; less than the distance of any two time zones. */
const ENDS: readonly (readonly [number, boolean])[] = [
  [-600, false],
  [600, true],
  [0, true],
  [1_209_600, true],
]

function ends(beside: Beside, { hasRows, settings }: SharedSetup): void {
  if (!hasRows) return

  it('expires at the same moment for both', async () => {
    const { django } = beside
    const strings = ENDS.map(([seconds]) => `{"a":1,"_session_expiry":${seconds}}`)
    const theirs = (await django.ask<[string, string][]>('create', { strings })).map(([key]) => key)
    const ours = await each(ENDS, ([seconds]) => kept({ a: 1, _session_expiry: seconds }))
    const living = ENDS.map(([, lives]) => lives)
    for (const keys of [theirs, ours]) {
      expect((await django.ask<unknown[]>('contents', { keys })).map((found) => found !== null)).to.deep.equal(living)
      const loaded = await each(keys, (key) => openSessionStore().load(key))
      expect(loaded.map((found) => found !== undefined)).to.deep.equal(living)
      if (settings.SESSION_ENGINE !== 'django.contrib.sessions.backends.db') continue
      const micros = await django.ask<number[]>('end_dates', { keys })
      for (const [i, found] of loaded.entries()) {
        if (found !== undefined) expect(Math.round((found.expiresAt as number) * 1000)).to.equal(micros[i])
      }
    }
  })
}

function deletion(beside: Beside, { settings }: SharedSetup): void {
  // Content in a cookie cannot be revoked.
  if (settings.SESSION_ENGINE === 'django.contrib.sessions.backends.signed_cookies') return

  it('is deleted for both when either deletes it', async () => {
    const { django } = beside
    const [[theirs] = ['']] = await django.ask<[string, string][]>('create', { strings: ['{"a":1}'] })
    const ours = await kept({ a: 1 })
    // Both have read it, and may have cached it.
    expect((await opened(theirs)).get('a')).to.equal(1)
    expect(await django.ask('contents', { keys: [ours] })).to.deep.equal(['{"a":1}'])
    await openSession(openSessionStore(), theirs).flush()
    await django.ask('delete', { keys: [ours] })
    expect(await django.ask('contents', { keys: [theirs, ours] })).to.deep.equal([null, null])
    for (const key of [theirs, ours]) expect(await openSessionStore().load(key)).to.equal(undefined)
  })
}

/** All promises for one setup. */
export function bothWays(beside: Beside, setup: SharedSetup): void {
  before(() => process.stdout.write(`      seed ${SEED} (TEST_SEED repeats another)\n`))
  djangoWrites(beside, setup)
  weWrite(beside, setup)
  ends(beside, setup)
  deletion(beside, setup)
}
