/** The examples in the topics work: the engine passes the contract tests, the test passes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setup } from '#core/apps'
import type { SessionStoreClass } from '#core/contrib/sessions'
import { sessionEngineTests } from '#core/test'
import { blocks, page, REPOSITORY } from './markdown.ts'

// Inside the repository, so that `#core/…` resolves to this core.
const parent = path.join(REPOSITORY, '.nuages')
mkdirSync(parent, { recursive: true })
const folder = mkdtempSync(path.join(parent, 'examples-'))

/** Imports the block of a page that contains a string. */
async function example(file: string, part: string): Promise<Record<string, unknown>> {
  const found = blocks(page(file)).find(({ language, text }) => language === 'ts' && text.includes(part))
  if (found === undefined) throw new Error(`${file} has no example with '${part}'.`)
  const target = path.join(folder, `${path.basename(file, '.md')}.ts`)
  writeFileSync(target, found.text)
  return (await import(target)) as Record<string, unknown>
}

const { SessionStore } = await example('docs/topics/sessions.md', 'class SessionStore')

describe('examples of the documentation', () => {
  before(() => setup())
  after(() => rmSync(folder, { recursive: true }))

  sessionEngineTests('docs/topics/sessions.md', () => new (SessionStore as SessionStoreClass)(), {
    keepsNumbers: false,
  })
})

// The example has its own describe() and is imported for it.
await example('docs/topics/testing.md', "describe('the counter'")
