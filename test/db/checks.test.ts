/** Checks of DATABASES: a wrong entry is reported before anything connects. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { runChecks } from '#core/checks'
import '#core/db'

const SQLITE = { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' }

const found = (settings: Settings): Promise<string[]> =>
  overrideSettings(settings, async () => (await runChecks({ tags: ['databases'] })).map(String))

describe('checks of databases', () => {
  before(() => setup())

  it('report nothing for a correct database, or for none', async () => {
    expect(await found({ DATABASES: { default: SQLITE } })).to.deep.equal([])
    expect(await found({ DATABASES: {} })).to.deep.equal([])
  })

  it('report a missing default database', async () => {
    const [message = ''] = await found({ DATABASES: { other: SQLITE } })
    expect(message).to.include("(databases.E001) DATABASES has no 'default'.")
  })

  it('report every invalid entry', async () => {
    const messages = await found({
      DATABASES: {
        default: { ENGINE: 'core.db.backends.oracle' },
        second: { ...SQLITE, NAME: '/no/such/folder/db' },
        third: { ENGINE: 'core.db.backends.mysql' },
        fourth: { ENGINE: 'core.db.backends.postgresql', OPTIONS: { prepare_threshold: '5' } },
      },
    })
    expect(messages.map((message) => message.slice(0, 21))).to.deep.equal(Array(4).fill('?: (databases.E002) D'))
    expect(messages.join('\n'))
      .to.include('there is no core/db/backends/oracle.ts')
      .and.include('there is no folder /no/such/folder')
      .and.include("DATABASES['third'].NAME, the name of the database, is missing")
      .and.include("DATABASES['fourth'].OPTIONS.prepare_threshold should be the number of runs")
  })
})
