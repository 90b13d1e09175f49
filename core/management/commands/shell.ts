/** shell: an interactive shell with the project loaded. Runs code from -c or from standard input instead, if given. */
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { apps } from '#core/apps'
import { prepareSettings, projectRoot } from '#core/conf'
import { importModule, moduleFile, randomString } from '#core/utils'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions, nuagesVersion } from '../base.ts'

interface Options {
  readonly command?: string
  /** False for --no-imports. */
  readonly imports: boolean
}

type Names = Record<string, unknown>

export default class ShellCommand extends BaseCommand<Options> {
  readonly help =
    'Runs an interactive shell with the project loaded. Code that is piped in, or given with -c, is a TypeScript module:' +
    ' import and await work in it.'
  override readonly requiresSystemChecks = false

  override addArguments(parser: ArgumentParser): void {
    parser.option('-c, --command <code>', 'Run this code and exit.')
    parser.option('--no-imports', 'Put no names at hand.')
  }

  async handle({ command, imports, verbosity }: Options & CommonOptions): Promise<void> {
    const names = imports ? await defaultImports() : {}
    await loadEntryPoints()
    const code = command ?? (process.stdin.isTTY ? undefined : await text(process.stdin))
    if (code !== undefined) {
      await runModule(code, names)
      return
    }
    if (imports && verbosity > 0) this.stdout.write(this.#announcement(names, verbosity))
    await interact(names)
  }

  #announcement(names: Names, verbosity: number): string {
    const all = Object.keys(names)
    const count = `${all.length} objects imported automatically`
    return verbosity < 2 ? `${count} (use -v 2 for details).` : `${count}:\n\n  ${all.join(', ')}`
  }
}

/** The objects that are often needed in a shell, by the names under which their modules export them. */
async function defaultImports(): Promise<Names> {
  const [{ settings }, db, { cache, caches }, urls, http, { callCommand }] = await Promise.all([
    import('#core/conf'),
    import('#core/db'),
    import('#core/cache'),
    import('#core/urls'),
    import('#core/http'),
    import('#core/management'),
  ])
  const { connection, connections, transaction } = db
  const { reverse, resolve } = urls
  await urls.loadUrlconf()
  const { HttpResponse } = http
  const base = { settings, apps, cache, caches, callCommand, HttpResponse }
  return { ...base, connection, connections, transaction, reverse, resolve }
}

/**
 * Imports the entry points of the installed apps and prepares their settings, because code in a shell cannot wait for
 * that between its imports and its first statement.
 */
async function loadEntryPoints(): Promise<void> {
  const root = projectRoot()
  const configs = apps.getAppConfigs().filter(({ name }) => moduleFile(name, root) !== undefined)
  await Promise.all(configs.map(({ name }) => importModule(name, { setting: 'INSTALLED_APPS', root })))
  await prepareSettings()
}

/**
 * Runs code as a module next to settings.ts, so that `#core/…`, packages and relative paths are resolved as in the
 * project. The file is removed after it is loaded.
 */
async function runModule(code: string, names: Names): Promise<void> {
  const file = path.join(projectRoot(), `.shell-${randomString(12)}.mts`)
  const remove = (): void => rmSync(file, { force: true })
  Object.assign(globalThis, names)
  process.once('exit', remove)
  try {
    writeFileSync(file, code, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw new CommandError(`The code has to lie in the project's folder for a moment, and cannot: ${String(cause)}`, {
      cause,
    })
  }
  try {
    await import(pathToFileURL(file).href)
  } finally {
    remove()
    process.removeListener('exit', remove)
  }
}

/** Runs Node's REPL, which supports top-level `await`, until the user leaves it. */
async function interact(names: Names): Promise<void> {
  const { start } = await import('node:repl')
  process.stdout.write(`Nuages ${nuagesVersion()} on Node ${process.version}. Leave with .exit or Ctrl-D.\n`)
  const repl = start({ prompt: '> ', useGlobal: false })
  Object.assign(repl.context, names)
  await new Promise<void>((resolve) => repl.once('exit', resolve))
}
