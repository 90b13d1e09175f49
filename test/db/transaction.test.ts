/** `transaction`: all or nothing, for all code that runs inside it. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { connection, connections, currentConnection, onCommit, transaction } from '#core/db'
import { databases, onEachDatabase } from '../services.ts'

const all = await databases('transaction')

const add = (id: number) => connection('things').insert({ id })
const ids = (): Promise<number[]> => connection('things').orderBy('id').pluck('id')

async function failing(id: number): Promise<never> {
  await add(id)
  throw new Error('on purpose')
}

async function refused(promise: Promise<unknown>): Promise<void> {
  const message = await promise.then(
    () => 'no error',
    (error: Error) => error.message,
  )
  expect(message).to.equal('on purpose')
}

describe('transaction', () => {
  before(() => setup())

  onEachDatabase(all, ({ config }) => {
    const using = (fn: () => Promise<void>) => () =>
      overrideSettings({ DATABASES: { default: config } }, async () => {
        await connection.schema.dropTableIfExists('things')
        await connection.schema.createTable('things', (table) => {
          table.integer('id').primary()
        })
        await fn()
      })

    it(
      'commits everything at the end, and returns the result of the function',
      using(async () => {
        const given = await transaction(async (trx) => {
          await trx('things').insert({ id: 1 })
          return 'done'
        })
        expect(given).to.equal('done')
        expect(await ids()).to.deep.equal([1])
      }),
    )

    it(
      'rolls back everything on an error, also writes through `connection` by code unaware of the transaction',
      using(async () => {
        await refused(transaction(() => failing(1)))
        expect(await ids()).to.deep.equal([])
      }),
    )

    it(
      'is a savepoint inside another one',
      using(async () => {
        await transaction(async () => {
          await add(1)
          await refused(transaction(() => failing(2)))
          await transaction(async () => {
            await add(3)
          })
          expect(await ids()).to.deep.equal([1, 3])
        })
        await refused(
          transaction(async () => {
            await transaction(async () => {
              await add(4)
            })
            return failing(5)
          }),
        )
        expect(await ids()).to.deep.equal([1, 3])
      }),
    )

    it(
      'does not include concurrent work of other code',
      using(async () => {
        const first = transaction(async () => {
          await add(1)
          await turn()
          throw new Error('on purpose')
        })
        const second = transaction(async () => {
          await turn()
          await add(2)
        })
        await Promise.all([refused(first), second, add(3)])
        expect(await ids()).to.deep.equal([2, 3])
      }),
    )

    it(
      'is left by code that outlives it',
      using(async () => {
        let late: Promise<void> = Promise.resolve()
        let release = () => {}
        const over = new Promise<void>((resolve) => (release = resolve))
        await transaction(async () => {
          late = over.then(async () => {
            await add(1)
          })
        })
        release()
        await late
        expect(await ids()).to.deep.equal([1])
      }),
    )

    it(
      'is returned by currentConnection() inside',
      using(async () => {
        expect(currentConnection()).to.equal(connections.database().pool)
        await transaction(async (trx) => {
          expect(currentConnection()).to.equal(trx)
          await transaction(async (inner) => expect(currentConnection()).to.equal(inner))
          expect(currentConnection()).to.equal(trx)
        })
        expect(currentConnection()).to.equal(connections.database().pool)
      }),
    )

    it(
      'calls the functions of onCommit after the outermost commit, and never after a rollback',
      using(async () => {
        const called: string[] = []
        await onCommit(() => called.push('immediate'))
        await transaction(async () => {
          await transaction(() => onCommit(() => called.push('inner')))
          await refused(
            transaction(async () => {
              await onCommit(() => called.push('rolled back'))
              return failing(1)
            }),
          )
          await onCommit(() => called.push('outer'))
          expect(called).to.deep.equal(['immediate'])
        })
        expect(called).to.deep.equal(['immediate', 'inner', 'outer'])
      }),
    )
  })
})
