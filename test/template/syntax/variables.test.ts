/** Variables, dots and filters work as in Django. */
import { expect } from 'chai'
import { failure, rendered } from '../render.ts'

class Person {
  readonly name = 'Ann'
  get isAuthenticated(): boolean {
    return true
  }
  getFullName(): string {
    return `${this.name} Smith`
  }
}

describe('a variable in a template', () => {
  const context = {
    user: new Person(),
    list: ['zero', { key: 'one' }],
    map: new Map<unknown, unknown>([
      ['a', 1],
      [7, 'seven'],
    ]),
    query: new URLSearchParams('q=django'),
    dict: { a: 1, items2: 2 },
    call: () => 'called',
  }

  const cases: readonly (readonly [what: string, source: string, expected: string])[] = [
    ['is printed', '{{ dict.a }}', '1'],
    ['reaches a list by index', '{{ list.0 }} {{ list.1.key }} {{ list.9 }}', 'zero one '],
    ['reaches a map by key', '{{ map.a }} {{ map.7 }}', '1 seven'],
    ['reaches URLSearchParams by name', '{{ query.q }}{{ query.x }}', 'django'],
    ['calls a method without parentheses', '{{ user.getFullName }}', 'Ann Smith'],
    ['calls a function that it is', '{{ call }}', 'called'],
    ["accepts Django's spelling of a name", '{{ user.is_authenticated }} {{ user.get_full_name }}', 'true Ann Smith'],
    [
      'has items, keys and values of an object',
      '{{ dict.items|length }} {{ dict.keys|join:"-" }} {{ dict.values.0 }}',
      '2 a-items2 1',
    ],
    ['prints nothing for a missing value', '[{{ no }}{{ no.such.thing }}{{ dict.b }}]', '[]'],
    ['may be a constant', '{{ "a\\"b" }} {{ 3.5 }} {{ -2 }} {{ True }} {{ None }}', 'a"b 3.5 -2 true '],
    ['may be a string to translate', '{{ _("text") }}', 'text'],
    ['is passed through filters with arguments', '{{ no|default:"a b"|upper|cut:" " }}', 'AB'],
    ['accepts a variable as an argument', '{{ no|default:user.name }}', 'Ann'],
    ['may have spaces around a pipe', '{{ no | default:"x" }}', 'x'],
  ]
  for (const [what, source, expected] of cases) {
    it(what, async () => expect(await rendered(source, context)).to.equal(expected))
  }

  it('prints string_if_invalid if it is missing, with its name for %s', async () => {
    const setup = { options: { string_if_invalid: '<%s?>' } }
    expect(await rendered('{{ a.b }}|{{ a|default:"x" }}|{% if a %}{% endif %}', {}, setup)).to.equal(
      '&lt;a.b?&gt;|&lt;a|default:&quot;x&quot;?&gt;|',
    )
  })

  it('is not called if it alters data, or is a class', async () => {
    const marked = Object.assign(() => 'deleted', { altersData: true })
    class Status {
      static readonly OPEN = 'open'
      readonly value = 1
    }
    expect(await rendered('[{{ object.delete }}] {{ Status.OPEN }}', { object: { delete: marked }, Status })).to.equal(
      '[] open',
    )
  })

  it('is an error when it is a promise, because templates cannot wait', async () => {
    const error = await failure('{{ user.load }}', { user: { load: () => Promise.resolve(1) } })
    expect(error.message).to.contain("'user.load' is a promise").and.contain('await it in the view')
  })

  it('does not access members of Object.prototype', async () => {
    const names = ['toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf', 'toLocaleString']
    for (const name of names) expect(await rendered(`{{ x.${name} }}`, { x: {} }), name).to.equal('')
    expect(await rendered('{{ toString }}{{ hasOwnProperty }}')).to.equal('')
  })

  it('does not access prototypes and constructors', async () => {
    const x = { own: 1 }
    const sources = [
      "{{ ''.constructor }}",
      "{{ ''.constructor.constructor }}",
      '{{ x.__proto__ }}',
      '{{ x.constructor }}',
      '{{ x.constructor.name }}',
      '{{ user.constructor.prototype }}',
      '{{ f.prototype }}{{ f.caller }}{{ f.arguments }}{{ f.call }}{{ f.bind }}{{ f.apply }}',
      '{{ list.push }}{{ list.pop }}{{ list.map }}{{ list.reverse }}',
      '{{ user.__defineGetter__ }}{{ x.__lookupGetter__ }}',
      '{{ x|default:x.constructor|default:"" }}{% firstof x.constructor user.constructor %}',
    ]
    const f = Object.assign(function f() {}, { doNotCallInTemplates: true })
    const list = [1]
    for (const source of sources) {
      const output = await rendered(source, { x, user: new Person(), f, list })
      expect(output.replace('{&quot;own&quot;:1}', ''), source).to.equal('')
    }
    expect(list).to.deep.equal([1])
  })

  it('does not access an own key named constructor', async () => {
    expect(await rendered('{{ x.constructor }}', { x: { constructor: 'own' } })).to.equal('')
  })
})
