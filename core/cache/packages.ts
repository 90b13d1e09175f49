/** The npm package that a backend stands on, as the project has it, else as the framework has it; loaded when used. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectRoot, settingsAreLoaded } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'

function resolvedFrom(folder: string, name: string): string | undefined {
  try {
    return createRequire(path.join(folder, 'package.json')).resolve(name)
  } catch {
    return undefined
  }
}

export class LazyPackage<Module> {
  readonly #import: () => Promise<Module>
  #loading: Promise<void> | undefined
  #module: Module | undefined

  /** @throws ImproperlyConfigured that says what to install */
  constructor(alias: string, name: string) {
    const root = settingsAreLoaded() ? projectRoot() : process.cwd()
    const file = resolvedFrom(root, name) ?? resolvedFrom(import.meta.dirname, name)
    if (file === undefined) {
      throw new ImproperlyConfigured(
        `CACHES['${alias}'] needs the npm package '${name}', which is not installed. Run: npm install ${name}`,
      )
    }
    this.#import = () => import(pathToFileURL(file).href) as Promise<Module>
  }

  /** Nothing where it is loaded already; else what to wait for. */
  load(): Promise<void> | undefined {
    if (this.#module !== undefined) return undefined
    this.#loading ??= this.#import().then((module) => void (this.#module = module))
    return this.#loading
  }

  /** The package, once `load` was waited for. */
  get module(): Module {
    return this.#module as Module
  }
}
