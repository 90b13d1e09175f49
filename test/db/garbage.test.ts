/** A database server, or a proxy before it, that sends what no driver can read. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { connection, isConnectionError } from '#core/db'
import { rejection, until } from '../cache/until.ts'
import { Proxy } from '../proxy.ts'
import { databases, onEachDatabase } from '../services.ts'

const all = (await databases('garbage')).filter(({ vendor }) => vendor !== 'sqlite')

/** A message of PostgreSQL: its type, its length and its content. */
const message = (type: string, ...content: number[]): Buffer =>
  Buffer.from([type.charCodeAt(0), 0, 0, 0, content.length + 4, ...content])

const HTTP = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')

const GARBAGE: Readonly<Record<string, Readonly<Record<string, Buffer>>>> = {
  postgresql: {
    'a kind of login that does not exist': message('R', 0, 0, 0, 99),
    'columns that are cut off': message('T', 0, 2, 1),
    'a message type that does not exist': message('~', 1, 2, 3),
    'another protocol': HTTP,
  },
  mysql: { 'columns that are cut off': Buffer.from([1, 0, 0, 1, 5]), 'another protocol': HTTP },
}

describe('a database that sends garbage', function () {
  this.timeout(20_000)
  before(() => setup())

  onEachDatabase(all, ({ config, vendor }) => {
    for (const [name, bytes] of Object.entries(GARBAGE[vendor] ?? {})) {
      for (const moment of ['to a statement', 'on a new connection', 'without being asked'] as const) {
        it(`fails statements as an outage and is used again within 3 s: ${name}, ${moment}`, async () => {
          const proxy = new Proxy(Number(config.PORT))
          const OPTIONS = { ...config.OPTIONS, response_timeout: 1, connect_timeout: 1, pool: { max_size: 2 } }
          const entry = { ...config, HOST: '127.0.0.1', PORT: await proxy.listen(), OPTIONS }
          const number = async (n: number): Promise<number> => {
            const rows = (await connection.select(connection.raw('? as n', [n]))) as { n: unknown }[]
            return Number(rows[0]?.n)
          }
          try {
            await overrideSettings({ DATABASES: { default: entry } }, async () => {
              if (moment !== 'on a new connection') expect(await number(1)).to.equal(1)
              if (moment === 'without being asked') proxy.send(bytes)
              else {
                proxy.onReply = (_, { client }) => {
                  client.write(bytes)
                  return false
                }
                for (const error of await Promise.all([rejection(number(2)), rejection(number(3))])) {
                  expect(isConnectionError(error), String(error)).to.equal(true)
                }
              }
              proxy.onReply = undefined
              const began = performance.now()
              await until('it works', async () => (await number(4).catch(() => undefined)) === 4)
              expect(performance.now() - began).to.be.lessThan(3000)
            })
          } finally {
            await proxy.close()
          }
        })
      }
    }
  })
})
