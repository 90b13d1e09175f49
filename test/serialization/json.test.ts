/** JSON is read and written unchanged, also where JavaScript would spell it differently. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { NotJson, parseJson, stringifyJson } from '#core/serialization'

describe('json', () => {
  it('writes compact ASCII, as Python does', () => {
    expect(stringifyJson({ a: [1, 'é', '\u{1f642}', '\x7f', '"\\/\n'] })).to.equal(
      '{"a":[1,"\\u00e9","\\ud83d\\ude42","\\u007f","\\"\\\\/\\n"]}',
    )
  })

  const strings = [
    '{"a":1.0}',
    '[1.0,2.50,1e16,1E+2,-0.0,-0,1e-07]',
    '{"big":12345678901234567890,"neg":-98765432109876543210}',
    '{"b":1,"2":2,"10":3,"a":{"9":1,"1":2}}',
    '[NaN,Infinity,-Infinity]',
    '{"__proto__":{"x":1.0},"constructor":2.0}',
    '"1.0"',
    '1.0',
    '[[],{},[[1.0]],""]',
    '{"":1.0,"\\u00e9":2.0}',
  ]
  for (const text of strings) {
    it(`returns ${text} unchanged`, () => {
      const value = parseJson(text)
      // A number on its own has no object that could keep its spelling.
      if (typeof value === 'object') expect(stringifyJson(value)).to.equal(text)
    })
  }

  it('reads whole numbers beyond 2^53 as bigint and other numbers as numbers', () => {
    expect(parseJson('{"big":12345678901234567890,"float":1.0,"n":9007199254740991}')).to.deep.equal({
      big: 12345678901234567890n,
      float: 1,
      n: Number.MAX_SAFE_INTEGER,
    })
  })

  it('returns a number of any size as a number', () => {
    for (const value of [2 ** 53, -(2 ** 53), 1e16, 2 ** 64, 1e21, 1.5e300, -0, 0, 0.1, Number.MAX_SAFE_INTEGER]) {
      const { n } = parseJson(stringifyJson({ n: value })) as { n: unknown }
      expect(Object.is(n, value), String(value)).to.equal(true)
    }
    expect(stringifyJson([2 ** 53, 1e16, 1e20, 2n ** 53n])).to.equal(
      '[9007199254740992.0,1e+16,1e+20,9007199254740992]',
    )
  })

  it('leaves the siblings of a changed value unchanged', () => {
    const data = parseJson('{"2":1.0,"1":{"x":3.0,"y":4.0},"big":12345678901234567890}') as Record<string, unknown>
    ;(data['1'] as Record<string, unknown>).x = 5
    data.added = 1.5
    expect(stringifyJson(data)).to.equal('{"2":1.0,"1":{"x":5,"y":4.0},"big":12345678901234567890,"added":1.5}')
  })

  it('writes a number that was changed and then restored in its original spelling', () => {
    const data = parseJson('{"x":3.0}') as { x: number }
    data.x = 4
    expect(stringifyJson(data)).to.equal('{"x":4}')
    data.x = 3
    expect(stringifyJson(data)).to.equal('{"x":3.0}')
  })

  it('does not use the spelling of another number that moved away', () => {
    const list = parseJson('[1.0,12345678901234567890,2.0]') as unknown[]
    list.unshift(7)
    expect(stringifyJson(list)).to.equal('[7,1,12345678901234567890,2]')
  })

  const refused: Record<string, unknown> = {
    'a.b is NaN': { b: Number.NaN },
    'a.b[1] is Infinity': { b: [1, Number.POSITIVE_INFINITY] },
    'a.f is a function': { f: () => 1 },
    'a.d is a Date': { d: new Date(0) },
    'a.m is a Map': { m: new Map() },
    'a[0] is undefined': [undefined],
    'a.s is Symbol(s)': { s: Symbol('s') },
  }
  for (const [message, value] of Object.entries(refused)) {
    it(`refuses a value because ${message}`, () => {
      expect(() => stringifyJson(value, 'a')).to.throw(NotJson, `${message}, which JSON cannot hold.`)
    })
  }

  it('refuses a value that contains itself, but not one that occurs twice', () => {
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(() => stringifyJson(loop, 'a')).to.throw(NotJson, 'a.self contains itself')
    const twice = { x: 1 }
    expect(stringifyJson([twice, twice])).to.equal('[{"x":1},{"x":1}]')
  })

  const broken = [
    '',
    '{',
    '[1.0',
    '{"a":1.0,}',
    '[1.0]x',
    '{"a" 1.0}',
    'nul',
    '[01.0]',
    '[1.0 2.0]',
    '["\\x",1.0]',
    '[1.]',
    '[+1.0]',
  ]
  for (const text of broken) {
    it(`refuses to read ${JSON.stringify(text)}`, () => {
      expect(() => parseJson(text)).to.throw(SyntaxError)
    })
  }

  it('reads what JSON.parse reads, for any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain: unknown = JSON.parse(text)
        const value = parseJson(text)
        const same = (_: string, each: unknown): unknown => (typeof each === 'bigint' ? Number(each) : each)
        expect(JSON.parse(JSON.stringify(value, same))).to.deep.equal(JSON.parse(JSON.stringify(plain)))
      }),
    )
  })

  it('returns any value that JSON can hold', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON has one zero.
        const expected: unknown = JSON.parse(JSON.stringify(value))
        expect(JSON.parse(stringifyJson(parseJson(JSON.stringify(value))))).to.deep.equal(expected)
      }),
    )
  })
})
