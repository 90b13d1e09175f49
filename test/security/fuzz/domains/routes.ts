/** Routes: a path leads to a view or to none, a reversed name leads back, and expressions compile or are refused. */
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { ImproperlyConfigured } from '#core/exceptions'
import { HttpResponse } from '#core/http'
import { NoReverseMatch, path, resolve, Resolver404, rePath, reverse, type UrlPatterns, include } from '#core/urls'
import { type AnyDomain, allowing, domain, ensure } from '../domain.ts'
import { holdSettings } from '../active_settings.ts'
import { hostile, NASTY, shortOf } from '../strings.ts'

const view = (): HttpResponse => new HttpResponse('')

const PATTERNS: UrlPatterns = [
  path('', view, { name: 'home' }),
  path('int/<int:n>/', view, { name: 'int' }),
  path('str/<str:a>/<b>/', view, { name: 'str' }),
  path('slug/<slug:a>-<int:n>', view, { name: 'slug' }),
  path('uuid/<uuid:id>/', view, { name: 'uuid' }),
  path('path/<path:a>', view, { name: 'path' }),
  rePath(/^re\/(?<year>[0-9]{4})\/(?<a>[\w-]+)\/$/, view, { name: 're' }),
  rePath('^python/(?P<a>\\w+)/(?:page-(?P<n>\\d+)/)?$', view, { name: 'python' }),
  rePath(/^plain\/([^/]+)\/(\d+)$/, view, { name: 'plain' }),
  path('in/<int:n>/', include([path('<str:a>', view, { name: 'inner' })])),
]

const PATH_WORDS = [
  '/',
  'int/',
  'str/',
  'slug/',
  'uuid/',
  'path/',
  're/',
  'python/',
  'plain/',
  'in/',
  '5',
  '-5',
  '2026/',
  'a',
  'a-5',
  'page-',
  '00000000-0000-0000-0000-000000000000',
  '\n',
  '99999999999999999999',
]

interface Reversal {
  readonly name: string
  readonly kwargs: Readonly<Record<string, unknown>>
  readonly args: readonly unknown[]
}

const argument = fc.oneof(
  { arbitrary: fc.constantFrom<unknown>(...NASTY, 5, -1, 2 ** 60, 1.5, null, true, 10n), weight: 6 },
  { arbitrary: shortOf(PATH_WORDS, 4), weight: 3 },
  { arbitrary: hostile({ words: PATH_WORDS, longest: 20_000 }), weight: 1 },
)

function back({ name, kwargs, args }: Reversal): void {
  const options = { urlconf: PATTERNS, ...(args.length > 0 ? { args } : { kwargs }) }
  const url = allowing([NoReverseMatch], () => reverse(name, options))
  if (url === undefined) return
  ensure(/^[!-~]*$/.test(url), 'the URL is not ASCII')
  ensure(url.startsWith('/') && !url.startsWith('//') && !/[?#]/.test(url), 'the URL is no path')
  const decoded = decodeURIComponent(url)
  const found = allowing([Resolver404], () => resolve(decoded, PATTERNS))
  ensure(found !== undefined, `the reversed ${url} leads nowhere`)
}

const EXPRESSION_WORDS = [
  '^',
  '$',
  '(?P<a>',
  '(?<b>',
  '(',
  ')',
  '[',
  ']',
  '[^',
  '\\w',
  '\\d',
  '\\Z',
  '\\A',
  '*',
  '+',
  '?',
  '{2,}',
  '{,3}',
  '|',
  '.',
  '(?i)',
  '(?:',
  '(?=',
  '(?#x)',
  '\\',
  '-',
  '/',
  '(?P=a)',
  '\\1',
  '\\p{L}',
  '<int:a>',
  '<a>',
  '<',
  '>',
  ':',
]

export const routeDomains: readonly AnyDomain[] = [
  domain<string>({
    name: 'paths',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    open: () => holdSettings(),
    arbitrary: fc.oneof(shortOf(PATH_WORDS), hostile({ words: PATH_WORDS })).map((text) => `/${text}`),
    check(text) {
      const found = allowing([Resolver404], () => resolve(text, PATTERNS))
      if (found?.urlName === 'int') ensure(Number.isFinite(Number(found.kwargs.n)), 'the number is none')
      ensure(
        isDeepStrictEqual(Object.getOwnPropertyNames(Object.prototype).includes('x'), false),
        'Object.prototype was changed',
      )
    },
  }),
  domain<Reversal>({
    name: 'reversals',
    kind: 'in process',
    inputs: { short: 1000, long: 400_000 },
    open: () => holdSettings(),
    arbitrary: fc.record({
      name: fc.constantFrom(
        'home',
        'int',
        'str',
        'slug',
        'uuid',
        'path',
        're',
        'python',
        'plain',
        'inner',
        '__proto__',
        'x:y',
        '',
      ),
      kwargs: fc.dictionary(fc.constantFrom('n', 'a', 'b', 'id', 'year', '__proto__', 'x'), argument, {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      args: fc.oneof(
        { arbitrary: fc.constant([]), weight: 2 },
        { arbitrary: fc.array(argument, { maxLength: 2 }), weight: 1 },
      ),
    }),
    check: back,
  }),
  domain<string>({
    name: 'expressions',
    kind: 'in process',
    inputs: { short: 500, long: 150_000 },
    // The author writes the routes, and V8 compiles the expression.
    fixedMs: 150,
    arbitrary: fc.oneof(
      { arbitrary: shortOf(EXPRESSION_WORDS, 12), weight: 10 },
      { arbitrary: hostile({ words: EXPRESSION_WORDS, longest: 3000 }), weight: 1 },
    ),
    check(text) {
      allowing([ImproperlyConfigured], () => rePath(text, view))
      allowing([ImproperlyConfigured], () => path(text as '', view))
    },
  }),
]
