/**
 * Closes connections to a database server that do not answer. Without this, a statement whose packets were lost would hold
 * its connection for as long as the operating system does not notice, which can be forever.
 */
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Knex } from 'knex'
import { codeOf, type DatabaseBackend, type Dialect } from './backend.ts'

type Callback = (error: Error | null, result?: unknown) => void

/** A connection of pg or mysql2. */
interface Connection extends EventEmitter {
  /** mysql2's. */
  readonly stream?: Socket
  readonly threadId?: number
  /** pg's. */
  readonly connection?: { readonly stream: Socket; attachListeners(stream: Socket): void }
  readonly processID?: number | null
  connect(done?: Callback): unknown
  query(...parameters: unknown[]): unknown
  end(done?: Callback): unknown
}

type Create = (config: unknown) => Connection

/** pg or mysql2. */
interface Driver {
  readonly Client?: new (config: unknown) => Connection
  readonly createConnection?: Create
}

const socketOf = ({ connection, stream }: Connection): Socket | undefined => connection?.stream ?? stream

/** What knex passes to a driver. */
interface QueryOptions {
  /** The longest time to wait for the answer, in milliseconds. */
  readonly responseTimeout?: number
}

/** Milliseconds after which an unanswered statement is looked into, doubled each time. */
const FIRST_CHECK = 1000

/** How long the server may take to answer on a new connection, in milliseconds. */
const CHECK_TIMEOUT = 1500

/** How long the goodbye to the server may take, in milliseconds. */
const END_TIMEOUT = 1000

/** How often unanswered statements are examined, in milliseconds. */
const INTERVAL = 100

/** The connection was closed here. Whether the server executed the statement is unknown. */
class Unanswered extends Error {
  readonly code = 'ETIMEDOUT'

  constructor(ms: number) {
    super(`The database did not answer within ${Math.round(ms / 100) / 10} seconds.`)
  }
}

/** Nothing was sent. */
class ClosedConnection extends Error {
  readonly code = 'ECONNRESET'

  constructor() {
    super('The connection was closed, because the database did not answer.')
  }
}

/** The connection was closed here, because its next answers could not be matched to statements any more. */
class UnreadableAnswer extends Error {
  readonly code = 'ECONNRESET'

  constructor(cause: unknown) {
    super('The database sent an answer that cannot be read.', { cause })
  }
}

/** A statement that was sent. Times are in milliseconds of performance.now(). */
interface Unfinished {
  readonly connection: Connection
  readonly sentAt: number
  readonly due: number
  readonly giveUp: (error: Error) => void
  nextCheck: number
}

/** The connections of one pool. */
export class SilentConnections {
  readonly #backend: DatabaseBackend
  readonly #timeout: number
  readonly #open = new Set<Connection>()
  readonly #unfinished = new Set<Unfinished>()
  readonly #abandoned = new WeakSet<Connection>()
  #timer: NodeJS.Timeout | undefined
  #answeredAt = Number.NEGATIVE_INFINITY
  #isChecking = false
  /** Opens a connection outside of the pool. */
  #connect: (() => Connection) | undefined

  /** @param timeout the longest time of a statement that has no timeout of its own, in milliseconds */
  constructor(backend: DatabaseBackend, timeout = Number.POSITIVE_INFINITY) {
    this.#backend = backend
    this.#timeout = timeout
  }

  /** A dialect whose connections are watched. */
  watched(dialect: Dialect): Dialect {
    const watch = (driver: Driver): Driver => this.#watchedDriver(driver)
    const Base = dialect as unknown as new (config: Knex.Config) => { driver: Driver; initializeDriver(): void }

    class Watched extends Base {
      override initializeDriver(): void {
        super.initializeDriver()
        this.driver = watch(this.driver)
      }
    }
    return Watched as unknown as Dialect
  }

  #watchedDriver({ Client, createConnection, ...others }: Driver): Driver {
    const watched =
      (create: Create): Create =>
      (config) => {
        this.#connect ??= () => create(config)
        return this.#watch(create(config))
      }
    if (createConnection !== undefined) return { ...others, createConnection: watched(createConnection) }
    if (Client === undefined) return others
    const create = watched((config) => new Client(config))
    const Watched = function WatchedClient(config: unknown) {
      return create(config)
    }
    return { ...others, Client: Watched as unknown as NonNullable<Driver['Client']> }
  }

  /** Lets the methods of a connection, which knex calls, take note of what is unanswered. */
  #watch(connection: Connection): Connection {
    const query = connection.query.bind(connection)
    const open = connection.connect.bind(connection)
    const end = connection.end.bind(connection)
    guardReading(connection)
    this.#open.add(connection)
    connection.once('end', () => this.#open.delete(connection))
    // Without a callback, pg returns a promise.
    connection.connect = (done?: Callback) =>
      done === undefined ? open() : open((error, result) => done(error && namedLoss(error), result))
    connection.query = (...parameters) => {
      const done = parameters.at(-1)
      // A stream, whose reader may take its time.
      if (typeof done !== 'function') return query(...parameters)
      const sent = this.#sent(connection, parameters[0] as QueryOptions, done as Callback)
      return sent && query(...parameters.slice(0, -1), sent)
    }
    connection.end = (done) => {
      const timer = setTimeout(() => abandon(connection), END_TIMEOUT)
      return end((error) => {
        clearTimeout(timer)
        this.#open.delete(connection)
        done?.(error)
      })
    }
    return connection
  }

  /** The callback of a statement; undefined if it cannot be sent any more. */
  #sent(
    connection: Connection,
    { responseTimeout = this.#timeout }: QueryOptions,
    done: Callback,
  ): Callback | undefined {
    if (this.#abandoned.has(connection)) {
      setImmediate(done, new ClosedConnection())
      return undefined
    }
    const sentAt = performance.now()
    const sent: Unfinished = {
      connection,
      sentAt,
      due: sentAt + responseTimeout,
      giveUp: done,
      nextCheck: sentAt + FIRST_CHECK,
    }
    this.#unfinished.add(sent)
    this.#timer ??= this.#later()
    return (error, result) => {
      if (!this.#unfinished.delete(sent)) return
      this.#answeredAt = performance.now()
      if (error && this.#backend.isReadOnly?.(error) === true) this.#settle(connection, () => done(error))
      else if (error) done(namedLoss(error))
      else this.#pass(connection, done, result)
    }
  }

  /** An answer without what knex needs is not one to its statement. */
  #pass(connection: Connection, done: Callback, result: unknown): void {
    try {
      done(null, result)
    } catch (cause) {
      this.#settle(connection, () => done(new UnreadableAnswer(cause)))
    }
  }

  /** If the process was busy for long, answers may have arrived. They are read before setImmediate() calls back. */
  #later(): NodeJS.Timeout {
    return setTimeout(() => setImmediate(() => this.#examine()), INTERVAL).unref()
  }

  #examine(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const each of this.#unfinished) if (each.due <= now) this.#end(each)
    if (this.#unfinished.size === 0) return
    this.#timer = this.#later()
    const silent = [...this.#unfinished].filter(({ nextCheck }) => nextCheck <= now)
    if (silent.length === 0 || this.#isChecking) return
    for (const each of silent) each.nextCheck = now + (now - each.sentAt)
    this.#isChecking = true
    void this.#check(silent).finally(() => (this.#isChecking = false))
  }

  /** Gives up a statement that takes too long, here and on the server. */
  #end(sent: Unfinished): void {
    this.#giveUp(sent)
    const id = sent.connection.threadId
    // The server might execute it later, when a row is no longer locked.
    if (id !== undefined && this.#backend.killSql !== undefined) void this.#ask(this.#backend.killSql(id))
  }

  #giveUp(sent: Unfinished): void {
    const error = new Unanswered(performance.now() - sent.sentAt)
    this.#unfinished.delete(sent)
    this.#settle(sent.connection, () => sent.giveUp(error))
  }

  /** Closes a connection, and then calls `done`: when the pool gets the connection back, it must know that it is closed. */
  #settle(connection: Connection, done: () => void): void {
    const socket = socketOf(connection)
    if (socket === undefined || socket.destroyed) setImmediate(done)
    else socket.once('close', () => setImmediate(done))
    this.#close(connection)
  }

  #close(connection: Connection): void {
    this.#abandoned.add(connection)
    this.#open.delete(connection)
    abandon(connection)
  }

  /**
   * Asks the server, on a new connection, which connections it does nothing for. A statement that was sent on one of these
   * is lost, or its answer is. If the server does not answer at all, all of them are lost.
   */
  async #check(silent: readonly Unfinished[]): Promise<void> {
    const began = performance.now()
    const received = silent.map(({ connection }) => socketOf(connection)?.bytesRead)
    const idle = await this.#idleConnections()
    const isReachable = idle !== undefined || this.#answeredAt >= began
    for (const [i, each] of silent.entries()) {
      const isUnchanged = this.#unfinished.has(each) && socketOf(each.connection)?.bytesRead === received[i]
      const id = Number(each.connection.processID ?? each.connection.threadId)
      if (isUnchanged && (!isReachable || idle?.has(id) === true)) this.#giveUp(each)
    }
    if (isReachable) return
    // The next statements use new connections. On these, they might have to wait just as long.
    const busy = new Set([...this.#unfinished].map(({ connection }) => connection))
    for (const each of this.#open) if (!busy.has(each)) this.#close(each)
  }

  /** The numbers of the connections that the server does nothing for; undefined if it does not answer in time. */
  async #idleConnections(): Promise<ReadonlySet<number> | undefined> {
    const { idleConnectionsSql = 'select 0 as id' } = this.#backend
    const answer = await this.#ask(idleConnectionsSql)
    if (answer === 'none') return undefined
    return new Set(answer instanceof Error ? [] : idsIn(answer))
  }

  /** Runs a statement on a connection outside of the pool. @returns the driver's result or error; `none` for no answer */
  #ask(sql: string): Promise<unknown> {
    const connection = this.#connect?.()
    if (connection === undefined) return Promise.resolve(new ClosedConnection())
    return new Promise((resolve) => {
      setTimeout(() => setImmediate(resolve, 'none'), CHECK_TIMEOUT).unref()
      connection.on('error', resolve)
      connection.connect((error) => error && resolve(error))
      connection.query(sql, (error: Error | null, result: unknown) => resolve(error ?? result))
    }).finally(() => abandon(connection))
  }

  /** Closes all connections at once. Their statements fail. */
  abandonAll(): void {
    clearTimeout(this.#timer)
    for (const sent of this.#unfinished) this.#giveUp(sent)
    for (const connection of this.#open) this.#close(connection)
  }
}

/** What pg's parser throws would end the process. Instead, it closes the connection, whose statements fail. */
function guardReading({ connection }: Connection): void {
  if (connection === undefined) return
  const attach = connection.attachListeners.bind(connection)
  connection.attachListeners = (stream) => {
    attach(stream)
    for (const read of stream.listeners('data') as ((bytes: Buffer) => void)[]) {
      stream.off('data', read).on('data', (bytes: Buffer) => {
        try {
          read(bytes)
        } catch (cause) {
          stream.destroy(new UnreadableAnswer(cause))
        }
      })
    }
  }
}

/**
 * Errors of a server have a code. An error of a driver without one, such as "Connection terminated", means that the outcome
 * is unknown. It gets a code, because knex changes its message. What JavaScript throws is the caller's mistake, unless it
 * ended the connection.
 */
function namedLoss(error: Error): Error {
  const isThrown = error instanceof TypeError || error instanceof RangeError
  if (isThrown && (error as { fatal?: unknown }).fatal === true) return new UnreadableAnswer(error)
  const isNamed = codeOf(error) !== '' || isThrown
  return isNamed ? error : Object.assign(error, { code: 'ECONNRESET' })
}

/** Closes a connection without a goodbye to its server, which may not hear it. */
function abandon(connection: Connection): void {
  socketOf(connection)?.destroy()
}

/** The column `id` of a driver's result. */
function idsIn(result: unknown): number[] {
  const rows = (Array.isArray(result) ? result : (result as { rows: unknown }).rows) as readonly { id: unknown }[]
  return rows.map(({ id }) => Number(id))
}
