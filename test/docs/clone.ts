/** A fresh clone of this repository, without ignored files, for tests of the first steps. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const REPOSITORY = path.join(import.meta.dirname, '..', '..')

/** Files in .gitignore, and others that a reader's clone does not need. */
const LEFT_OUT = /^(?:\.git|\.nuages|node_modules|dist|coverage|db\.sqlite3.*|.*\.log)$/

export interface Clone {
  readonly root: string
  remove(): void
}

/** Uses the packages of this repository, so that nothing has to be installed. */
export function clone(): Clone {
  const root = mkdtempSync(path.join(tmpdir(), 'nuages-clone-'))
  cpSync(REPOSITORY, root, {
    recursive: true,
    filter: (source) => !LEFT_OUT.test(path.relative(REPOSITORY, source)),
  })
  symlinkSync(path.join(REPOSITORY, 'node_modules'), path.join(root, 'node_modules'))
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}
