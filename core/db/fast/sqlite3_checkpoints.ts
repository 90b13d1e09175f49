/**
 * Carries SQLite's write-ahead log over into the database in a thread of its own, where commits come fast. By itself,
 * SQLite has the commit that fills the log do it, and everybody waits while that one waits for the disk.
 * https://sqlite.org/wal.html#checkpointing
 */
import { Worker } from 'node:worker_threads'
import type BetterSqlite3 from 'better-sqlite3'
import { getLogger } from '#core/utils'

/** Commits from one pass to the next: about as many pages as SQLite lets a log have. */
const COMMITS = 100

/** So many commits within so many milliseconds are worth a thread. */
const BUSY_MS = 1000

/** How many times as long as without the thread the log may grow before a commit has to see to it after all. */
const ROOM = 10

const logger = getLogger('django.db.backends')

/** What the thread is told of the database. */
interface Work {
  readonly file: string
  /** The driver that the connection has: a second SQLite in one process would not see its locks. */
  readonly driver: string
}

/**
 * Passes over the log when it is told to, without holding up a writer. JavaScript as text, so that the thread need not
 * load what makes this process read TypeScript.
 */
const THREAD = `
const { parentPort, workerData: { driver, file } } = require('node:worker_threads')
const connection = new (require(driver))(file, { fileMustExist: true })
parentPort.on('message', () => {
  connection.pragma('wal_checkpoint(PASSIVE)')
  parentPort.postMessage('passed')
})`

/** The checkpoints of one connection. */
export class Checkpoints {
  readonly #connection: BetterSqlite3.Database
  readonly #driver: () => string
  #thread: Worker | undefined
  #isPassing = false
  #commits = 0
  #countedFrom = 0

  /** @param driver finds the file of the connection's driver, which is asked for when there is a thread to start */
  constructor(connection: BetterSqlite3.Database, driver: () => string) {
    this.#connection = connection
    this.#driver = driver
  }

  /** To be called after each commit. */
  noteCommit(): void {
    if (++this.#commits < COMMITS || this.#isPassing) return
    const now = performance.now()
    const isBusy = now - this.#countedFrom < BUSY_MS
    this.#countedFrom = now
    this.#commits = 0
    if (isBusy || this.#thread !== undefined) this.#pass()
  }

  #pass(): void {
    this.#isPassing = true
    this.#thread ??= this.#start()
    // Passing for good where OPTIONS want no checkpoints.
    if (this.#thread === undefined) return
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    this.#thread.postMessage('pass')
  }

  #start(): Worker | undefined {
    const pages = this.#connection.pragma('wal_autocheckpoint', { simple: true }) as number
    if (pages === 0) return undefined
    this.#connection.pragma(`wal_autocheckpoint = ${pages * ROOM}`)
    const work: Work = { file: this.#connection.name, driver: this.#driver() }
    const thread = new Worker(THREAD, { eval: true, execArgv: [], workerData: work })
    thread.on('message', () => (this.#isPassing = false))
    thread.on('error', (error) => {
      logger.warning(`Checkpoints of the database are left to its commits: ${error.message}`)
      // Passing for good: no other thread is tried.
      if (this.#connection.open) this.#connection.pragma(`wal_autocheckpoint = ${pages}`)
    })
    // To listen is to hold: this comes last.
    thread.unref()
    return thread
  }

  /** Resolves when the thread has let go of the database. */
  async close(): Promise<void> {
    this.#isPassing = true
    await this.#thread?.terminate()
  }
}
