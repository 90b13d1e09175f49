/** Dates in headers. */
import { expect } from 'chai'
import { parseHttpDate } from '#core/web'
import { setClock } from '#core/utils'

describe('a date in a header', () => {
  afterEach(() => setClock())

  it('with a year of two digits is in the nearest century', () => {
    setClock({ now: () => Date.UTC(2030, 0, 1) })
    const year = (digits: string): number =>
      new Date((parseHttpDate(`Sunday, 06-Nov-${digits} 08:49:35 GMT`) ?? 0) * 1000).getUTCFullYear()
    expect([year('94'), year('31'), year('80'), year('81')]).to.deep.equal([1994, 2031, 2080, 1981])
  })

  it('is undefined for an invalid day or time', () => {
    for (const text of [
      'Sun, 31 Feb 2024 00:00:00 GMT',
      'Sun, 06 Nov 1994 08:60:00 GMT',
      'Sun, 06 Nuv 1994 08:00:00 GMT',
    ]) {
      expect(parseHttpDate(text), text).to.equal(undefined)
    }
  })
})
