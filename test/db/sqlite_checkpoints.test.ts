/** At a high rate of commits to SQLite, a worker thread waits for the disk instead of the commits. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import BetterSqlite3 from 'better-sqlite3'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { connection, connections, type DatabaseSettings } from '#core/db'
import { captureLogs } from '#core/utils'
import { requireFastPaths } from '../services.ts'
import { Checkpoints } from '../../core/db/fast/sqlite3_checkpoints.ts'

const ENGINE = 'core.db.backends.sqlite3'
const ROOT = path.join(import.meta.dirname, '..', '..')
const DRIVER = createRequire(import.meta.url).resolve('better-sqlite3')

/** Enough commits, fast enough. */
const MANY = 300

/** A row that nearly fills a page, so that the size of the database file shows how many are checkpointed. */
const TEXT = 'x'.repeat(4000)

describe('checkpoints of a SQLite database', () => {
  let folder = ''
  let file = ''

  before(function () {
    requireFastPaths(this)
    return setup()
  })
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-checkpoints-'))
    file = path.join(folder, 'db.sqlite3')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const using = (OPTIONS: DatabaseSettings['OPTIONS'], fn: () => Promise<void>) =>
    overrideSettings({ DATABASES: { default: { ENGINE, NAME: file, ...(OPTIONS && { OPTIONS }) } } }, fn)

  const autocheckpoint = async (): Promise<unknown> => {
    const [row] = (await connection.raw('PRAGMA wal_autocheckpoint')) as Record<string, unknown>[]
    return Object.values(row ?? {})[0]
  }

  async function commit(times: number): Promise<void> {
    await connection.raw('CREATE TABLE IF NOT EXISTS strings (text)')
    const { backend, pool } = connections.database()
    for (let n = 0; n < times; n++) {
      await backend.transactionSync?.(pool, (statements) => statements.run('INSERT INTO strings VALUES (?)', [TEXT]))
    }
  }

  /** The approximate number of rows in the database file, without those that are only in its log. */
  const carriedOver = (): number => Math.floor(statSync(file).size / TEXT.length)

  /** Ended by mocha's timeout. */
  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) await nextTurn()
  }

  /** Commits at full speed until the rate counts as high, because the machine may be busy. */
  const commitFast = (limit: number) =>
    until(async () => {
      await commit(MANY)
      return (await autocheckpoint()) === limit
    })

  it('are made by a thread at a high rate of commits, which then checkpoint less often', () =>
    using(undefined, async () => {
      await commitFast(10_000)
      await until(() => carriedOver() >= 100)
    }))

  it('stay with the thread at a lower rate, once it runs', () =>
    using(undefined, async () => {
      await commitFast(10_000)
      await until(() => carriedOver() >= 100)
      const before = carriedOver()
      let commits = 0
      while (carriedOver() === before) {
        await commit(1)
        commits++
        await nextTurn()
      }
      // Long before the log is full, at ten thousand pages.
      expect(commits).to.be.below(1000)
    }))

  it('are left to the commits at a low rate', () =>
    using(undefined, async () => {
      await commit(90)
      expect(await autocheckpoint()).to.equal(1000)
    }))

  it('are ten times as rare as OPTIONS say', () =>
    using({ init_command: 'PRAGMA wal_autocheckpoint = 50' }, () => commitFast(500)))

  it('are disabled if OPTIONS disable them', () =>
    using({ init_command: 'PRAGMA wal_autocheckpoint = 0' }, async () => {
      await commit(MANY)
      expect(await autocheckpoint()).to.equal(0)
    }))

  it('start no thread if they are disabled', () => {
    const database = new BetterSqlite3(file)
    database.pragma('wal_autocheckpoint = 0')
    const checkpoints = new Checkpoints(database, () => expect.fail('No thread is needed.'))
    for (let i = 0; i < MANY; i++) checkpoints.noteCommit()
    expect(database.pragma('wal_autocheckpoint', { simple: true })).to.equal(0)
    database.close()
  })

  it('release everything when the database is closed', () =>
    using(undefined, async () => {
      await commit(MANY)
      await connections.close()
      expect(existsSync(`${file}-wal`)).to.equal(false)
      const database = new BetterSqlite3(file)
      expect(database.prepare('SELECT count(*) FROM strings').pluck().get()).to.equal(MANY)
      database.close()
    }))

  it('are left to the commits again when the thread fails', async () => {
    const database = new BetterSqlite3(file)
    const messages: string[] = []
    const release = captureLogs(({ message }) => messages.push(message))
    try {
      const checkpoints = new Checkpoints(database, () => path.join(folder, 'no-driver'))
      const pages = () => database.pragma('wal_autocheckpoint', { simple: true })
      for (let i = 0; i < MANY; i++) checkpoints.noteCommit()
      expect(pages()).to.equal(10_000)
      await until(() => pages() === 1000)
      for (let i = 0; i < MANY; i++) checkpoints.noteCommit()
      expect(pages()).to.equal(1000)
      expect(messages).to.have.length(1)
      expect(messages[0]).to.match(
        /^The thread for checkpoints of the database failed, commits run them: Cannot find module /,
      )
      await checkpoints.close()
    } finally {
      release()
      database.close()
    }
  })

  it('do not keep the process alive', () => {
    const program = `
      import BetterSqlite3 from 'better-sqlite3'
      import { Checkpoints } from './core/db/fast/sqlite3_checkpoints.ts'
      const database = new BetterSqlite3(${JSON.stringify(file)})
      const checkpoints = new Checkpoints(database, () => ${JSON.stringify(DRIVER)})
      for (let i = 0; i < ${MANY}; i++) checkpoints.noteCommit()
      setTimeout(() => console.log(database.pragma('wal_autocheckpoint', { simple: true })), 1)`
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    expect({ stdout, stderr, status }).to.deep.equal({ stdout: '10000\n', stderr: '', status: 0 })
  }).timeout(20_000)
})
