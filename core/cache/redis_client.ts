/** The clients of a Redis cache: one server by its URL, a Sentinel group, or a Cluster, behind the one thing they share. */
import type * as Redis from '@redis/client'
import { ImproperlyConfigured } from '#core/exceptions'
import { unquoteUri } from '#core/web'
import type { Dialer } from './reconnecting_client.ts'
import type { LazyPackage } from './packages.ts'
import { type Argument, isOk } from './redis_commands.ts'

/** Sends one command. What is sent in the same turn of the event loop travels together. */
export interface RedisClient {
  /**
   * @param key by which a Cluster finds the server; undefined where there is none
   * @param fits whether a reply has the shape of this command's replies; one that does not closes the client
   * @returns the reply, with texts in it as bytes
   */
  send<Reply>(
    key: string | undefined,
    isRead: boolean,
    args: readonly Argument[],
    fits: (reply: unknown) => reply is Reply,
  ): Promise<Reply>
  /** Sends a command to every server that may be written to. */
  sendToAll(args: readonly string[]): Promise<void>
  destroy(): void
}

export interface RedisOptions {
  readonly alias: string
  readonly client: LazyPackage<typeof Redis>
  /** Seconds that connecting may take. */
  readonly timeout: number
  /** OPTIONS of the entry that are the client's. */
  readonly options: Readonly<Record<string, unknown>>
}

type Settings = Record<string, unknown>

/** The client would take bytes for UTF-8 otherwise. 36 is what the protocol's texts begin with, a dollar sign. */
const RAW = { typeMapping: { 36: Buffer } }

/**
 * The client would make a signal and a timer for each command, and keep them for five seconds, with the command in them.
 * The link has one deadline for all.
 */
const UNTIMED = { timeout: 0 }

function untimed<Options extends object>(options: Options): Options {
  const { commandOptions } = options as { readonly commandOptions?: object }
  return { ...options, commandOptions: { ...UNTIMED, ...commandOptions } }
}

/** A script answers with words of ours, for which bytes would only cost time. */
const optionsOf = ([command]: readonly Argument[]): typeof RAW | undefined => (command === 'EVAL' ? undefined : RAW)

/** Answers that say "not now": the server starts, ends, fails over, is full or does not know us. */
const REFUSAL =
  /^(LOADING|BUSY|READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|NOAUTH|NOPERM|WRONGPASS|UNKILLABLE|ERR max number)/

/** What the package calls the error replies of a server, in contrast to errors on the way to it. */
const REPLIES = ['SimpleError', 'BlobError', 'ErrorReply']

function blame(error: unknown): 'caller' | 'refusal' | 'outage' {
  if (error instanceof TypeError) return 'caller'
  if (!(error instanceof Error) || !REPLIES.includes(error.constructor.name)) return 'outage'
  return REFUSAL.test(error.message) ? 'refusal' : 'caller'
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

/** What a message may say of a location: no password. */
export function shownLocation(location: string, alias: string): string {
  const { protocol, host, hostname, port, pathname } = urlOf(location, alias)
  if (protocol === 'unix:') return pathname
  return port === '' ? `${hostname}:6379` : host
}

/** The settings of a client for one server. The database's number is the URL's path, or `db`, as in Django. */
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
    // The second version of the protocol serves older servers, too; nothing here needs the third.
    RESP: 2,
    disableClientInfo: true,
    ...untimed(rest),
    // What is lost is opened anew by the link, at the next operation.
    disableOfflineQueue: true,
    socket: { connectTimeout: timeout * 1000, ...place, ...(socket as object), reconnectStrategy: false },
  }
}

type Send = (key: string | undefined, isRead: boolean, args: readonly Argument[]) => Promise<unknown>

/**
 * Compares each reply with its command. After one that does not fit, later replies may belong to other commands, too:
 * the client is closed, and they all fail.
 */
function checked(send: Send, close: () => void): RedisClient['send'] {
  let failure: Error | undefined
  return async (key, isRead, args, fits) => {
    const reply = await send(key, isRead, args)
    // Replies arrive in order, also those that the client has read before it was closed.
    if (failure !== undefined) throw failure
    if (fits(reply)) return reply
    failure = new Error(`the reply to ${String(args[0])} is not one that Redis gives to this command`)
    close()
    throw failure
  }
}

/** What the package throws for bytes that are no reply, and for a reply without a command. */
const isProtocolError = (error: unknown): boolean =>
  error instanceof TypeError ||
  error instanceof RangeError ||
  (error instanceof Error && error.message.startsWith('Unknown RESP type'))

/** Closes a group of servers when one of its connections is out of step; the group heals other errors by itself. */
function listenToNodes(client: unknown, lost: () => void): void {
  const emitter = client as NodeJS.EventEmitter
  emitter.on('node-error', (error: unknown) => isProtocolError(error) && lost())
  emitter.on('client-error', (event: { error: unknown }) => isProtocolError(event.error) && lost())
}

/** Hears what a client has to say of its troubles: unheard, an error event would end the process. */
function listen(client: unknown, heard: () => void): void {
  const emitter = client as NodeJS.EventEmitter
  emitter.on('error', heard)
  emitter.on('end', heard)
}

/** One server. */
export function serverDialer(location: string, options: RedisOptions): Dialer<RedisClient> {
  const settings = serverSettings(location, options)
  return {
    prepare: () => options.client.load(),
    blame,
    close: (client) => client.destroy(),
    async open(lost, givenUp) {
      const client = options.client.module.createClient(settings)
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

/** The master of a Sentinel group, and its replicas for reading where `OPTIONS.sentinel` has a `replicaPoolSize`. */
export function sentinelDialer(sentinel: object, { client: redis }: RedisOptions): Dialer<RedisClient> {
  return {
    prepare: () => redis.load(),
    blame,
    healsItself: true,
    close: (client) => client.destroy(),
    async open(lost, givenUp) {
      const client = redis.module.createSentinel(untimed(sentinel as Redis.RedisSentinelOptions))
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

/** A Cluster: each key has its server. */
export function clusterDialer(cluster: object, { client: redis }: RedisOptions): Dialer<RedisClient> {
  return {
    prepare: () => redis.load(),
    blame,
    healsItself: true,
    close: (client) => client.destroy(),
    async open(lost, givenUp) {
      const client = redis.module.createCluster(untimed(cluster as Redis.RedisClusterOptions))
      const destroy = (): void => client.destroy()
      givenUp.addEventListener('abort', destroy)
      listen(client, () => undefined)
      listenToNodes(client, lost)
      await client.connect()
      return {
        send: checked((key, isRead, args) => client.sendCommand(key, isRead, [...args], optionsOf(args)), lost),
        async sendToAll(args) {
          const masters = client.masters.map(async (master) =>
            (await client.nodeClient(master)).sendCommand([...args], UNTIMED),
          )
          await Promise.all(masters)
        },
        destroy,
      }
    },
  }
}
