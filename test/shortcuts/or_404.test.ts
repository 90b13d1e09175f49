/** The object of a query, or a 404. */
import { expect } from 'chai'
import { Http404 } from '#core/exceptions'
import { getListOr404, getObjectOr404, MultipleObjectsReturned } from '#core/shortcuts'

/** A query builder: it runs when it is awaited. */
// oxlint-disable-next-line unicorn/no-thenable
const query = <T>(found: T): PromiseLike<T> => ({ then: (...hooks) => Promise.resolve(found).then(...hooks) })

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('getObjectOr404', () => {
  it('returns the value, or the result of a promise or a query', async () => {
    const row: { id: number } = await getObjectOr404({ id: 1 } as { id: number } | undefined)
    expect(row).to.deep.equal({ id: 1 })
    expect(await getObjectOr404(Promise.resolve(0))).to.equal(0)
    expect(await getObjectOr404(query<string | undefined>('row'))).to.equal('row')
    expect(await getObjectOr404(query(['only']))).to.equal('only')
  })

  it('throws a 404 for nothing', async () => {
    for (const nothing of [undefined, null, query(undefined), query([])]) {
      const error = await failure(getObjectOr404(nothing))
      expect(error).to.be.instanceOf(Http404).with.property('message', 'No object matches the given query.')
    }
    expect(await failure(getObjectOr404(null, 'No such poll.'))).to.have.property('message', 'No such poll.')
  })

  it('throws an error for several objects', async () => {
    expect(await failure(getObjectOr404(query([1, 2])))).to.be.instanceOf(MultipleObjectsReturned)
  })

  it('passes on the error of a query', async () => {
    const error = new Error('no such table')
    expect(await failure(getObjectOr404(Promise.reject<string>(error)))).to.equal(error)
  })
})

describe('getListOr404', () => {
  it('returns the list', async () => {
    expect(await getListOr404(query([1, 2]))).to.deep.equal([1, 2])
    expect(await getListOr404(new Set(['a']))).to.deep.equal(['a'])
  })

  it('throws a 404 for an empty list', async () => {
    expect(await failure(getListOr404(query([])))).to.be.instanceOf(Http404)
  })
})
