/** Builds the chain from MIDDLEWARE: each entry becomes a Koa middleware or is left out. With its system check. */
import type { Middleware } from 'koa'
import { functionOf, loadFromPackage, loadNamed, prepareSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured, MiddlewareNotUsed } from '#core/exceptions'
import { formatValue, getLogger, isDottedName, type NamedBy } from '#core/utils'
import { type CheckMessage, Error as CheckError, register } from '#core/checks'

type Factory = () => unknown

const log = getLogger('django.request')

const FACTORY = functionOf<Factory>('a function that returns a Koa middleware')

function loadFactory(name: string, { setting, root }: NamedBy): Promise<Factory> {
  // `koa-compress` and `@koa/cors` are packages; a name in the project or the framework has a dot.
  const isPackage = !name.includes('.') || !isDottedName(name)
  return isPackage ? loadFromPackage(setting, name, FACTORY, { root }) : loadNamed(setting, name, FACTORY, { root })
}

/** What a factory makes, or undefined where it wants to be left out. */
async function make(factory: Factory, name: string, by: NamedBy): Promise<Middleware | undefined> {
  try {
    const made = await factory()
    if (made === undefined || made === null) return undefined
    if (typeof made === 'function') return made as Middleware
    throw new ImproperlyConfigured(
      `${by.setting} names '${name}', which should return a Koa middleware, a function of (ctx, next), but returned ${formatValue(made)}.`,
    )
  } catch (error) {
    if (!(error instanceof MiddlewareNotUsed)) throw error
    const reason = error.message === '' ? '' : `: ${error.message}`
    if (settings.DEBUG) log.debug(`MiddlewareNotUsed('${name}')${reason}`)
    return undefined
  }
}

/** The problems of MIDDLEWARE, collected so that all are reported together. */
class Problems {
  readonly #lines: string[] = []
  #cause: unknown

  /** Does the work; what fails is noted, and gives undefined. */
  async note<T>(by: NamedBy, name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      this.#cause ??= error
      const message = error instanceof Error ? error.message : formatValue(error)
      this.#lines.push(error instanceof ImproperlyConfigured ? message : `${by.setting} '${name}' failed: ${message}`)
      return undefined
    }
  }

  /** @throws ImproperlyConfigured with a line for each problem */
  tell(): void {
    if (this.#lines.length > 0) throw new ImproperlyConfigured(this.#lines.join('\n'), { cause: this.#cause })
  }
}

/**
 * The chain, outermost first.
 * @throws ImproperlyConfigured that lists every entry that is wrong, a line each
 */
export async function loadMiddleware(entries: readonly (string | Middleware)[], root: string): Promise<Middleware[]> {
  const problems = new Problems()
  const place = (i: number): NamedBy => ({ setting: `MIDDLEWARE[${i}]`, root })
  const factories: (Factory | undefined)[] = []
  for (const [i, entry] of entries.entries()) {
    const named = typeof entry === 'string'
    factories.push(named ? await problems.note(place(i), entry, () => loadFactory(entry, place(i))) : undefined)
  }
  // What the modules need from the settings is made ready before their factories ask for it.
  await prepareSettings()
  const chain: Middleware[] = []
  for (const [i, entry] of entries.entries()) {
    const factory = factories[i]
    const made =
      typeof entry === 'function'
        ? entry
        : factory && (await problems.note(place(i), entry, () => make(factory, entry, place(i))))
    if (made !== undefined) chain.push(made)
  }
  problems.tell()
  return chain
}

// The system check that builds the middleware chain, so that `check` reports what would fail at startup.

async function checkMiddleware(): Promise<CheckMessage[]> {
  try {
    await loadMiddleware(settings.MIDDLEWARE, projectRoot())
    return []
  } catch (error) {
    if (!(error instanceof ImproperlyConfigured)) throw error
    return error.message.split('\n').map((line) => new CheckError(line, { id: 'handlers.E001', obj: 'MIDDLEWARE' }))
  }
}

register(checkMiddleware, 'handlers')
