/** Where commits to SQLite come fast, a thread of its own waits for the disk, and not the commits. */
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

/** Enough of them, fast enough. */
const MANY = 300

/** A row of its own page, or nearly: the database's file tells by its size how much has been carried over. */
const TEXT = 'x'.repeat(4000)

describe('the checkpoints of a SQLite database', () => {
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
    await connection.raw('CREATE TABLE IF NOT EXISTS texts (text)')
    const { backend, pool } = connections.database()
    for (let n = 0; n < times; n++) {
      await backend.transactionSync?.(pool, (statements) => statements.run('INSERT INTO texts VALUES (?)', [TEXT]))
    }
  }

  /** Rows, about, in the database's own file: without those that are still in its log. */
  const carriedOver = (): number => Math.floor(statSync(file).size / TEXT.length)

  /** mocha's limit ends it. */
  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) await nextTurn()
  }

  /** Commits as fast as can be, until that is found to be fast: a machine may be busy with something else. */
  const commitFast = (limit: number) =>
    until(async () => {
      await commit(MANY)
      return (await autocheckpoint()) === limit
    })

  it('are made beside commits that come fast, which may leave more to them', () =>
    using(undefined, async () => {
      await commitFast(10_000)
      await until(() => carriedOver() >= 100)
    }))

  it('go on beside slower ones, once there is a thread', () =>
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
      // Long before the log would be full, which is at ten thousand.
      expect(commits).to.be.below(1000)
    }))

  it('are left to the commits where there are few', () =>
    using(undefined, async () => {
      await commit(90)
      expect(await autocheckpoint()).to.equal(1000)
    }))

  it('are ten times as rare as OPTIONS say', () =>
    using({ init_command: 'PRAGMA wal_autocheckpoint = 50' }, () => commitFast(500)))

  it('are none where OPTIONS want none', () =>
    using({ init_command: 'PRAGMA wal_autocheckpoint = 0' }, async () => {
      await commit(MANY)
      expect(await autocheckpoint()).to.equal(0)
    }))

  it('start no thread where there are to be none', () => {
    const database = new BetterSqlite3(file)
    database.pragma('wal_autocheckpoint = 0')
    const checkpoints = new Checkpoints(database, () => expect.fail('No thread is needed.'))
    for (let i = 0; i < MANY; i++) checkpoints.noteCommit()
    expect(database.pragma('wal_autocheckpoint', { simple: true })).to.equal(0)
    database.close()
  })

  it('hold nothing any more when the database is closed', () =>
    using(undefined, async () => {
      await commit(MANY)
      await connections.close()
      expect(existsSync(`${file}-wal`)).to.equal(false)
      const database = new BetterSqlite3(file)
      expect(database.prepare('SELECT count(*) FROM texts').pluck().get()).to.equal(MANY)
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

  it('keep no process alive', () => {
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
