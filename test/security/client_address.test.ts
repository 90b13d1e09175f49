/** The address of a client: that of the connection, or in the one trusted header. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { addressBlock, clientAddressOf } from '#core/http'
import { overrideSettings, RequestFactory } from '#core/test'

/** A request over a connection from an address. */
async function from(remoteAddress: string | undefined, headers: Record<string, string> = {}) {
  const request = await new RequestFactory().get('/', { headers })
  Object.defineProperty(request.req.socket, 'remoteAddress', { value: remoteAddress })
  return clientAddressOf(request)
}

describe('the address of a client', () => {
  before(() => setup())

  it('is that of the connection without a trusted header, whatever headers contain', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.1', 'x-real-ip': '198.51.100.1', forwarded: 'for=198.51.100.1' }
    expect(await from('203.0.113.7', headers)).to.deep.equal({ address: '203.0.113.7', isShared: false })
    expect(await from('::ffff:203.0.113.7', headers)).to.deep.equal({ address: '203.0.113.7', isShared: false })
    expect(await from('2001:DB8::1')).to.deep.equal({ address: '2001:db8::1', isShared: false })
    expect(await from(undefined, headers)).to.deep.equal({ address: '', isShared: true })
  })

  it('may be a proxy’s, which all clients share, if it is internal', async () => {
    for (const address of [
      '127.0.0.1',
      '127.8.8.8',
      '10.1.2.3',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.0.9',
      '100.64.0.1',
      '::1',
      '::ffff:127.0.0.1',
      'fd00::1',
      'fe80::1%eth0',
    ]) {
      expect((await from(address)).isShared, address).to.equal(true)
    }
    for (const address of ['172.32.0.1', '100.128.0.1', '11.0.0.1', '2600::1', '8.8.8.8']) {
      expect((await from(address)).isShared, address).to.equal(false)
    }
  })

  it('is the last entry of the trusted header, which the nearest proxy has added', () =>
    overrideSettings({ CLIENT_ADDRESS_HEADER: 'HTTP_X_FORWARDED_FOR' }, async () => {
      for (const [header, address] of [
        ['198.51.100.1', '198.51.100.1'],
        ['1.1.1.1, 2.2.2.2,198.51.100.1', '198.51.100.1'],
        ['1.1.1.1 , 198.51.100.1 ', '198.51.100.1'],
        ['198.51.100.1:4711', '198.51.100.1'],
        ['[2001:db8::1]:4711', '2001:db8::1'],
        ['[2001:db8::1]', '2001:db8::1'],
        ['2001:DB8::1', '2001:db8::1'],
        ['::ffff:198.51.100.1', '198.51.100.1'],
        // Clients in an intranet have their own internal addresses.
        ['10.1.2.3', '10.1.2.3'],
      ] as const) {
        expect(await from('127.0.0.1', { 'x-forwarded-for': header }), header).to.deep.equal({
          address,
          isShared: false,
        })
      }
    }))

  it('is that of the connection if the trusted header has none', () =>
    overrideSettings({ CLIENT_ADDRESS_HEADER: 'HTTP_X_FORWARDED_FOR' }, async () => {
      const entries = ['', 'unknown', '1.1.1.1, unknown', '1.1.1.1,', '999.1.1.1', '1.2.3', '1.1.1.1'.repeat(1000)]
      for (const header of entries) {
        const headers = { 'x-forwarded-for': header }
        expect(await from('127.0.0.1', headers), header).to.deep.equal({ address: '127.0.0.1', isShared: true })
        expect(await from('203.0.113.7', headers), header).to.deep.equal({ address: '203.0.113.7', isShared: false })
      }
    }))

  it('is grouped by its /64 for IPv6', () => {
    for (const [address, block] of [
      ['203.0.113.7', '203.0.113.7'],
      ['', ''],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
      ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
      ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
      ['2001:db8::6', '2001:db8:0:0::/64'],
      ['2001:db8::2:3:4:5:6', '2001:db8:0:2::/64'],
      ['::1', '0:0:0:0::/64'],
      ['::', '0:0:0:0::/64'],
      ['1::', '1:0:0:0::/64'],
      ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
      ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
    ] as const) {
      expect(addressBlock(address), address).to.equal(block)
    }
  })
})
