/** No regular expression in core/ takes more than linear time on any input. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { expect } from 'chai'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** The limit of the analysis for one expression. */
const LIMITS = {
  timeout: 30_000,
  incubationLimit: 3000,
  attackLimit: 300_000,
  maxAttackStringSize: 60_000,
  maxIteration: 3,
}

interface Diagnostics {
  readonly status: 'safe' | 'vulnerable' | 'unknown'
  readonly complexity?: { readonly summary: string }
  readonly attack?: { readonly pattern: string }
}

// The version without worker threads and binaries.
const { checkSync } = createRequire(import.meta.url)('recheck/lib/browser.js') as {
  checkSync: (source: string, flags: string, parameters: typeof LIMITS) => Diagnostics
}

const COMMENT = /^\s*(?:\/\/|\/?\*).*$/gm
const LITERAL =
  /(?<=^|[\s=(,:?&|![{;}])\/(?![*/ ])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+)\/([dgimsuvy]*)(?![\w/])/gm

/** The literals of a source file. */
const literalsIn = (file: string): { file: string; source: string; flags: string }[] =>
  [...readFileSync(path.join(ROOT, file), 'utf8').replace(COMMENT, '').matchAll(LITERAL)].map(
    ([, source = '', flags = '']) => ({ file, source, flags }),
  )

const isRegExp = ({ source, flags }: { source: string; flags: string }): boolean => {
  try {
    return new RegExp(source, flags) instanceof RegExp
  } catch {
    return false
  }
}

const files = ['core', 'apps'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => path.join(folder, file)),
)
const literals = files.flatMap(literalsIn).filter(isRegExp)

/** Too large for the analysis; test/security/superlinear.test.ts measures it. */
const MEASURED = [
  'core/serialization/json.ts: (?:^|[[,:])\\s*-?(?:\\d+[.eE]|\\d{16}|Infinity|NaN|0[,}\\]])|"\\d+"\\s*:',
]

const complexityOf = ({ source, flags }: { source: string; flags: string }): string => {
  const { status, complexity, attack } = checkSync(source, flags.replace(/[dv]/g, ''), LIMITS)
  return status === 'vulnerable' ? `${complexity?.summary} for ${attack?.pattern}` : status
}

describe('regular expressions', function () {
  this.timeout(120_000)

  it('are found in the sources', () => expect(literals.length).to.be.greaterThan(250))

  it('are detected if they are not linear', () => {
    for (const source of ['\\s+$', '^\\s*(.*?)\\s*<([^<>]+)>\\s*$', '<[^>]*>', '(a+)+$'])
      expect(complexityOf({ source, flags: '' }), source).to.match(/polynomial|exponential/)
  })

  it('take linear time', () => {
    const seen = new Map<string, string>()
    for (const { file, source, flags } of literals) {
      if (!MEASURED.includes(`${file}: ${source}`)) seen.set(`/${source}/${flags}`, file)
    }
    const slow = [...seen].flatMap(([text, file]) => {
      const end = text.lastIndexOf('/')
      const complexity = complexityOf({ source: text.slice(1, end), flags: text.slice(end + 1) })
      return complexity === 'safe' ? [] : [`${file}: ${text} is ${complexity}`]
    })
    expect(slow).to.deep.equal([])
  })
})
