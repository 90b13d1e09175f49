/** Expired sessions are cleared in small steps, during load on the site and another clearsessions. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { encodeSession } from '#core/contrib/sessions'
import { connection, toDatabaseDate } from '#core/db'
import { Client } from '#core/test'
import { inDatabase } from '../contrib/sessions/database.ts'
import { useSetup, type EngineSetup, engineSetups } from '../contrib/sessions/engine_setups.ts'
import { withWorkers } from '../../core/test/session_race.ts'
import type { Cleared } from '../../core/test/session_race_worker.ts'

/** Rows of each kind: `npm run races` uses a million, as for the figures in the docs. */
const ROWS = Number(process.env.CLEAR_ROWS ?? 5000)

/** Number of concurrent clearsessions. */
const WORKERS = Number(process.env.CLEAR_WORKERS ?? 2)

const DAY = 86_400_000

const NUMBERS: Record<string, string> = {
  'db on SQLite': 'with recursive g(n) as (select 1 union all select n + 1 from g where n < ?) select',
  'db on PostgreSQL': 'with g(n) as (select * from generate_series(1, ?::int)) select',
}

async function fill(setup: EngineSetup, kind: string, days: number): Promise<void> {
  const date = toDatabaseDate(Date.now() + days * DAY)
  // Django's real rows have this length, which determines the work of deleting one.
  const data = encodeSession({ _auth_user_id: '1', cart: ['a', 'b', 'c'], hash: 'x'.repeat(64) })
  const columns = setup.name.includes('PostgreSQL')
    ? 'cast(? as varchar) || n, ?, cast(? as timestamptz)'
    : '? || n, ?, ?'
  await connection.raw(
    `insert into django_session (session_key, session_data, expire_date) ${NUMBERS[setup.name]} ${columns} from g`,
    [ROWS, kind, data, date],
  )
}

async function countOf(kind: string): Promise<number> {
  const [row] = (await connection('django_session').where('session_key', 'like', `${kind}%`).count({ n: '*' })) as {
    n: unknown
  }[]
  return Number(row?.n)
}

/** Clients that send requests until they are stopped; returns the number of wrong responses. */
async function visit(stopped: () => boolean): Promise<{ requests: number; lost: number }> {
  let requests = 0
  let lost = 0
  const client = async (): Promise<void> => {
    const client = new Client()
    for (let n = 1; !stopped() || n === 1; n++) {
      requests++
      // Nothing here waits for I/O, so pending events need a chance to be handled.
      await new Promise((resolve) => setImmediate(resolve))
      if ((await client.get('/count')).text !== String(n)) lost++
    }
  }
  await Promise.all(Array.from({ length: 8 }, client))
  return { requests, lost }
}

const all = (await engineSetups('clearing')).filter(({ name }) => name in NUMBERS)

describe('clearsessions', function () {
  this.timeout(900_000)
  before(() => setup())

  for (const setup of all) {
    describe(setup.name, () => {
      useSetup(setup)
      inDatabase({
        ...setup.settings,
        ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
        MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
      })
      before(async () => {
        await fill(setup, 'expired', -1)
        await fill(setup, 'living', 1)
      })

      it('deletes only expired sessions, and no request is lost meanwhile', () =>
        withWorkers(WORKERS, setup.settings, async (workers) => {
          let done = false
          const visits = visit(() => done)
          const cleared = (await Promise.all(workers.map((worker) => worker.do({ kind: 'clear' })))) as Cleared[]
          done = true
          const { requests, lost } = await visits
          const longest = Math.max(...cleared.map((each) => each.longest))
          process.stdout.write(
            `        ${ROWS} of ${2 * ROWS} rows, ${WORKERS} at work, longest statement ${longest.toFixed(1)} ms,` +
              ` ${requests} requests beside it, ${lost} lost\n`,
          )
          expect(cleared.reduce((sum, { deleted }) => sum + deleted, 0)).to.equal(ROWS)
          expect([await countOf('expired'), await countOf('living'), lost]).to.deep.equal([0, ROWS, 0])
        }))
    })
  }
})
