/** Frequent statements are prepared if the engine can, and work through poolers that do not support it. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { connection, connections, type DatabaseSettings, runStatement } from '#core/db'
import { captureLogs } from '#core/utils'
import { databases, onEachDatabase, requireFastPaths } from '../services.ts'

/** The engines that prepare by name. */
const all = (await databases('prepared')).filter(({ vendor }) => vendor === 'postgresql')

const SQL = 'select id, name from things where id = any($1)'

interface Found {
  readonly rows: readonly { readonly id: number; readonly name: string }[]
}

const run = async (...ids: number[]): Promise<string[]> =>
  ((await runStatement(connections.database(), SQL, [ids])) as Found).rows.map(({ name }) => name)

/** The names of the statements that the connection has prepared. */
const prepared = (): Promise<string[]> => connection('pg_prepared_statements').orderBy('name').pluck('name')

async function runs(count: number): Promise<void> {
  for (let i = 0; i < count; i++) expect(await run(1)).to.deep.equal(['one'])
}

describe('frequent statements', () => {
  before(function () {
    requireFastPaths(this)
    return setup()
  })
  afterEach(() => connections.close())

  onEachDatabase(all, ({ config }) => {
    /** One connection, with a table of one row. */
    const using = (options: object, body: () => Promise<void>) => () =>
      overrideSettings({ DATABASES: { default: entry(options) } }, async () => {
        await connection.schema.dropTableIfExists('things')
        await connection.schema.createTable('things', (table) => {
          table.integer('id').primary()
          table.string('name', 20)
        })
        await connection('things').insert({ id: 1, name: 'one' })
        await body()
      })

    const entry = (options: object): DatabaseSettings => ({
      ...config,
      OPTIONS: { pool: { max_size: 1 }, ...options },
    })

    it(
      'are prepared after a thousand runs, each with its own name',
      using({}, async () => {
        await runs(1000)
        expect(await prepared()).to.deep.equal([])
        await runs(1)
        const [name, ...others] = await prepared()
        expect(name).to.match(/^nuages_[0-9a-f]{32}$/)
        expect(others).to.deep.equal([])
      }),
    )

    it(
      'are prepared after OPTIONS.prepare_threshold runs',
      using({ prepare_threshold: 2 }, async () => {
        await runs(2)
        expect(await prepared()).to.have.lengthOf(0)
        await runs(2)
        await runStatement(connections.database(), 'select 1', [])
        expect(await prepared()).to.have.lengthOf(1)
      }),
    )

    it(
      'are never prepared if it is null',
      using({ prepare_threshold: null }, async () => {
        await runs(1001)
        expect(await prepared()).to.deep.equal([])
      }),
    )

    it(
      'are a hundred at most',
      using({ prepare_threshold: 0 }, async () => {
        for (let i = 0; i < 120; i++) await runStatement(connections.database(), `select ${i}`, [])
        expect(await prepared()).to.have.lengthOf(100)
      }),
    )

    const losses = {
      'when another connection is used, as behind a pooler': () => connection.raw('deallocate all'),
      'when the name is taken': async () => {
        const [name] = await prepared()
        await connections.close()
        await connection.raw(`prepare ${name} as select 'two' as name`)
      },
      'when a column has changed its type': () => connection.raw('alter table things alter column name type text'),
    }
    for (const [when, lose] of Object.entries(losses)) {
      it(
        `are run without a name, immediately and from then on, ${when}`,
        using({ prepare_threshold: 0 }, async () => {
          const logged: string[] = []
          const release = captureLogs(({ level, logger }) => logged.push(`${logger} ${level}`))
          try {
            await runs(6)
            await lose()
            const before = await prepared()
            await runs(6)
            expect(await prepared()).to.deep.equal(before)
          } finally {
            release()
          }
          expect(logged).to.deep.equal(['django.db.backends info'])
        }),
      )
    }

    it(
      'report their other errors as usual, and stay prepared',
      using({ prepare_threshold: 0 }, async () => {
        await runs(1)
        const names = await prepared()
        const error = await run(Number.MAX_SAFE_INTEGER).catch((thrown: unknown) => thrown as { code?: string })
        expect(error).to.include({ code: '22003' })
        await runs(1)
        expect(await prepared()).to.deep.equal(names)
      }),
    )
  })
})
