/** if, for, ifchanged, firstof, cycle and resetcycle work as in Django. */
import { expect } from 'chai'
import { failure, rendered } from '../render.ts'

const cases: readonly (readonly [what: string, source: string, context: Record<string, unknown>, expected: string])[] =
  [
    [
      'if renders the first true branch',
      '{% if a %}a{% elif b %}b{% elif c %}c{% else %}d{% endif %}',
      { b: 1, c: 1 },
      'b',
    ],
    ['if renders else without a true branch', '{% if a %}a{% elif b %}b{% else %}d{% endif %}', {}, 'd'],
    ['if prints nothing without a true branch and else', '[{% if a %}a{% endif %}]', {}, '[]'],
    ['for iterates over a list', '{% for x in l %}{{ x }},{% endfor %}', { l: [1, 2, 3] }, '1,2,3,'],
    [
      'for unpacks entries',
      '{% for a, b in l %}{{ a }}{{ b }};{% endfor %}',
      {
        l: [
          [1, 2],
          [3, 4],
        ],
      },
      '12;34;',
    ],
    ['for iterates in reverse', '{% for x in l reversed %}{{ x }}{% endfor %}', { l: [1, 2, 3] }, '321'],
    ['for has an empty branch', '{% for x in l %}x{% empty %}none{% endfor %}', { l: [] }, 'none'],
    ['for treats a missing value as empty', '{% for x in no.such %}x{% empty %}none{% endfor %}', {}, 'none'],
    ['for iterates over the keys of an object', '{% for k in o %}{{ k }}{% endfor %}', { o: { a: 1, b: 2 } }, 'ab'],
    ['for iterates over items', '{% for k, v in o.items %}{{ k }}{{ v }}{% endfor %}', { o: { a: 1, b: 2 } }, 'a1b2'],
    [
      'for iterates over a map',
      '{% for k, v in m %}{{ k }}{{ v }}{% endfor %}{% for k in m %}{{ k }}{% endfor %}',
      { m: new Map([['a', 1]]) },
      'a1a',
    ],
    [
      'for iterates over sets, strings and generators',
      '{% for x in s %}{{ x }}{% endfor %}{% for x in "ab" %}{{ x }}.{% endfor %}',
      { s: new Set([1, 2]) },
      '12a.b.',
    ],
    [
      'for leaves the variables outside as they were',
      '{% for x in l %}{% endfor %}{{ x }}',
      { l: [1], x: 'before' },
      'before',
    ],
    [
      'forloop counts',
      '{% for x in l %}{{ forloop.counter }}{{ forloop.counter0 }}{{ forloop.revcounter }}{{ forloop.revcounter0 }}{{ forloop.length }}{% if forloop.first %}F{% endif %}{% if forloop.last %}L{% endif %} {% endfor %}',
      { l: ['a', 'b', 'c'] },
      '10323F 21213 32103L ',
    ],
    [
      'forloop refers to the outer loop',
      '{% for x in l %}{% for y in l %}{{ forloop.parentloop.counter }}{{ forloop.counter }} {% endfor %}{% endfor %}',
      { l: [1, 2] },
      '11 12 21 22 ',
    ],
    [
      'ifchanged prints what has changed',
      '{% for x in l %}{% ifchanged %}{{ x }}{% endifchanged %}{% endfor %}',
      { l: [1, 1, 2, 1] },
      '121',
    ],
    [
      'ifchanged watches variables, and has an else',
      '{% for x in l %}{% ifchanged x.k x.n %}{{ x.k }}{% else %}-{% endifchanged %}{% endfor %}',
      {
        l: [
          { k: 'a', n: 1 },
          { k: 'a', n: 1 },
          { k: 'a', n: 2 },
        ],
      },
      'a-a',
    ],
    [
      'ifchanged starts again with each run of its loop',
      '{% for y in l %}{% for x in l %}{% ifchanged x %}{{ x }}{% endifchanged %}{% endfor %};{% endfor %}',
      { l: [1, 1] },
      '1;1;',
    ],
    ['firstof prints the first that is true', '{% firstof a b "c" %}', { a: 0, b: 'B' }, 'B'],
    ['firstof prints nothing without a value', '[{% firstof a b %}]', {}, '[]'],
    ['firstof stores its result', '{% firstof a "c" as x %}[{{ x }}]', {}, '[c]'],
    ['cycle alternates', '{% for x in l %}{% cycle "a" y "c" %}{% endfor %}', { l: [1, 2, 3, 4], y: 'b' }, 'abca'],
    ['cycle has a name', '{% cycle "a" "b" as c %}{% cycle c %}{{ c }}{% cycle c %}', {}, 'abba'],
    [
      'cycle can be silent',
      '{% for x in l %}{% cycle "a" "b" as c silent %}{{ c }}{% endfor %}',
      { l: [1, 2, 3] },
      'aba',
    ],
    [
      'resetcycle begins again',
      '{% for x in l %}{% cycle "a" "b" "c" %}{% if x == 2 %}{% resetcycle %}{% endif %}{% endfor %}',
      { l: [1, 2, 3] },
      'aba',
    ],
  ]

describe('control flow tags', () => {
  for (const [what, source, context, expected] of cases) {
    it(what, async () => expect(await rendered(source, context)).to.equal(expected))
  }

  it('a template begins its cycles again each time it is rendered', async () => {
    const { engineOf } = await import('../render.ts')
    const template = (await engineOf()).fromString('{% cycle "a" "b" as c %}')
    expect([template.render(), template.render()]).to.deep.equal(['a', 'a'])
  })

  const mistakes: readonly (readonly [source: string, said: string])[] = [
    ['{% for x l %}{% endfor %}', "should have the form 'for x in list'"],
    ['{% for x, in l %}{% endfor %}', "should have the form 'for x in list'"],
    ['{% for x in l %}', "'for' is not closed. Looked for: empty, endfor."],
    ['{% if x %}{% else %}{% elif y %}{% endif %}', "There is no tag 'elif'. 'if' of line 1 is not closed yet."],
    ['{% for a, b in l %}{% endfor %}', "'for a, b' needs 2 values in each iteration, found 1"],
    ['{% for a in n %}{% endfor %}', 'cannot iterate over a number'],
    ['{% cycle %}', "'cycle' needs at least one value"],
    ['{% resetcycle %}', 'There is no cycle to reset.'],
  ]
  for (const [source, said] of mistakes) {
    it(`report the error in ${source}`, async () => {
      expect((await failure(source, { l: [1], n: 5 })).message).to.contain(said)
    })
  }
})
