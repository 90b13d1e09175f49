/** Templates and filters: a template compiles or is refused with its position, and client text is escaped. */
import * as fc from 'fast-check'
import { type Template, TemplateDoesNotExist, TemplateSyntaxError, markSafe } from '#core/template'
import { loadUrlconf, NoReverseMatch } from '#core/urls'
import { DjangoTemplates } from '../../../../core/template/backends/django.ts'
import { filters } from '../../../../core/template/defaultfilters.ts'
import { type AnyDomain, domain, ensure, type Output } from '../domain.ts'
import { holdSettings } from '../active_settings.ts'
import { edits, hostile, NASTY, shortOf } from '../strings.ts'

const INCLUDED = {
  'base.html': '<html>{% block a %}A{% endblock %}{% block b %}{{ text }}{% endblock %}</html>',
  'part.html': '[{{ text|upper }}]',
  'self.html': '{% if depth %}{% include "part.html" %}{% endif %}',
}

let engine: DjangoTemplates

/** An engine whose templates are in memory. */
async function openEngine(): Promise<() => Promise<void>> {
  const close = await holdSettings({ STATIC_URL: '/static/' })
  await loadUrlconf()
  engine = new DjangoTemplates({
    NAME: 'fuzz',
    DIRS: [],
    APP_DIRS: false,
    OPTIONS: { loaders: [['core.template.loaders.locmem.Loader', INCLUDED]] },
    apps: [],
    setting: 'TEMPLATES[0]',
    root: import.meta.dirname,
  })
  await engine.load()
  return close
}

/** The documented error of a tag when the view passes an unsuitable value. */
const DOCUMENTED = [
  /cannot iterate over a/,
  /needs \d+ values in each iteration/,
  /should be the name of a template/,
  /leads out of the template folders/,
  /is a promise\. Templates cannot wait/,
  /should be an object of values/,
]

const isDocumented = (error: unknown): boolean =>
  error instanceof TemplateSyntaxError ||
  error instanceof TemplateDoesNotExist ||
  error instanceof NoReverseMatch ||
  (error instanceof Error && DOCUMENTED.some((each) => each.test(error.message)))

/**
 * Every string of the client starts with it, and its bracket must be escaped in the output. The letters before the
 * bracket distinguish it from a bracket of the template's author, who may print one before a string of the client.
 */
const MARK = 'client<q7>'
const UNESCAPED = 'client<q7'

/** Iterations after which a template is stopped: nested loops over a string could run for minutes. */
const MAX_ITERATIONS = 500

/** Characters of the client's text in a template with a loop. `x|join:x` squares them in each iteration. */
const MAX_TEXT_IN_LOOP = 300

class TooManyIterations extends Error {}

/** @param onIteration called at the start of each iteration of a generated loop */
const contextOf = (text: string, onIteration: () => void): Record<string, unknown> => ({
  iteration: () => {
    onIteration()
    return ''
  },
  text: MARK + text,
  html: markSafe('<b>bold</b>'),
  list: [MARK + text, 2, null, { name: text }],
  pairs: [
    [1, text],
    [2, 'b'],
  ],
  dict: { key: MARK + text, items: [1, 2], __proto__: null },
  number: 5,
  float: 1.5,
  date: new Date(0),
  none: null,
  depth: 1,
  map: new Map([['a', text]]),
  call: () => text,
  obj: {
    async asyncMethod() {
      throw new Error('a promise that is rejected')
    },
  },
})

/** Marks text as HTML, or exempts it from autoescaping: the author vouches for it. */
const TRUSTS = /safe|autoescape|json_script|striptags|html|cut|slice|make_list|first|last|random|templatetag|verbatim/

const FILTERS = Object.keys(filters)
const VARIABLES = [
  'text',
  'html',
  'list',
  'pairs',
  'dict.key',
  'dict.items',
  'list.0',
  'list.3.name',
  'number',
  'float',
  'date',
  'none',
  'missing.x',
  'map.a',
  'call',
  '5',
  '-1.5',
  '"a"',
  "'<'",
  'text.length',
  'dict.constructor',
  'obj',
  'obj.asyncMethod',
  'list.length',
  'forloop.counter',
  'True',
  'None',
]

const variable = fc.constantFrom(...VARIABLES)
const filterCall = fc
  .tuple(
    fc.constantFrom(...FILTERS),
    fc.option(
      fc.oneof(
        { arbitrary: variable, weight: 3 },
        { arbitrary: fc.constantFrom('"5"', '":2"', '"Y-m-d"', '"<"', '"yes,no"', '"."', '"0"', '-3'), weight: 3 },
      ),
      { freq: 2 },
    ),
  )
  .map(([name, argument]) => `|${name}${argument === null ? '' : `:${argument}`}`)
const expression = fc
  .tuple(variable, fc.array(filterCall, { maxLength: 2 }))
  .map(([name, calls]) => name + calls.join(''))
const condition = fc
  .array(
    fc.oneof(
      { arbitrary: expression, weight: 3 },
      {
        arbitrary: fc.constantFrom('and', 'or', 'not', 'in', 'is', '==', '!=', '<', '>=', 'is not', 'not in'),
        weight: 2,
      },
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((words) => words.join(' '))

const TAGS = [
  '{% now "Y" %}',
  '{% csrf_token %}',
  '{% load i18n static %}',
  '{% static "a.css" %}',
  '{% templatetag openblock %}',
  '{% cycle "a" "b" %}',
  '{% firstof none text %}',
  '{% widthratio number 10 100 %}',
  '{% regroup list by name as groups %}',
  '{% querystring a=1 %}',
  '{# note #}',
  '{% include "part.html" %}',
  '{% include "self.html" with text=number only %}',
  '{% include text %}',
  '{% extends "base.html" %}',
  '{% lorem %}',
  '{% debug %}',
  '{% resetcycle %}',
  '{% load nothing %}',
  '{% url "x" %}',
]

const { template } = fc.letrec<{ template: string; piece: string }>((tie) => {
  const body = fc.array(tie('piece'), { maxLength: 3 }).map((list) => list.join(''))
  return {
    template: fc.array(tie('piece'), { minLength: 1, maxLength: 5 }).map((list) => list.join('')),
    piece: fc.oneof(
      { maxDepth: 3 },
      { arbitrary: expression.map((text) => `{{ ${text} }}`), weight: 5 },
      { arbitrary: fc.constantFrom(...TAGS), weight: 2 },
      { arbitrary: fc.constantFrom('text ', '<p>', '\n', ' \n \n', '{', '}}', '%}'), weight: 2 },
      {
        arbitrary: fc
          .tuple(condition, body, body)
          .map(([test, yes, no]) => `{% if ${test} %}${yes}{% else %}${no}{% endif %}`),
        weight: 2,
      },
      {
        arbitrary: fc
          .tuple(expression, body)
          .map(([list, inner]) => `{% for x in ${list} %}{{ iteration }}${inner}{{ x }}{% empty %}-{% endfor %}`),
        weight: 2,
      },
      {
        arbitrary: fc
          .tuple(expression, body)
          .map(([value, inner]) => `{% with a=${value} %}${inner}{{ a }}{% endwith %}`),
        weight: 1,
      },
      {
        arbitrary: fc
          .tuple(
            fc.constantFrom(
              'spaceless',
              'autoescape off',
              'autoescape on',
              'verbatim',
              'comment',
              'filter upper',
              'block a',
              'ifchanged',
              'blocktranslate trimmed',
            ),
            body,
          )
          .map(
            ([tag, inner]) =>
              `${tag.startsWith('blocktr') ? '{% load i18n %}' : ''}{% ${tag} %}${inner}{% end${tag.split(' ')[0]} %}`,
          ),
        weight: 2,
      },
    ),
  }
}) as { template: fc.Arbitrary<string> }

interface Rendering {
  readonly source: string
  readonly text: string
}

function render({ source, text: whole }: Rendering): Output | undefined {
  const text = source.includes('{{ iteration }}') ? whole.slice(0, MAX_TEXT_IN_LOOP) : whole
  let iterations = 0
  const count = (): void => {
    if (++iterations > MAX_ITERATIONS) throw new TooManyIterations()
  }
  // The author of a loop decides on the work. An iteration counts as much as printing the input.
  const produced = (output: string): Output => ({
    outputBytes: output.length + iterations * (source.length + text.length),
  })
  let output: string
  try {
    output = engine.fromString(source).render(contextOf(text, count))
  } catch (error) {
    if (error instanceof TooManyIterations) return produced('')
    if (isDocumented(error)) return undefined
    throw error
  }
  const isTrusted = TRUSTS.test(source) || source.includes(UNESCAPED)
  ensure(isTrusted || !output.includes(UNESCAPED), 'client text came out unescaped')
  return produced(output)
}

const compiled = new Map<string, Template>()

function compiledFilter(name: string, hasArgument: boolean): Template {
  const source = `{{ value|${name}${hasArgument ? ':argument' : ''} }}`
  let found = compiled.get(source)
  if (found === undefined) compiled.set(source, (found = engine.fromString(source)))
  return found
}

interface FilterUse {
  readonly name: string
  readonly value: unknown
  readonly argument: unknown
}

function applyFilter({ name, value, argument }: FilterUse): void {
  // The context that is created for a value must not be shared between inputs.
  const output = compiledFilter(name, argument !== undefined).render({ value, argument })
  ensure(typeof output === 'string', 'the filter prints no string')
}

const scalar = fc.oneof(
  { arbitrary: fc.constantFrom(...NASTY), weight: 4 },
  { arbitrary: fc.string({ maxLength: 10 }), weight: 2 },
  { arbitrary: fc.integer(), weight: 2 },
  { arbitrary: fc.double(), weight: 1 },
  { arbitrary: fc.bigInt(), weight: 1 },
  { arbitrary: fc.date({ noInvalidDate: false }), weight: 1 },
  { arbitrary: fc.constantFrom<unknown>(null, undefined, true, false), weight: 1 },
)
const filterValue = fc.oneof(
  {
    arbitrary: hostile({
      words: [
        '<a href="',
        '">',
        '<script>',
        '&amp;',
        'http://a.b',
        'www.',
        '<b>',
        '</b>',
        '<!--',
        '\n\n',
        '1234567',
        '.5',
      ],
    }),
    weight: 5,
  },
  { arbitrary: scalar, weight: 4 },
  { arbitrary: fc.array(scalar, { maxLength: 5 }), weight: 1 },
  {
    arbitrary: fc.array(fc.record({ n: scalar, 'a.b': scalar }), { maxLength: 4 }),
    weight: 1,
  },
  { arbitrary: fc.dictionary(fc.constantFrom(...NASTY), scalar, { maxKeys: 3 }), weight: 1 },
  { arbitrary: fc.array(scalar, { maxLength: 3 }).map((list) => new Map(list.map((each, i) => [i, each]))), weight: 1 },
)
const ARGUMENTS = [
  '5',
  '-1',
  '0',
  ':2',
  '::-1',
  '1:',
  '500000000',
  '05.1f',
  '9999999d',
  '%s',
  '*d',
  '.999999f',
  'd',
  'r',
  'Y-m-d H:i:s',
  'N jS',
  '\\',
  'yes,no,maybe',
  ',',
  'n',
  'a.b',
  '__proto__',
  's',
  'e',
  'y,ies',
  '1e9',
]
const argument = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 2 },
  { arbitrary: fc.constantFrom<unknown>(...ARGUMENTS), weight: 6 },
  { arbitrary: scalar, weight: 2 },
  { arbitrary: shortOf(ARGUMENTS, 3), weight: 2 },
  { arbitrary: hostile({ words: ARGUMENTS, longest: 20_000 }), weight: 1 },
)

const SYNTAX = [
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  '|',
  ':',
  'text',
  'if',
  'for x in list',
  'endif',
  'endfor',
  'else',
  '"',
  "'",
  '.',
  ' ',
  '_(',
  ')',
  '\n',
  'block a',
  'endblock',
  'extends "base.html"',
  'verbatim',
  'endverbatim',
  'comment',
  'endcomment',
]

export const templateDomains: readonly AnyDomain[] = [
  domain<Rendering>({
    name: 'templates',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    fixedMs: 30,
    open: openEngine,
    arbitrary: fc.record({
      source: fc
        .tuple(
          template,
          fc.oneof(
            { arbitrary: fc.constant((text: string) => text), weight: 2 },
            { arbitrary: edits(SYNTAX), weight: 1 },
          ),
        )
        .map(([source, change]) => change(source)),
      text: hostile({ longest: 3000 }),
    }),
    check: render,
  }),
  domain<Rendering>({
    name: 'template-syntax',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    open: openEngine,
    arbitrary: fc.record({
      source: fc.oneof(
        { arbitrary: shortOf(SYNTAX, 15), weight: 40 },
        { arbitrary: hostile({ words: SYNTAX, longest: 30_000 }), weight: 10 },
      ),
      text: fc.constantFrom(...NASTY),
    }),
    check: render,
  }),
  domain<FilterUse>({
    name: 'filters',
    kind: 'in process',
    inputs: { short: 4000, long: 1_000_000 },
    open: openEngine,
    arbitrary: fc.record({ name: fc.constantFrom(...FILTERS), value: filterValue, argument }),
    check: applyFilter,
  }),
]
