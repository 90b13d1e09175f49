/** The tables of docs/topics/security.md are complete, and each test that they name exists. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { blocks, page, REPOSITORY } from './markdown.ts'

const FILE = 'docs/topics/security.md'
const ASVS = 'test/security/asvs.test.ts'

/** The number of requirements in each section of ASVS 5.0.0. */
const SECTIONS: Readonly<Record<string, number>> = {
  '7.1': 3,
  '7.2': 4,
  '7.3': 2,
  '7.4': 5,
  '7.5': 3,
  '7.6': 2,
  '3.3': 5,
  '3.4': 8,
  '3.5': 8,
}

interface Row {
  readonly number: string
  readonly here: string
  readonly tests: readonly { readonly name: string; readonly file: string }[]
}

const rows: Row[] = page(FILE)
  .text.split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => {
    const [, number = '', , here = '', tests = ''] = line.split('|').map((cell) => cell.trim())
    const named = [...tests.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)]
    const from = path.dirname(FILE)
    return {
      number,
      here,
      tests: named.map(([, name = '', target = '']) => ({ name, file: path.join(from, target) })),
    }
  })

const source = (file: string): string => readFileSync(path.join(REPOSITORY, file), 'utf8')

/** Names of a file's tests, with `…` for interpolated values. */
function testsOf(file: string): Set<string> {
  const names = [...source(file).matchAll(/\bit\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g)].map((found) => found[2] as string)
  return new Set(names.map((name) => name.replace(/\$\{.*?\}/g, '…')))
}

describe('the page on security', () => {
  it('has a row for each requirement, once', () => {
    const expected = Object.entries(SECTIONS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, i) => `${section}.${i + 1}`),
    )
    expect(rows.map(({ number }) => number)).to.deep.equal(expected)
  })

  it('has a test for each requirement that is met, and an explanation for every other one', () => {
    for (const { number, here, tests } of rows) {
      expect(here, number).to.match(/^(?:Met|In part|Application|Does not apply)\b/)
      if (here.startsWith('Met')) expect(tests.length, number).to.be.above(0)
      else expect(here.length, number).to.be.above(40)
    }
  })

  it('names only existing tests', () => {
    const lost = rows.flatMap(({ number, tests }) =>
      tests.filter(({ name, file }) => !testsOf(file).has(name)).map(({ name, file }) => `${number}: ${file}: ${name}`),
    )
    expect(lost).to.deep.equal([])
  })

  it('names every test of a requirement, in the row of its number', () => {
    const named = rows.flatMap(({ number, tests }) =>
      tests.filter(({ name, file }) => file === ASVS && name.startsWith(`${number}: `)).map(({ name }) => name),
    )
    expect(named.toSorted((a, b) => a.localeCompare(b))).to.deep.equal(
      [...testsOf(ASVS)].toSorted((a, b) => a.localeCompare(b)),
    )
  })

  it('shows the settings under which these tests run', () => {
    const [block] = blocks(page(FILE))
    expect(source('test/security/settings.ts')).to.contain(`${block?.text.split('\n\n')[1]}`)
  })
})
