/** URL patterns resolve and reverse as in Django. */
import { expect } from 'chai'
import type { View } from '#core/http'
import {
  clearScriptPrefix,
  include,
  NoReverseMatch,
  path,
  Resolver404,
  rePath,
  resolve,
  reverse,
  setScriptPrefix,
  type UrlPatterns,
} from '#core/urls'
import { loadVectors } from './load.ts'

interface PatternInput {
  readonly kind: 'path' | 're_path'
  readonly route: string
  readonly name?: string
  readonly extra?: Record<string, unknown>
  readonly include?: readonly PatternInput[]
  readonly app_name?: string
  readonly namespace?: string
}

interface Input {
  readonly op: 'patterns' | 'reverse' | 'resolve'
  readonly patterns: readonly PatternInput[]
  readonly name: string
  readonly args: readonly unknown[] | null
  readonly kwargs: Record<string, unknown> | null
  readonly current_app: string | null
  readonly script_prefix: string
  readonly path: string
}

interface Expected {
  readonly ok?: false
  readonly error?: string
  readonly message?: string | null
  readonly path: string
}

const view: View = () => {
  throw new Error('No view is called here.')
}

function built(inputs: readonly PatternInput[]): UrlPatterns {
  return inputs.map(({ kind, route, name, extra, include: inner, app_name, namespace }) => {
    const write = kind === 'path' ? path : rePath
    const options = { name, kwargs: extra }
    if (inner === undefined) return write(route, view, options)
    const patterns = built(inner)
    return write(route, include(app_name === undefined ? patterns : [patterns, app_name], { namespace }), options)
  })
}

const vectors = loadVectors<Input, Expected>('urls')
const urlconf = built(vectors.find(({ input }) => input.op === 'patterns')?.input.patterns ?? [])

function reversed({ name, args, kwargs, current_app, script_prefix }: Input): { path: string } {
  setScriptPrefix(script_prefix)
  try {
    return { path: reverse(name, { args, kwargs, currentApp: current_app, urlconf }) }
  } finally {
    clearScriptPrefix()
  }
}

function resolved(input: Input): Record<string, unknown> {
  const { viewName, urlName, args, kwargs, appNames, namespaces, route } = resolve(input.path, urlconf)
  return { view_name: viewName, url_name: urlName, args, kwargs, app_names: appNames, namespaces, route }
}

const ERRORS: Record<string, new (...args: never[]) => Error> = { NoReverseMatch, Resolver404 }

describe('vectors: urls', () => {
  for (const { name, input, expected } of vectors) {
    it(name, () => {
      if (input.op === 'patterns') {
        expect(urlconf).to.have.length(input.patterns.length)
        return
      }
      const run = (): unknown => (input.op === 'reverse' ? reversed(input) : resolved(input))
      if (expected.ok !== false) expect(run()).to.deep.equal(expected)
      else if (expected.message === null || expected.message === undefined)
        expect(run).to.throw(ERRORS[expected.error as string] as ErrorConstructor)
      else expect(run).to.throw(ERRORS[expected.error as string] as ErrorConstructor, expected.message)
    })
  }
})
