/** The clients of a Redis cache with one interface: a single server by its URL, a Sentinel group, or a Cluster. */
import type * as Redis from '@redis/client'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue } from '#core/utils'
import { unquoteUri } from '#core/web'
import type { Dialer } from './reconnecting_client.ts'
import { type LazyPackage, mutableCopy } from '#core/conf'
import { type Argument, isOk } from './redis_commands.ts'

/** Commands that are sent in the same tick are pipelined. */
export interface RedisClient {
  /**
   * Sends one command.
   * @param key by which a Cluster selects the server; undefined if the command has none
   * @param fits whether a reply has the shape of this command's replies; a reply that has not closes the client
   * @returns the reply, with bulk strings as Buffers
   */
  send<Reply>(
    key: string | undefined,
    isRead: boolean,
    args: readonly Argument[],
    fits: (reply: unknown) => reply is Reply,
  ): Promise<Reply>
  /** Sends a command to every master. */
  sendToAll(args: readonly string[]): Promise<void>
  destroy(): void
}

export interface RedisOptions {
  readonly alias: string
  readonly client: LazyPackage<typeof Redis>
  /** Seconds for connecting. */
  readonly timeout: number
  /** The OPTIONS that are passed to the client. */
  readonly options: Readonly<Record<string, unknown>>
}

type Settings = Record<string, unknown>

/** Returns bulk strings as Buffers: the client would decode them as UTF-8. 36 is `$`, the protocol's type of bulk strings. */
const RAW = { typeMapping: { 36: Buffer } }

/**
 * Turns off the client's timeouts, for which it would keep each command, a signal and a timer for five seconds.
 * ReconnectingClient has one deadline for all commands.
 */
const UNTIMED = { timeout: 0 }

function untimed<Options extends object>(options: Options): Options {
  const { commandOptions } = options as { readonly commandOptions?: object }
  return { ...options, commandOptions: { ...UNTIMED, ...commandOptions } }
}

/** Replies of our scripts are ASCII words, for which strings are cheaper than Buffers. */
const optionsOf = ([command]: readonly Argument[]): typeof RAW | undefined => (command === 'EVAL' ? undefined : RAW)

/** Error replies for a temporary or configured refusal: the server is starting, failing over, full, or denies access. */
const REFUSAL =
  /^(LOADING|BUSY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|NOAUTH|NOPERM|WRONGPASS|UNKILLABLE|ERR max number)/

/** A replica's reply to a write. The server was the master before a failover. */
const DEMOTED = /^READONLY /

/** The package's error classes for error replies, as opposed to errors of the connection. */
const ERROR_REPLIES = ['SimpleError', 'BlobError', 'ErrorReply']

const isErrorReply = (error: unknown): error is Error =>
  error instanceof Error && ERROR_REPLIES.includes(error.constructor.name)

/** Error replies for a stored value, a command or a setting. Within a script, older servers put words in front of them. */
const MISTAKE =
  /WRONGTYPE|^NOPROTO |^ERR .*(?:not an integer|out of range|overflow|exceeds maximum|unknown command|DB index|SELECT|AUTH)/

function blame(error: unknown): 'caller' | 'refusal' | 'demoted' | 'outage' {
  // The error of an argument. Other TypeErrors are those of a client that was closed, or that cannot read a reply.
  if (error instanceof TypeError) return error.message.includes('must be of type') ? 'caller' : 'outage'
  if (!isErrorReply(error)) return 'outage'
  if (DEMOTED.test(error.message)) return 'demoted'
  if (REFUSAL.test(error.message)) return 'refusal'
  return MISTAKE.test(error.message) ? 'caller' : 'outage'
}

function urlOf(location: string, alias: string): URL {
  const url = URL.canParse(location) ? new URL(location) : undefined
  const isRedis = url !== undefined && ['redis:', 'rediss:', 'unix:'].includes(url.protocol)
  const parts = [url?.pathname, url?.username, url?.password]
  if (isRedis && parts.every((part = '') => unquoteUri(part) !== undefined)) return url
  // The location itself may have a password in it.
  throw new ImproperlyConfigured(
    `CACHES['${alias}'].LOCATION should be redis://host:port/0, rediss://… with TLS, or unix:///path/of/socket, found something else.`,
  )
}

/** A location without its password, for messages. */
export function shownLocation(location: string, alias: string): string {
  const { protocol, host, hostname, port, pathname } = urlOf(location, alias)
  if (protocol === 'unix:') return pathname
  return port === '' ? `${hostname}:6379` : host
}

/** The settings of a client for one server. The database number is the path of the URL, or `db`, as in Django. */
function serverSettings(location: string, { alias, timeout, options }: RedisOptions): Settings {
  const url = urlOf(location, alias)
  const { db, socket, ...rest } = options
  const database = Number(db ?? url.searchParams.get('db') ?? (url.protocol === 'unix:' ? 0 : url.pathname.slice(1)))
  if (!Number.isInteger(database) || database < 0) {
    throw new ImproperlyConfigured(`CACHES['${alias}'] should name the Redis database by a number, 0 or more.`)
  }
  const place =
    url.protocol === 'unix:'
      ? { path: unquoteUri(url.pathname) as string }
      : { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379), tls: url.protocol === 'rediss:' }
  return {
    ...(url.username && { username: unquoteUri(url.username) }),
    ...(url.password && { password: unquoteUri(url.password) }),
    database,
    // RESP2 works with older servers, too; nothing here needs RESP3.
    RESP: 2,
    disableClientInfo: true,
    ...untimed(rest),
    // ReconnectingClient opens another connection for the next operation.
    disableOfflineQueue: true,
    socket: { connectTimeout: timeout * 1000, ...place, ...(socket as object), reconnectStrategy: false },
  }
}

type Send = (key: string | undefined, isRead: boolean, args: readonly Argument[]) => Promise<unknown>

/**
 * Checks that each reply, or error reply, is one that its command can have. After one that is not, later replies may
 * belong to other commands, too, so the client is closed, and all pending commands fail.
 */
function checked(send: Send, close: () => void): RedisClient['send'] {
  let failure: Error | undefined
  const failed = (what: string): Error => {
    failure = new Error(`the ${what} is not one that Redis gives to this command`)
    close()
    return failure
  }
  const firstFailure = (): Error | undefined => failure
  return async (key, isRead, args, fits) => {
    if (failure !== undefined) throw failure
    const reply = await send(key, isRead, args).catch((error: unknown) => {
      const isUnexpected = failure === undefined && isErrorReply(error) && blame(error) === 'outage'
      if (isUnexpected) throw failed(`error reply ${formatValue(error.message.slice(0, 100))} to ${String(args[0])}`)
      throw failure ?? error
    })
    // Replies that the client read before it was closed still arrive, in order.
    const earlier = firstFailure()
    if (earlier !== undefined) throw earlier
    if (fits(reply)) return reply
    throw failed(`reply to ${String(args[0])}`)
  }
}

/** The errors that the package throws for invalid replies, and for replies without a command. */
const isProtocolError = (error: unknown): boolean =>
  error instanceof TypeError ||
  error instanceof RangeError ||
  (error instanceof Error && error.message.startsWith('Unknown RESP type'))

/** Closes a group of servers after a protocol error on one of its connections. The group recovers from other errors. */
function listenToNodes(client: unknown, lost: () => void): void {
  const emitter = client as NodeJS.EventEmitter
  emitter.on('node-error', (error: unknown) => isProtocolError(error) && lost())
  emitter.on('client-error', (event: { error: unknown }) => isProtocolError(event.error) && lost())
}

/** Listens to a client's errors. Without a listener, an error event would end the process. */
function listen(client: unknown, onLost: () => void): void {
  const emitter = client as NodeJS.EventEmitter
  emitter.on('error', onLost)
  emitter.on('end', onLost)
}

/** A single server. */
export function serverDialer(location: string, options: RedisOptions): Dialer<RedisClient> {
  const settings = serverSettings(location, options)
  return {
    prepare: () => options.client.load(),
    blame,
    close: (client) => client.destroy(),
    async open(lost, givenUp) {
      const client = options.client.module.createClient(mutableCopy(settings))
      listen(client, lost)
      const destroy = (): void => void (client.isOpen && client.destroy())
      givenUp.addEventListener('abort', destroy)
      await client.connect()
      const send = checked((_, __, args) => client.sendCommand(args, optionsOf(args)), lost)
      return {
        send,
        sendToAll: async (args) => void (await send(undefined, false, args, isOk)),
        destroy,
      }
    },
  }
}

/** The master of a Sentinel group; reads go to its replicas if `OPTIONS.sentinel` has a `replicaPoolSize`. */
export function sentinelDialer(sentinel: object, { client: redis }: RedisOptions): Dialer<RedisClient> {
  return {
    prepare: () => redis.load(),
    blame,
    healsItself: true,
    replacesSilent: true,
    close: (client) => client.destroy(),
    async open(lost, givenUp) {
      const client = redis.module.createSentinel(untimed(mutableCopy(sentinel) as Redis.RedisSentinelOptions))
      const destroy = (): void => void client.destroy().catch(() => undefined)
      givenUp.addEventListener('abort', destroy)
      listen(client, () => undefined)
      listenToNodes(client, lost)
      await client.connect()
      const send = checked((_, isRead, args) => client.sendCommand(isRead, [...args], optionsOf(args)), lost)
      return {
        send,
        sendToAll: async (args) => void (await send(undefined, false, args, isOk)),
        destroy,
      }
    },
  }
}

/** A Cluster, in which the key selects the server. */
export function clusterDialer(cluster: object, { client: redis }: RedisOptions): Dialer<RedisClient> {
  return {
    prepare: () => redis.load(),
    blame,
    healsItself: true,
    replacesSilent: true,
    close: (client) => client.destroy(),
    async open(lost, givenUp) {
      const client = redis.module.createCluster(untimed(mutableCopy(cluster) as Redis.RedisClusterOptions))
      const destroy = (): void => client.destroy()
      givenUp.addEventListener('abort', destroy)
      listen(client, () => undefined)
      listenToNodes(client, lost)
      await client.connect()
      return {
        send: checked((key, isRead, args) => client.sendCommand(key, isRead, [...args], optionsOf(args)), lost),
        async sendToAll(args) {
          const masters = client.masters.map(async (master) => {
            const node = await client.nodeClient(master)
            await checked(() => node.sendCommand([...args], UNTIMED), lost)(undefined, false, args, isOk)
          })
          await Promise.all(masters)
        },
        destroy,
      }
    },
  }
}
