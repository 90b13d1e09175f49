/** An npm package that a cache backend needs: the project's copy, or else the framework's. It is loaded on first use. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectRoot, settingsAreLoaded } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'

/** The file that a package exports for `import` alone, which `require.resolve` does not find. */
function importFile(folders: readonly string[], name: string): string | undefined {
  const folder = folders
    .map((each) => path.join(each, name))
    .find((each) => existsSync(path.join(each, 'package.json')))
  if (folder === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { exports?: unknown }
  let target: unknown = (exports as Record<string, unknown>)['.'] ?? exports
  while (typeof target === 'object' && target !== null) {
    const conditions = target as Record<string, unknown>
    target = conditions.node ?? conditions.import ?? conditions.default
  }
  return typeof target === 'string' ? path.join(folder, target) : undefined
}

/** The file to import for a package that is installed for the code in `directory`; undefined if it is not. */
export function packageFile(directory: string, name: string): string | undefined {
  const require = createRequire(path.join(directory, 'package.json'))
  try {
    return require.resolve(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined
    return importFile(require.resolve.paths(name) ?? [], name)
  }
}

export class LazyPackage<Module> {
  readonly #import: () => Promise<Module>
  #loading: Promise<void> | undefined
  #module: Module | undefined

  /** @throws ImproperlyConfigured if the package is not installed, with the command that installs it */
  constructor(alias: string, name: string) {
    const root = settingsAreLoaded() ? projectRoot() : process.cwd()
    const file = packageFile(root, name) ?? packageFile(import.meta.dirname, name)
    if (file === undefined) {
      throw new ImproperlyConfigured(
        `CACHES['${alias}'] needs the npm package '${name}', which is not installed. Run: npm install ${name}`,
      )
    }
    this.#import = () => import(pathToFileURL(file).href) as Promise<Module>
  }

  /** Loads the package. Returns undefined if it is loaded already. */
  load(): Promise<void> | undefined {
    if (this.#module !== undefined) return undefined
    this.#loading ??= this.#import().then((module) => void (this.#module = module))
    return this.#loading
  }

  /** The package. Only after `load`. */
  get module(): Module {
    return this.#module as Module
  }
}
