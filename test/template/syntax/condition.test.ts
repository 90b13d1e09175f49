/** The conditions of `{% if %}` follow Python. */
import { expect } from 'chai'
import { failure, rendered } from '../render.ts'

const context = {
  yes: true,
  no: false,
  zero: 0,
  one: 1,
  word: 'word',
  list: ['a', 'b'],
  empty: [],
  emptyObject: {},
  emptyMap: new Map(),
  emptySet: new Set(),
  noQuery: new URLSearchParams(),
  object: { key: 1 },
  map: new Map([['key', 1]]),
  day: new Date(0),
  sameDay: new Date(0),
  big: 1n,
  nothing: null,
}

const truths = [
  'yes',
  'one',
  'word',
  'list',
  'object',
  'map',
  'day',
  'not no',
  'not missing',
  'not nothing',
  'not empty',
  'not emptyObject',
  'not emptyMap',
  'not emptySet',
  'not noQuery',
  'not zero',
  'not ""',
  'yes and one',
  'no or yes',
  'yes and not no',
  'not no and yes',
  'no and no or yes',
  'yes or no and no',
  'not yes or yes',
  'one == 1',
  'one == big',
  'one != 2',
  'word == "word"',
  "word != 'x'",
  'day == sameDay',
  'one < 2',
  'one <= 1',
  'one > zero',
  'one >= 1',
  '"a" < "b"',
  'not word < 1',
  'not missing < 1',
  '"a" in list',
  '"x" not in list',
  '"or" in word',
  '"key" in object',
  '"key" in map',
  'not "toString" in object',
  'one not in empty',
  'missing == None',
  'nothing is None',
  'one is not None',
  'yes is True',
  'missing is nothing',
  'list|length == 2',
  'list|length > 1 and word|first == "w"',
  'one in list or "b" in list',
  'not not yes',
  'list == list',
]

describe('a condition', () => {
  for (const condition of truths) {
    it(`is true: ${condition}`, async () => {
      const source = `{% if ${condition} %}yes{% else %}no{% endif %}`
      expect(await rendered(source, context)).to.equal('yes')
      // The negation must be false: a parser that ignores the rest would accept the line above.
      expect(
        await rendered(`{% if ${condition} %}{% if no %}yes{% endif %}{% elif yes %}no{% endif %}`, context),
      ).to.equal('')
    })
  }

  it('returns an operand, as Python does, and not only true or false', async () => {
    expect(await rendered('{% if no or word == "word" %}{{ word }}{% endif %}', context)).to.equal('word')
  })

  const mistakes: readonly (readonly [condition: string, said: string])[] = [
    ['', 'ends where a value is expected'],
    ['a ==', 'ends where a value is expected'],
    ['a b', "'b' does not belong here"],
    ['== a', "Found '==' where a value is expected"],
    ['a and', 'ends where a value is expected'],
    ['not', 'ends where a value is expected'],
    ['a|nope', "There is no filter 'nope'"],
  ]
  for (const [condition, said] of mistakes) {
    it(`is refused: '${condition}'`, async () => {
      const error = await failure(`\n{% if ${condition} %}{% endif %}`)
      expect(error.name).to.equal('TemplateSyntaxError')
      expect(error.message).to.contain('<string>, line 2: ').and.contain(said)
    })
  }
})
