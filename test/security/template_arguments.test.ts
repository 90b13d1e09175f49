/** Filter arguments of a client change neither the status nor, beyond a limit, the length of a page. */
import { expect } from 'chai'
import { overrideSettings } from '#core/conf'
import { MAX_WIDTH } from '../../core/template/library.ts'
import { filters as builtIn } from '../../core/template/defaultfilters.ts'
import { engineOf, rendered } from '../template/render.ts'

const HOSTILE: readonly unknown[] = [
  '500000000',
  '999999999999999999999',
  '-500000000',
  '1e9',
  '1e400',
  '0x10',
  '',
  ' ',
  'x',
  '*',
  '%s%s',
  '\0',
  ':::',

  '999999999d',
  '*d',
  '.999999999f',
  '999999999.2f',
  '.101f',
  '.999999999e',
  '.0g',
  '999999999s',
  '0999999999d',
  's%s',
  500_000_000,
  -1,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  10n ** 30n,
  true,
  null,
  undefined,
  Symbol('x'),

  {},
  { toString: 1, valueOf: 1 },
  { length: 1e9 },
  [],
  [[1]],
  Object.create(null) as unknown,
  'a'.repeat(5000),
  '9'.repeat(5000),
]

/** Each value with its filter and the result. */
const CASES: readonly (readonly [filter: string, value: unknown, argument: unknown, expected: string])[] = [
  ['center', 'abc', '500000000', 'abc'],
  ['center', 'abc', MAX_WIDTH + 1, 'abc'],
  ['center', 'abc', '7', '  abc  '],
  ['ljust', 'abc', 1e308, 'abc'],
  ['rjust', 'abc', '999999999', 'abc'],
  ['rjust', 'abc', 'x', 'abc'],
  ['stringformat', 5, '999999999d', ''],
  ['stringformat', 5, '.999999999f', ''],
  ['stringformat', 5, '*d', ''],
  ['stringformat', 5, '%s%s', ''],
  ['stringformat', 5, '05d', '00005'],
  ['stringformat', 5, '.0g', '5'],
  ['stringformat', 1e21, 'd', '1000000000000000000000'],
  ['stringformat', Number.POSITIVE_INFINITY, 'd', ''],
  ['floatformat', 1.5, 999_999_999, '1.5'],
  ['floatformat', 1.5, '-999999999', '1.5'],
  ['floatformat', '1e1000000', 2, '1e1000000'],
  ['floatformat', 1e300, 2, '1e+300'],
  ['floatformat', '1e-300', 2, '1e-300'],
  ['floatformat', 1234567.891, '2g', '1,234,567.89'],
  ['floatformat', -1234.5, '1g', '-1,234.5'],
  ['floatformat', 34.23234, 'x', '34.23234'],
  ['get_digit', 123, '500000000', '0'],
  ['get_digit', 123, '2', '2'],
  ['get_digit', '98765432109876543210', '20', '9'],
  ['get_digit', -5, '2', '0'],
  ['divisibleby', 6, { valueOf: 1, toString: 1 }, 'false'],
  ['truncatechars', 'abcdef', '500000000', 'abcdef'],
  ['truncatewords', 'a b', 'x', 'a b'],
  ['wordwrap', 'a b', '500000000', 'a b'],
]

describe('filter arguments that a client sends', () => {
  for (const [filter, value, argument, expected] of CASES) {
    const shown = JSON.stringify(argument)
    it(`give ${JSON.stringify(expected)} for ${String(value)}|${filter}:${shown}`, async () => {
      expect(await rendered(`{{ value|${filter}:argument }}`, { value, argument })).to.equal(expected)
    })
  }

  it('never cause an error or a long page, in any filter', async () => {
    const engine = await engineOf()
    for (const name of Object.keys(builtIn)) {
      const template = engine.fromString(`{{ value|${name}:argument }}`)
      for (const argument of HOSTILE) {
        for (const value of ['abc', 12.5, ...HOSTILE]) {
          const output = template.render({ value, argument })
          // A separator stands between all entries, so the template's author allowed its length times theirs.
          if (name !== 'join') expect(output.length, name).to.be.at.most(400_000)
        }
      }
    }
  })

  it('never cause an error with a date at the limits of dates', async () => {
    const letters = 'aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTuUwWyYzZ'
    for (const time of [-8.64e15, -8.64e15 + 1, 8.64e15 - 1, 8.64e15]) {
      for (const zone of ['UTC', 'Asia/Tokyo', 'America/New_York']) {
        await overrideSettings({ TIME_ZONE: zone }, async () => {
          expect(await rendered('[{{ value|date:letters }}]', { value: new Date(time), letters })).to.equal('[]')
        })
      }
    }
  })

  it('are ignored as a sort key if they are longer than any name', async () => {
    const value = [{ a: { b: 2 } }, { a: { b: 1 } }]
    const keyOf = (argument: string) => rendered('{{ value|dictsort:argument }}', { value, argument })
    expect(await keyOf('a.b')).to.equal('[{&quot;a&quot;:{&quot;b&quot;:1}},{&quot;a&quot;:{&quot;b&quot;:2}}]')
    expect(await keyOf(`a${'.a'.repeat(100_000)}`)).to.equal('')
    expect(await keyOf('a'.repeat(256))).to.equal('')
  })

  it('never cause an error in widthratio and slice', async () => {
    const template = (await engineOf()).fromString('{% widthratio a b c %}{{ "abc"|slice:a }}')
    for (const a of HOSTILE) for (const b of HOSTILE) expect(template.render({ a, b, c: b }).length).to.be.below(1000)
  })

  it('nest lists only up to a limit', async () => {
    const nested = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown
    const deep = JSON.parse(`${'["x",'.repeat(5000)}"y"${']'.repeat(5000)}`) as unknown
    expect((await rendered('{{ x|unordered_list }}', { x: deep })).split('<li>').length).to.equal(101)
    expect(await rendered('{{ x|unordered_list }}', { x: nested })).to.equal('')
  })

  it('may be objects without a prototype, such as COOKIES, alone and in lists', async () => {
    const COOKIES = Object.assign(Object.create(null) as object, { a: '<1>' })
    const json = '{&quot;a&quot;:&quot;&lt;1&gt;&quot;}'
    expect(await rendered('{{ x }}', { x: COOKIES })).to.equal(json)
    expect(await rendered('{{ x|join:"," }}', { x: [COOKIES, COOKIES] })).to.equal(`${json},${json}`)
    expect(await rendered('{{ x|safeseq|join:"," }}', { x: [COOKIES] })).to.equal('{"a":"<1>"}')
    const engine = await engineOf()
    for (const name of Object.keys(builtIn)) {
      const template = engine.fromString(`{{ x|${name} }}{{ x|${name}:y }}`)
      for (const x of [COOKIES, [COOKIES], { x: COOKIES }]) expect(template.render({ x, y: x })).to.be.a('string')
    }
  })
})
