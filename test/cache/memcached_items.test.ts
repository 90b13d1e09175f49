/** The flags of items in memcached give the format of their bytes, as in Django's clients. */
import { expect } from 'chai'
import { JSONSerializer } from '#core/cache'
import { ItemCodec, receivedItem, sentItem } from '../../core/cache/memcached_items.ts'

describe('items in memcached', () => {
  const codec = new ItemCodec()
  const sent = (value: unknown, by = codec): [flags: number, bytes: string] => {
    const { flags, bytes } = sentItem(by.encode(value))
    return [flags, bytes.toString('latin1')]
  }
  const received = (flags: number, bytes: string, by = codec): unknown => by.decode(receivedItem(flags, bytes))

  it('are strings, whole numbers, and pickles of everything else', () => {
    expect(sent('naïve')).to.deep.equal([16, 'na\xc3\xafve'])
    expect(sent(-7)).to.deep.equal([2, '-7'])
    expect(sent(2n ** 80n)).to.deep.equal([2, '1208925819614629174706176'])
    expect(sent({ a: 1 })).to.deep.equal([1, '}(Va\nK\x01u.'])
    expect(sent(true)).to.deep.equal([1, 'I01\n.'])
    expect(sent(1.5)).to.deep.equal([1, 'F1.5\n.'])
    expect(sent(-0)).to.deep.equal([1, 'F-0.0\n.'])
  })

  it('are pickles for strings that memcached would increment, and for strings without a UTF-8 form', () => {
    for (const text of ['5', '-5', ' 5', '5 apples', '+1', '\ud800']) {
      const [flags, bytes] = sent(text)
      expect(flags).to.equal(1)
      expect(received(flags, bytes)).to.equal(text)
    }
  })

  it('are read with the flags of all clients', () => {
    expect(received(0, '\x01\xff')).to.deep.equal(new Uint8Array([1, 255]))
    expect(received(0, 'abc')).to.deep.equal(new Uint8Array([97, 98, 99]))
    expect(received(0, '\xff')).to.deep.equal(new Uint8Array([255]))
    expect(received(0, '')).to.deep.equal(new Uint8Array())
    expect(received(2, '9 ')).to.equal(9)
    expect(received(4, '12345678901234567890')).to.equal(12345678901234567890n)
    expect(received(16, '\xc3\xa9')).to.equal('é')
  })

  it('report what is wrong with them', () => {
    expect(() => received(8, 'x')).to.throw(Error, 'flags in memcached are 8')
    expect(() => received(9, 'x')).to.throw(Error, 'flags in memcached are 9')
    expect(() => received(2, 'x')).to.throw(Error, 'whole number')
    expect(() => received(16, '\xff')).to.throw(Error, 'UTF-8')
  })

  it('keep their bytes and flags, whatever these are', () => {
    for (const flags of [0, 1, 2, 4, 16]) {
      for (const bytes of ['', '\0', '\x01a', '\x10', '\xff8', 'abc', '}.']) {
        const item = sentItem(receivedItem(flags, bytes))
        expect([item.flags, item.bytes.toString('latin1')]).to.deep.equal([flags, bytes])
      }
    }
  })

  it('are bytes of another serializer if one is set, but whole numbers stay as they are', () => {
    const json = new ItemCodec(new JSONSerializer())
    expect(sent({ a: 'é' }, json)).to.deep.equal([0, '{"a":"\\u00e9"}'])
    expect(sent('5', json)).to.deep.equal([0, '"5"'])
    expect(sent(5, json)).to.deep.equal([2, '5'])
    expect(received(0, '[1]', json)).to.deep.equal([1])
    expect(() => received(1, 'N.', json)).to.throw(Error, 'OPTIONS.serializer')
  })
})
