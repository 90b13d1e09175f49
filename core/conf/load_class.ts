/** Loads what a setting names, a dotted name or an npm package, and checks that it is what the setting needs. */
import {
  closestMatch,
  importModule,
  importName,
  importPackage,
  isClass,
  joinWithAnd,
  moduleFile,
  readablePath,
  resolvePackage,
} from '#core/utils'
import { ImproperlyConfigured } from '../exceptions.ts'
import { namedBy, projectRoot } from './settings.ts'
import { formatSetting } from './validation.ts'

/** What a setting must name. */
export interface Requirement<T> {
  /** A phrase for errors: `a class with a method sendMessages()`. */
  readonly expected: string
  accepts(value: unknown): value is T
  /** What a value lacks, as a phrase that follows it: `without sendMessages()`. */
  lack?(value: unknown): string | undefined
}

/** A class whose prototype has some methods. */
export function classWith<T>(...methods: readonly [string, ...string[]]): Requirement<T> {
  const call = (names: readonly string[]): string => joinWithAnd(names.map((name) => `${name}()`))
  const missing = (value: unknown): string[] => {
    const prototype: unknown = typeof value === 'function' ? value.prototype : undefined
    const has = (prototype ?? {}) as Partial<Record<string, unknown>>
    return methods.filter((name) => typeof has[name] !== 'function')
  }
  return {
    expected: `a class with ${methods.length === 1 ? 'a method ' : ''}${call(methods)}`,
    accepts: (value): value is T => missing(value).length === 0,
    lack: (value) => (isClass(value) ? `without ${call(missing(value))}` : undefined),
  }
}

export const subclassOf = <T>(Base: abstract new (...args: never[]) => object): Requirement<T> => ({
  expected: `a subclass of ${Base.name}`,
  accepts: (value): value is T => typeof value === 'function' && value.prototype instanceof Base,
})

/** @param description the function with what it is called with: `a function of (key, prefix, version)` */
export const functionOf = <T>(description: string): Requirement<T> => ({
  expected: description,
  accepts: (value): value is T => typeof value === 'function' && !isClass(value),
})

/** What a setting names exists, but is not what the setting needs. */
export class UnsuitableValue extends ImproperlyConfigured {
  /** The documented name, by which users look the error up. */
  override readonly name = 'ImproperlyConfigured'
}

/** A module, for the errors of its exports. */
interface Origin {
  /** `apps/storage.ts`. */
  readonly file: string
  readonly exports: Readonly<Record<string, unknown>>
  /** The export that the setting names. */
  readonly name: string
}

interface Found {
  readonly value: unknown
  /** The beginning of an error: `MESSAGE_STORAGE names 'apps.storage.Store', which`. */
  readonly subject: string
  /** Absent if the setting has the value itself. */
  readonly origin?: Origin
}

/** The exports of a module, and the one that was probably meant: with a similar name, or the only suitable one. */
function alternatives({ file, exports, name }: Origin, requirement: Requirement<unknown>): string {
  const suitable = Object.keys(exports).filter((key) => key !== name && requirement.accepts(exports[key]))
  const meant = closestMatch(name, suitable) ?? (suitable.length === 1 ? suitable[0] : undefined)
  const question = meant === undefined ? '' : ` Did you mean '${meant}'?`
  return ` ${file} exports: ${joinWithAnd(Object.keys(exports))}.${question}`
}

function check<T>({ value, subject, origin }: Found, requirement: Requirement<T>): T {
  if (requirement.accepts(value)) return value
  const lack = requirement.lack?.(value)
  throw new UnsuitableValue(
    `${subject} should be ${requirement.expected}, found ${formatSetting(value)}${lack === undefined ? '' : ` ${lack}`}.` +
      (origin === undefined ? '' : alternatives(origin, requirement)),
  )
}

export interface LoadOptions {
  /** The directory that dotted names are relative to; by default that of the settings module. */
  readonly root?: string
  /** The name of an export, if the setting names a module and not an export of one. */
  readonly exportName?: string | undefined
}

async function find(
  setting: string,
  given: unknown,
  expected: string,
  { root = projectRoot(), exportName }: LoadOptions,
): Promise<Found> {
  if (typeof given !== 'string' || given === '') {
    throw new ImproperlyConfigured(
      `${setting} should be the dotted name of ${expected}, found ${formatSetting(given)}.`,
    )
  }
  const by = { setting, root }
  const isModule = exportName !== undefined
  // An export that does not exist is an error of importName(), with those that do.
  const value = isModule ? (await importModule(given, by))[exportName] : await importName(given, by)
  const dot = given.lastIndexOf('.')
  const moduleName = isModule ? given : given.slice(0, dot)
  const origin: Origin = {
    file: readablePath(moduleFile(moduleName, root) as string, root),
    exports: await importModule(moduleName, by),
    name: exportName ?? given.slice(dot + 1),
  }
  return {
    value,
    subject: `${setting} names '${given}', ${isModule ? `whose export \`${exportName}\`` : 'which'}`,
    origin,
  }
}

/**
 * Imports what a setting names.
 * @param setting with its index or key: `CACHES['default'].BACKEND`
 * @param name a dotted name; any other value is an error
 * @throws ImproperlyConfigured if there is no such module or export, with the closest one that exists
 * @throws UnsuitableValue for an export that does not meet the requirement. An error inside the module is passed on.
 *
 * @example
 * const Backend = await loadNamed('EMAIL_BACKEND', settings.EMAIL_BACKEND, classWith<BackendClass>('sendMessages'))
 */
export async function loadNamed<T>(
  setting: string,
  name: unknown,
  requirement: Requirement<T>,
  options: LoadOptions = {},
): Promise<T> {
  return check(await find(setting, name, requirement.expected, options), requirement)
}

/** What an object must be. */
export interface InstanceRequirement<T> {
  /** Its class, as a phrase for errors: `a class with a method getUser()`. */
  readonly expected: string
  accepts(instance: Partial<T>): boolean
}

/** An arrow function has no prototype, and cannot be called with `new`. */
const isConstructor = (value: unknown): value is new (...args: readonly unknown[]) => unknown =>
  typeof value === 'function' && value.prototype !== undefined

function instanceOf<T extends object>(found: Found, requirement: InstanceRequirement<T>, args: readonly unknown[]): T {
  const isSuitable = (value: unknown): value is T =>
    (typeof value === 'object' || typeof value === 'function') && value !== null && requirement.accepts(value)
  if (isSuitable(found.value)) return found.value
  const { expected } = requirement
  const Class = check(found, { expected, accepts: isConstructor })
  const instance = new Class(...args)
  if (isSuitable(instance)) return instance
  return check(found, {
    expected,
    accepts: (value): value is never => value !== Class && isConstructor(value) && isSuitable(value.prototype),
  })
}

/**
 * Imports a class as `loadNamed` does, and returns an instance of it, or imports an object that is suitable itself.
 * Unlike those of `classWith`, methods may be fields of the instance.
 * @param args for the constructor
 */
export async function loadInstance<T extends object>(
  setting: string,
  name: unknown,
  requirement: InstanceRequirement<T>,
  ...args: readonly unknown[]
): Promise<T> {
  return instanceOf(await find(setting, name, requirement.expected, {}), requirement, args)
}

/** As `loadInstance`, for a setting that has the class or the object itself. */
export const toInstance = <T extends object>(setting: string, value: unknown, requirement: InstanceRequirement<T>): T =>
  instanceOf({ value, subject: setting }, requirement, [])

/**
 * Imports the default export of an npm package.
 * @throws ImproperlyConfigured if the package is not installed, with the command that installs it
 * @throws UnsuitableValue if the export does not meet the requirement
 */
export async function loadFromPackage<T>(
  setting: string,
  name: string,
  requirement: Requirement<T>,
  { root = projectRoot() }: LoadOptions = {},
): Promise<T> {
  const module = await importPackage(name, { setting, root })
  const origin: Origin = { file: `The package '${name}'`, exports: module, name: 'default' }
  return check(
    { value: module.default, subject: `${setting} names '${name}', whose default export`, origin },
    requirement,
  )
}

/** An npm package that a setting needs: the project's copy, or else the framework's. It is loaded on first use. */
export class LazyPackage<Module> {
  readonly #import: () => Promise<Module>
  #loading: Promise<void> | undefined
  #module: Module | undefined

  /** @throws ImproperlyConfigured if the package is not installed, with the command that installs it */
  constructor(setting: string, name: string) {
    const by = namedBy(setting)
    resolvePackage(name, by)
    this.#import = () => importPackage<Module>(name, by)
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
