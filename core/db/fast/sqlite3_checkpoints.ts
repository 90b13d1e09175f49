/**
 * Runs the checkpoints of SQLite's write-ahead log in a separate thread if there are many commits. By default, SQLite runs
 * a checkpoint in the commit that fills the log, and all requests of the process wait while that commit waits for the disk.
 * https://sqlite.org/wal.html#checkpointing
 */
import { Worker } from 'node:worker_threads'
import type BetterSqlite3 from 'better-sqlite3'
import { getLogger } from '#core/utils'

/** Number of commits between two checkpoints: these write about as many pages as the log holds by default. */
const COMMITS = 100

/** The thread is started if COMMITS are made within this time. */
const BUSY_MS = 1000

/** By what factor the log may grow, compared to the default, before a commit runs a checkpoint after all. */
const LOG_FACTOR = 10

const logger = getLogger('django.db.backends')

interface ThreadData {
  /** The file of the database. */
  readonly file: string
  /** The file of the driver that the connection uses: a second SQLite library in a process would not see its locks. */
  readonly driver: string
}

/**
 * Runs a checkpoint for each message, without blocking writers. It is a string of JavaScript, so that the thread does not
 * have to load the TypeScript loader of the process.
 */
const THREAD = `
const { parentPort, workerData: { driver, file } } = require('node:worker_threads')
const connection = new (require(driver))(file, { fileMustExist: true })
parentPort.on('message', () => {
  connection.pragma('wal_checkpoint(PASSIVE)')
  parentPort.postMessage('done')
})`

/** The checkpoints of one connection. */
export class Checkpoints {
  readonly #connection: BetterSqlite3.Database
  readonly #driver: () => string
  #thread: Worker | undefined
  #isRunning = false
  #commits = 0
  #countedFrom = 0

  /** @param driver returns the file of the connection's driver. Called when the thread is started. */
  constructor(connection: BetterSqlite3.Database, driver: () => string) {
    this.#connection = connection
    this.#driver = driver
  }

  /** To be called after each commit. */
  noteCommit(): void {
    if (++this.#commits < COMMITS || this.#isRunning) return
    const now = performance.now()
    const isBusy = now - this.#countedFrom < BUSY_MS
    this.#countedFrom = now
    this.#commits = 0
    if (isBusy || this.#thread !== undefined) this.#run()
  }

  #run(): void {
    this.#isRunning = true
    this.#thread ??= this.#start()
    // OPTIONS have turned checkpoints off: `#isRunning` stays true, so that no further one is started.
    if (this.#thread === undefined) return
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    this.#thread.postMessage('checkpoint')
  }

  #start(): Worker | undefined {
    const pages = this.#connection.pragma('wal_autocheckpoint', { simple: true }) as number
    if (pages === 0) return undefined
    this.#connection.pragma(`wal_autocheckpoint = ${pages * LOG_FACTOR}`)
    const workerData: ThreadData = { file: this.#connection.name, driver: this.#driver() }
    const thread = new Worker(THREAD, { eval: true, execArgv: [], workerData })
    thread.on('message', () => (this.#isRunning = false))
    thread.on('error', (error) => {
      logger.warning(`The thread for checkpoints of the database failed, commits run them: ${error.message}`)
      // `#isRunning` stays true, so that no other thread is started.
      if (this.#connection.open) this.#connection.pragma(`wal_autocheckpoint = ${pages}`)
    })
    // After the listeners, because adding them keeps the process alive.
    thread.unref()
    return thread
  }

  /** Stops the thread. Resolves when it has closed the database. */
  async close(): Promise<void> {
    this.#isRunning = true
    await this.#thread?.terminate()
  }
}
