/** A fresh clone of this repository, without what a clone does not have, for tests of its first minutes. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const REPOSITORY = path.join(import.meta.dirname, '..', '..')

/** What .gitignore keeps out, and what no clone of a reader has use for. */
const LEFT_OUT = /^(?:\.git|\.nuages|node_modules|dist|coverage|db\.sqlite3.*|.*\.log)$/

export interface Clone {
  readonly root: string
  remove(): void
}

/** The packages are those of this repository, so that nothing is installed. */
export function clone(): Clone {
  const root = mkdtempSync(path.join(tmpdir(), 'nuages-clone-'))
  cpSync(REPOSITORY, root, {
    recursive: true,
    filter: (source) => !LEFT_OUT.test(path.relative(REPOSITORY, source)),
  })
  symlinkSync(path.join(REPOSITORY, 'node_modules'), path.join(root, 'node_modules'))
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}
