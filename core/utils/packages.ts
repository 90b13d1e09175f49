/** Finds npm packages that only some settings need, so that a project installs only those that it uses. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ImproperlyConfigured } from '../exceptions.ts'
import type { NamedBy } from './dotted_names.ts'
import { errorCode } from './files.ts'

/** The file that `exports` of a package.json specifies for `import`. */
function importTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (typeof exports !== 'object' || exports === null) return undefined
  const entries = Object.entries(exports)
  const [, target] = entries.find(([condition]) => ['.', 'node', 'import', 'default'].includes(condition)) ?? []
  return importTarget(target)
}

/** The entry point of a package that can only be imported. Node's `require.resolve` refuses such packages. */
function importOnly(require: NodeJS.Require, name: string): string | undefined {
  const directories = (require.resolve.paths(name) ?? []).map((directory) => path.join(directory, name))
  const found = directories.find((directory) => existsSync(path.join(directory, 'package.json')))
  if (found === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(path.join(found, 'package.json'), 'utf8')) as { exports?: unknown }
  const target = importTarget(exports)
  return target === undefined ? undefined : path.join(found, target)
}

/** The file of a package; undefined if it is not installed. */
function resolveFrom(directory: string, name: string): string | undefined {
  const require = createRequire(path.join(directory, 'package.json'))
  try {
    return require.resolve(name)
  } catch (error) {
    return errorCode(error) === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? importOnly(require, name) : undefined
  }
}

/**
 * The file of an npm package: the project's, or else the framework's.
 * @throws ImproperlyConfigured that names the setting and the command that installs the package
 */
export function resolvePackage(name: string, { setting, root }: NamedBy): string {
  const file = resolveFrom(root, name) ?? resolveFrom(import.meta.dirname, name)
  if (file !== undefined) return file
  throw new ImproperlyConfigured(
    `${setting} needs the npm package '${name}', which is not installed. Run: npm install ${name}`,
  )
}

/** Imports an npm package. @throws ImproperlyConfigured if it is not installed */
export async function importPackage<Module = Record<string, unknown>>(name: string, by: NamedBy): Promise<Module> {
  return (await import(pathToFileURL(resolvePackage(name, by)).href)) as Module
}

const requireFile = createRequire(import.meta.url)

/** Loads an npm package synchronously. @throws ImproperlyConfigured if it is not installed */
export const requirePackage = (name: string, by: NamedBy): unknown => requireFile(resolvePackage(name, by))
