/** The filters return the same as Django's. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { markSafe } from '#core/template'
import { formatValue, setClock } from '#core/utils'
import { rendered } from '../render.ts'

type Case = readonly [expression: string, value: unknown, expected: string]

const strings: readonly Case[] = [
  ['addslashes', `I'm "x"`, 'I\\&#x27;m \\&quot;x\\&quot;'],
  ['capfirst', 'ann b', 'Ann b'],
  ['center:"7"', 'abc', '  abc  '],
  ['ljust:5', 'abc', 'abc  '],
  ['rjust:5', 'abc', '  abc'],
  ['cut:"b"', 'abcb', 'ac'],
  ['linebreaks', 'a\nb\n\nc<', '<p>a<br>b</p>\n\n<p>c&lt;</p>'],
  ['linebreaksbr', 'a\r\nb', 'a<br>b'],
  ['lower', 'ÄB', 'äb'],
  ['make_list|join:"-"', 'abc', 'a-b-c'],
  ['slugify', ' Joël is a slug! ', 'joel-is-a-slug'],
  ['stringformat:"05.1f"', 3.14159, '003.1'],
  ['stringformat:"03d"', 7, '007'],
  ['stringformat:"E"', 1, '1.000000E+00'.replace('E', 'e')],
  ['stringformat:"s"', 'x', 'x'],
  ['stringformat:"d"', 'x', ''],
  ['striptags', '<b>a</b> <i class="x">b</i><!-- c -->', 'a b'],
  ['striptags', '<<b>script>x', 'x'],
  ['title', "they're 1ST mY wORDS", 'They&#x27;re 1st My Words'],
  ['truncatechars:5', 'abcdefgh', 'abcd…'],
  ['truncatechars:8', 'abcdefgh', 'abcdefgh'],
  ['truncatewords:2', 'a b  c', 'a b …'],
  ['truncatewords:3', 'a b  c', 'a b c'],
  ['upper', 'straße', 'STRASSE'],
  ['urlencode', 'a b/ü&', 'a%20b/%C3%BC%26'],
  ['urlencode:""', 'a/b', 'a%2Fb'],
  ['iriencode', '/ü?a=b', '/%C3%BC?a=b'],
  ['wordcount', ' a b  c ', '3'],
  ['wordwrap:5', 'a bc def', 'a bc\ndef'],
]

const lists: readonly Case[] = [
  ['first', ['a', 'b'], 'a'],
  ['first', [], ''],
  ['last', ['a', 'b'], 'b'],
  ['join:", "', ['a', '<'], 'a, &lt;'],
  ['length', ['a', 'b'], '2'],
  ['length', 'abc', '3'],
  ['length', new Map([[1, 2]]), '1'],
  ['length', 5, '0'],
  ['slice:":2"|join:""', ['a', 'b', 'c'], 'ab'],
  ['slice:"1:"', 'abc', 'bc'],
  ['slice:"-2:"', 'abc', 'bc'],
  ['slice:"::2"', 'abcde', 'ace'],
  ['slice:"::-1"', 'abc', 'cba'],
  ['slice:"x"', 'abc', 'abc'],
  [
    'dictsort:"n"|join:""',
    [
      { n: 2, toString: () => '2' },
      { n: 1, toString: () => '1' },
    ],
    '{&quot;n&quot;:1}{&quot;n&quot;:2}',
  ],
  [
    'dictsortreversed:0|first|last',
    [
      [1, 'a'],
      [2, 'b'],
    ],
    'b',
  ],
  ['random', ['x'], 'x'],
  ['unordered_list', ['a', ['b<']], '\t<li>a\n\t<ul>\n\t\t<li>b&lt;</li>\n\t</ul>\n\t</li>'],
]

const numbers: readonly Case[] = [
  ['add:2', 3, '5'],
  ['add:"2"', '3', '5'],
  ['add:"b"', 'a', 'ab'],
  ['add:"b"', 3, ''],
  ['divisibleby:3', 21, 'true'],
  ['filesizeformat', 123456789, '117.7\u00a0MB'],
  ['filesizeformat', 1, '1\u00a0byte'],
  ['filesizeformat', 'x', '0\u00a0bytes'],
  ['filesizeformat', 1024, '1.0\u00a0KB'],
  ['floatformat', 34.23234, '34.2'],
  ['floatformat', 34.0, '34'],
  ['floatformat:3', 34.0, '34.000'],
  ['floatformat:"-3"', 34.0, '34'],
  ['floatformat:"-3"', 34.26, '34.260'],
  ['floatformat:0', 39.56, '40'],
  ['floatformat:2', 1.005, '1.01'],
  ['floatformat:2', -0.001, '0.00'],
  ['floatformat:"2g"', 1234567.891, '1,234,567.89'],
  ['floatformat', 'x', ''],
  ['floatformat:2', 1e21, '1000000000000000000000.00'],
  ['get_digit:2', 1234, '3'],
  ['pluralize', 1, ''],
  ['pluralize', 2, 's'],
  ['pluralize:"es"', [1, 2], 'es'],
  ['pluralize:"y,ies"', '1', 'y'],
]

const logic: readonly Case[] = [
  ['default:"x"', 0, 'x'],
  ['default:"x"', [], 'x'],
  ['default:"x"', 'y', 'y'],
  ['default_if_none:"x"', null, 'x'],
  ['default_if_none:"x"', '', ''],
  ['yesno', true, 'yes'],
  ['yesno:"ja,nein"', null, 'nein'],
  ['yesno:"ja,nein,?"', null, '?'],
  ['yesno:"ja,nein"', 0, 'nein'],
  ['json_script', { a: [1] }, '<script type="application/json">{"a":[1]}</script>'],
]

const DAY = new Date(Date.UTC(2024, 0, 9, 13, 5, 7))
const dates: readonly Case[] = [
  ['date', DAY, 'Jan. 9, 2024'],
  ['date:"Y-m-d H:i:s"', DAY, '2024-01-09 13:05:07'],
  ['date:"D, jS F y, g:i a A P"', DAY, 'Tue, 9th January 24, 1:05 p.m. PM 1:05 p.m.'],
  ['date:"l N n t L W o z w"', DAY, 'Tuesday Jan. 1 31 True 2 2024 9 2'],
  [
    'date:"c|U|e|O|Z|u|r"',
    DAY,
    '2024-01-09T13:05:07+00:00|1704805507|UTC|+0000|0|000000|Tue, 9 Jan 2024 13:05:07 +0000',
  ],
  ['date:"\\Y\\e\\a\\r: Y"', DAY, 'Year: 2024'],
  ['date:"SHORT_DATE_FORMAT"', DAY, '01/09/2024'],
  ['date:"f G h b E M T I"', new Date(Date.UTC(2024, 6, 1, 0, 0)), '12 0 12 jul July Jul UTC 0'],
  ['date:"Y"', '2024-01-09', '2024'],
  ['date', 'soon', ''],
  ['date', null, ''],
  ['time', DAY, '1:05 p.m.'],
  ['time:"H\\h"', DAY, '13h'],
  ['timesince', new Date(Date.UTC(2023, 10, 30)), '1\u00a0month, 1\u00a0week'],
  ['timesince', new Date(Date.UTC(2024, 0, 9, 12)), '1\u00a0hour, 5\u00a0minutes'],
  ['timesince', new Date(Date.UTC(2024, 0, 10)), '0\u00a0minutes'],
  ['timeuntil', new Date(Date.UTC(2026, 0, 9, 13, 5, 7)), '2\u00a0years'],
]

describe('the filters', () => {
  before(() => setup())
  beforeEach(() => setClock({ now: () => DAY.getTime() }))
  afterEach(() => setClock())

  for (const [expression, value, expected] of [...strings, ...lists, ...numbers, ...logic, ...dates]) {
    it(`${expression} of ${formatValue(value)}`, async () => {
      expect(await rendered(`{{ value|${expression} }}`, { value })).to.equal(expected)
    })
  }

  it('a date is in TIME_ZONE, with daylight saving time', async () => {
    await overrideSettings({ TIME_ZONE: 'America/New_York' }, async () => {
      const value = new Date(Date.UTC(2024, 6, 1, 2, 30))
      expect(await rendered('{{ value|date:"Y-m-d H:i O T I" }}|{{ value }}', { value })).to.equal(
        '2024-06-30 22:30 -0400 EDT 1|June 30, 2024, 10:30 p.m.',
      )
    })
  })

  it('midnight and noon have their names', async () => {
    const value = [new Date(Date.UTC(2024, 0, 1)), new Date(Date.UTC(2024, 0, 1, 12))]
    expect(await rendered('{{ value.0|time }} {{ value.1|time }}', { value })).to.equal('midnight noon')
  })

  it('an ordinal has its suffix', async () => {
    const endings = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23].map(async (day) =>
      rendered('{{ value|date:"jS" }}', { value: new Date(Date.UTC(2024, 0, day)) }),
    )
    expect((await Promise.all(endings)).join(' ')).to.equal('1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd')
  })

  it('a string filter keeps the mark of its input', async () => {
    expect(await rendered('{{ value|capfirst|truncatewords:2 }}', { value: markSafe('<b>a</b> b c') })).to.equal(
      '<b>a</b> b …',
    )
  })

  it('lists and objects print as JSON, and null filters print nothing', async () => {
    expect(await rendered('{{ a|safe }} {{ b|safe }}[{{ c }}]', { a: [1, 'x'], b: { k: true }, c: null })).to.equal(
      '[1,"x"] {"k":true}[]',
    )
  })
})
