/** The address of runserver: accepted forms, and the errors for the rest. */
import { expect } from 'chai'
import { CommandError } from '#core/management'
import { parseAddress, urlOf } from '../../../core/management/runserver/address.ts'

describe('the address of runserver', () => {
  it('is a port, or an address and a port', () => {
    const expected: [string, string, number][] = [
      ['8001', '127.0.0.1', 8001],
      ['0', '127.0.0.1', 0],
      ['0:8000', '0.0.0.0', 8000],
      ['1.2.3.4:80', '1.2.3.4', 80],
      ['my-host.example.com:8000', 'my-host.example.com', 8000],
      ['[::1]:8000', '::1', 8000],
    ]
    for (const [text, host, port] of expected) expect(parseAddress(text, { env: {} })).to.deep.equal({ host, port })
  })

  it('comes from PORT if none is given, and is 8000 without', () => {
    expect(parseAddress(undefined, { env: {} })).to.deep.equal({ host: '127.0.0.1', port: 8000 })
    expect(parseAddress(undefined, { env: { PORT: '5000' } })).to.deep.equal({ host: '127.0.0.1', port: 5000 })
    expect(parseAddress('6000', { env: { PORT: '5000' } }).port).to.equal(6000)
    expect(() => parseAddress(undefined, { env: { PORT: 'x' } })).to.throw(
      CommandError,
      '"x" is not a valid port number or address:port pair. PORT in the environment says so.',
    )
  })

  it('is an IPv6 address with -6', () => {
    expect(parseAddress('8000', { ipv6: true }).host).to.equal('::1')
    expect(() => parseAddress('127.0.0.1:8000', { ipv6: true })).to.throw('"127.0.0.1" is not a valid IPv6 address.')
    expect(() => parseAddress('[1::2::3]:8000')).to.throw('"1::2::3" is not a valid IPv6 address.')
  })

  it('refuses everything else in one sentence', () => {
    for (const text of ['abc', 'a b:80', '127.0.0.1:', ':8000', '127.0.0.1:80x', '70000', '-1', '::1:8000', '8000\n']) {
      expect(() => parseAddress(text)).to.throw(
        CommandError,
        `"${text}" is not a valid port number or address:port pair.`,
      )
    }
  })

  it('is shown as a URL', () => {
    expect(urlOf({ host: '127.0.0.1', port: 80 })).to.equal('http://127.0.0.1:80/')
    expect(urlOf({ host: '::1', port: 8000 })).to.equal('http://[::1]:8000/')
  })
})
