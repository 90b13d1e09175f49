/** diffsettings: shows how the settings of the project differ from the defaults, with secrets masked. */
import { allSettings, loadSettings, projectRoot, schema, settingsModule } from '#core/conf'
import { hasSecretWord, importModule, MASK, maskUrlPasswords } from '#core/utils'
import { inspect } from 'node:util'
import { type ArgumentParser, BaseCommand } from '../base.ts'
import { currentProject } from '../project.ts'

// Masking of secrets.

/**
 * Names of secrets among the project's own settings and inside DATABASES, CACHES and similar settings. Matches fewer
 * names than the debug pages do, because this command has to show KEY_PREFIX and AUTH_USER_MODEL.
 */
const SECRET_PART = /API|TOKEN|KEY$|SECRET|PASS|SIGNATURE|CREDENTIAL|PRIVATE/i

const isSecret = (name: string): boolean => SECRET_PART.test(name) || hasSecretWord(name)

/** Ends the user and password of a URL. Here, a password may contain `?` and `#`. */
const END_OF_USER = /[\s/]/g

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Masks nested values whose names or contents look like secrets. */
function maskedInside(value: unknown, ancestors: readonly unknown[] = []): unknown {
  if (typeof value === 'string') return maskUrlPasswords(value, MASK, END_OF_USER)
  if (ancestors.includes(value)) return '[Circular]'
  const inside = [...ancestors, value]
  if (Array.isArray(value)) return value.map((entry) => maskedInside(entry, inside))
  if (!isPlain(value)) return value
  const entries = Object.entries(value).map(([name, entry]) => [
    name,
    isSecret(name) && !isEmpty(entry) ? MASK : maskedInside(entry, inside),
  ])
  return Object.fromEntries(entries) as Record<string, unknown>
}

/** The value of a setting, with secrets masked. */
export function masked(name: string, value: unknown): unknown {
  const known = Object.hasOwn(schema, name)
  const secret = known ? 'secret' in schema[name as keyof typeof schema] : isSecret(name)
  if (secret && !isPlain(value) && !isEmpty(value)) return MASK
  return maskedInside(value)
}

interface Options {
  readonly all?: boolean
  readonly default?: string
  readonly output: 'hash' | 'unified'
}

type Values = Readonly<Record<string, unknown>>

/** Formats a value on one line, as in settings.ts, with secrets masked. */
function literal(name: string, value: unknown): string {
  return inspect(masked(name, value), { depth: null, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: null })
}

/** Compares by value; functions and regular expressions by their source. */
const same = (a: unknown, b: unknown): boolean => a === b || inspect(a, { depth: null }) === inspect(b, { depth: null })

export default class DiffSettingsCommand extends BaseCommand<Options> {
  readonly help =
    "Shows the differences between the project's settings and the defaults. Secrets are shown as ********************."
  override readonly requiresSetup = false

  override addArguments(parser: ArgumentParser): void {
    parser.option('--all', 'Show every setting; in hash mode those with their default begin with "###".')
    parser.option('--default <module>', 'Settings module to compare with, instead of the defaults.')
    parser.addOption(
      parser
        .createOption('--output <format>', "'hash' shows the changed settings, 'unified' both sides with - and +.")
        .choices(['hash', 'unified'])
        .default('hash'),
    )
  }

  async handle({ all = false, default: other, output }: Options): Promise<void> {
    const project = currentProject()
    await loadSettings({ settings: project.settings, root: project.start })
    const current: Values = { ...allSettings(), SETTINGS_MODULE: settingsModule() }
    const defaults = await defaultValues(other)
    const lines = Object.keys(current)
      .filter((name) => current[name] !== undefined)
      .toSorted()
      .flatMap((name) =>
        output === 'hash' ? this.#hash(name, current, defaults, all) : this.#unified(name, current, defaults, all),
      )
    if (lines.length > 0) this.stdout.write(lines.join('\n'))
  }

  #hash(name: string, current: Values, defaults: Values, all: boolean): string[] {
    const shown = `${name} = ${literal(name, current[name])}`
    if (!Object.hasOwn(defaults, name)) return [`${shown}  ###`]
    if (!same(current[name], defaults[name])) return [shown]
    return all ? [`### ${shown}`] : []
  }

  #unified(name: string, current: Values, defaults: Values, all: boolean): string[] {
    const shown = `${name} = ${literal(name, current[name])}`
    if (!Object.hasOwn(defaults, name)) return [this.style.SUCCESS(`+ ${shown}`)]
    if (same(current[name], defaults[name])) return all ? [`  ${shown}`] : []
    const before = `${name} = ${literal(name, defaults[name])}`
    return [this.style.ERROR(`- ${before}`), this.style.SUCCESS(`+ ${shown}`)]
  }
}

/** The defaults of the schema, overridden by another settings module if one is given. */
async function defaultValues(other: string | undefined): Promise<Values> {
  const defaults = Object.fromEntries(Object.entries(schema).map(([name, entry]) => [name, entry.default]))
  if (other === undefined) return defaults
  const { default: object, ...named } = await importModule(other, { setting: '--default', root: projectRoot() })
  const given = Object.entries({ ...(object as Values | undefined), ...named })
  return { ...defaults, ...Object.fromEntries(given.filter(([name]) => /^[A-Z][A-Z0-9_]*$/.test(name))) }
}
