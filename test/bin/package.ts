/** The npm package from `npm run build`, built once for all tests. It finds its dependencies in this repository. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { REPOSITORY, Running } from '../management/processes.ts'

let built: Promise<string> | undefined

async function build(): Promise<string> {
  const parent = path.join(REPOSITORY, '.nuages')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(path.join(parent, 'package-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const nuages = path.join(folder, 'nuages')
  const program = path.join(REPOSITORY, 'bin', 'build.mjs')
  const { code, stdout, stderr } = await new Running(process.execPath, [program, nuages]).finished
  expect({ code, stderr }, stdout).to.deep.equal({ code: 0, stderr: '' })
  return nuages
}

/** The directory of the package. */
export const builtPackage = (): Promise<string> => (built ??= build())

/** Installs the package into a project as `npm install` would, with the packages that manage.ts itself needs. */
export async function installPackage(root: string): Promise<void> {
  const packages = path.join(root, 'node_modules')
  mkdirSync(packages)
  symlinkSync(await builtPackage(), path.join(packages, 'nuages'))
  symlinkSync(path.join(REPOSITORY, 'node_modules', 'tsx'), path.join(packages, 'tsx'))
}
