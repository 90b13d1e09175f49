/** Functions with a memory or a second implementation: JSON, dates, routes, names of headers. */
import * as fc from 'fast-check'
import { toDatabaseDate } from '#core/db'
import { HttpResponse } from '#core/http'
import { parseJson, stringifyJson } from '#core/serialization'
import { include, path, rePath, resolve, reverse, type UrlPatterns } from '#core/urls'
import { httpDate } from '#core/web'
import { ALWAYS, outcome, type Scenario } from '../scenario.ts'

type Step =
  | { readonly do: 'parse'; readonly text: string }
  | { readonly do: 'resolve'; readonly path: string }
  | { readonly do: 'reverse'; readonly name: string; readonly args: readonly string[] }
  | { readonly do: 'date'; readonly ms: number }
  | { readonly do: 'header'; readonly name: string; readonly value: string }

const view = (): HttpResponse => new HttpResponse()

const inner: UrlPatterns = [
  path('', view, { name: 'index' }),
  path('<slug:s>/', view, { name: 'one' }),
  path('a/', view),
]
const urlconf: UrlPatterns = [
  path('', view, { name: 'home' }),
  path('a/', view, { name: 'a' }),
  path('a/<int:n>/', view, { name: 'a' }),
  path('a/b/', view, { name: 'b' }),
  rePath(/^re\/(\d+)\/$/, view, { name: 're' }),
  path('in/', include([inner, 'app'], { namespace: 'first' })),
  path('in/<int:n>/', include([inner, 'app'], { namespace: 'second' })),
  path('<path:rest>', view, { name: 'rest' }),
]

const segment = fc.constantFrom('a', 'b', 'in', 're', '1', '22', 'x-y', '', 'A')

/** JSON with the numbers and keys that JavaScript would change. */
const number = fc.constantFrom(
  '0',
  '-0',
  '1.0',
  '1e3',
  '1E400',
  '12345678901234567890',
  '0.1',
  '-5',
  'NaN',
  '-Infinity',
)
const { value: jsonText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('true', 'null', '[]', '{}', ' [ ] ', '"\\u00e9"', 'tru', '{"a"}'),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', '10', '2', '__proto__', 'ü'), tie('value')), { maxLength: 4 })
      .map((entries) => `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`),
  ),
}))

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ do: fc.constant('parse'), text: jsonText }),
  fc.record({
    do: fc.constant('resolve'),
    path: fc.array(segment, { maxLength: 4 }).map((all) => `/${all.join('/')}`),
  }),
  fc.record({
    do: fc.constant('reverse'),
    name: fc.constantFrom(
      'home',
      'a',
      'b',
      're',
      'rest',
      'app:one',
      'first:index',
      'second:one',
      'nothing',
      'no:thing',
    ),
    args: fc.array(segment, { maxLength: 2 }),
  }),
  fc.record({ do: fc.constant('date'), ms: fc.integer({ min: 0, max: 3000 }).map((ms) => 1_700_000_000_000 + ms / 2) }),
  fc.record({
    do: fc.constant('header'),
    name: fc.constantFrom('Vary', 'vary', 'X-One', 'x-one', 'X One', '', 'Content-Type', 'ü'),
    value: fc.constantFrom('a', 'b\n', 'ü', '€', '\t'),
  }),
)

/** A value as Python would write it, read from that again: what was not changed must come back as it was. */
function roundTrip(text: string): unknown {
  const written = stringifyJson(parseJson(text))
  return [written, stringifyJson(parseJson(written))]
}

function resolved(asked: string): unknown {
  const { func, ...match } = resolve(asked, urlconf)
  return { ...match, isView: func === view }
}

function header(name: string, value: string): unknown {
  const { headers } = new HttpResponse()
  headers.set(name, value)
  return [headers.get(name), headers.has(name.toLowerCase()), [...headers], headers.delete(name.toUpperCase())]
}

// oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive
const take = (each: Step): unknown => {
  switch (each.do) {
    case 'parse':
      return roundTrip(each.text)
    case 'resolve':
      return resolved(each.path)
    case 'reverse':
      return reverse(each.name, { args: each.args, urlconf })
    case 'date':
      return [toDatabaseDate(each.ms), httpDate(each.ms / 1000)]
    case 'header':
      return header(each.name, each.value)
  }
}

export const functionScenario: Scenario<readonly Step[]> = {
  name: 'functions',
  arbitrary: fc.array(step, { minLength: 1, maxLength: 30 }),
  runs: 200,
  targets: async () => ALWAYS,
  open: async () => ({
    run: async (steps) => Promise.all(steps.map((each) => outcome(() => take(each)))),
    close: async () => {},
  }),
}
