/** Cookies as strings. */
import * as fc from 'fast-check'
import { expect } from 'chai'
import { parseCookies, quoteCookie, unquoteCookie } from '#core/web'

describe('a cookie string', () => {
  const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })

  it('is read back as it was written, whatever it contains', () => {
    fc.assert(fc.property(latin1, (value) => unquoteCookie(quoteCookie(value)) === value))
  })

  it('never ends its own line or value', () => {
    fc.assert(
      fc.property(latin1, (value) => {
        // oxlint-disable-next-line no-control-regex
        expect(quoteCookie(value)).to.not.match(/[;,\0-\x1f\x7f-\xff]/)
      }),
    )
  })

  it('is read from any header without an error', () => {
    fc.assert(fc.property(fc.string(), (header) => Object.getPrototypeOf(parseCookies(header)) === null))
  })

  it('is read in time proportional to the header', () => {
    const header = `a="${'\\'.repeat(100_000)}"; ${';'.repeat(100_000)}; b=1`
    expect(parseCookies(header).b).to.equal('1')
  })
})
