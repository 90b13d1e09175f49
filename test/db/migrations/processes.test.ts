/** Several processes may migrate a database concurrently: every migration is run once, and no process fails. */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, projectRoot } from '#core/conf'
import { connection } from '#core/db'
import { databases, onEachDatabase, type TestDatabase } from '../../services.ts'
import { creating, projectWith } from './project.ts'

const all = await databases('processes')

/** Slow enough that the other processes start during it. */
const slow = `
export const dependencies = [['polls', '0001_first']]
export async function up(db) {
  await db.schema.createTable('polls_slow', (t) => { t.integer('id') })
  await new Promise((resolve) => setTimeout(resolve, 300))
  await db.knex('polls_slow').insert({ id: 1 })
}`

class Migrating {
  readonly #process: ChildProcess
  #text = ''
  #changed = (): void => {}

  constructor({ config }: TestDatabase, folder: string) {
    const file = path.join(import.meta.dirname, 'migrating_process.ts')
    this.#process = spawn(process.execPath, ['--import', 'tsx', file, JSON.stringify(config), folder], {
      cwd: projectRoot(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#text += text.toString()
        this.#changed()
      })
    }
    this.#process.on('exit', () => this.#changed())
  }

  /** Waits for a line of the process; returns its whole output if the process ends without it. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#text)?.[0]
      if (found !== undefined) return found
      if (this.#process.exitCode !== null) return this.#text
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
  }

  begin(): void {
    this.#process.stdin?.end('go\n')
  }
}

describe('migrating from several processes', function () {
  this.timeout(40_000)
  before(() => setup())

  onEachDatabase(all, (database) => {
    it('runs every migration once', async () => {
      const project = projectWith({
        polls: {
          '0001_first': creating('polls_first'),
          '0002_slow': slow,
          '0003_third': creating('polls_third', [['polls', '0002_slow']]),
        },
      })
      try {
        const processes = [1, 2, 3].map(() => new Migrating(database, path.join(project.folder, 'apps', 'polls')))
        for (const each of processes) expect(await each.line(/ready/)).to.equal('ready')
        for (const each of processes) each.begin()
        const taken = await Promise.all(processes.map((each) => each.line(/taken \d/)))
        expect(taken.toSorted().join()).to.match(/^taken \d,taken \d,taken \d$/)
        expect(taken.map((line) => Number(line.slice(-1))).reduce((a, b) => a + b)).to.equal(3)
      } finally {
        project.remove()
      }
      await overrideSettings({ DATABASES: { default: database.config } }, async () => {
        expect(await connection('django_migrations').orderBy('id').pluck('name')).to.deep.equal([
          '0001_first',
          '0002_slow',
          '0003_third',
        ])
        expect(await connection('polls_slow').pluck('id')).to.deep.equal([1])
      })
    })
  })
})
