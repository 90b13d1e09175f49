/** Validates settings with convict, and says what is wrong without showing a secret. */
import convict from 'convict'
import { escapeControls, formatValue, MASK, maskSecrets, maskUrlPasswords } from '#core/utils'

interface Rules<T> {
  /** What the value should be: `a whole number, 0 or more`. */
  readonly expected: string
  accepts(value: unknown): value is T
  /** What is wrong inside a value that is not accepted, if that says more than `expected` and the value. */
  problemInside?(value: unknown, isSecret: boolean): string | undefined
  /** Parses an environment variable; undefined for an invalid one. Absent if no variable can give the value. */
  parse?(text: string): T | undefined
}

export interface Format<T> extends Rules<T> {
  /** The name under which convict knows the format. */
  readonly name: string
}

/** A setting, or an entry of one, as convict knows it. */
interface Property extends convict.SchemaObj<unknown> {
  readonly isSecret: boolean
}

type Values = Record<string, unknown>
type Properties = Record<string, Property>

/** `sensitive` keeps convict from adding the value to its message: ours has it already, and masks secrets. */
const property = (format: string, isSecret: boolean): Property => ({ format, isSecret, default: '', sensitive: true })

/** A value of a setting for an error message: short, and without what has the name of a secret. Never throws. */
export function formatSetting(value: unknown): string {
  try {
    return formatValue(maskSecrets('', value))
  } catch {
    return `a value of type ${typeof value} that cannot be shown`
  }
}

const MAX_LENGTH = 80

/** A string in quotation marks: on one line, short, and without the passwords of URLs. */
export function quoted(text: string): string {
  const shown = escapeControls(maskUrlPasswords(text, MASK))
  return `'${shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH - 3)}...` : shown}'`
}

/** The value that an error has found. A secret is only described by its type. */
export function describe(value: unknown, isSecret: boolean): string {
  if (!isSecret || value === null || value === undefined) return formatSetting(value)
  const type = Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
  return `${type} (not shown: it may be a secret)`
}

/** What is wrong with a value, as a phrase; undefined if it is valid. */
export function problemWith(
  format: Rules<unknown>,
  value: unknown,
  isSecret: boolean,
  show = describe,
): string | undefined {
  if (format.accepts(value)) return undefined
  return format.problemInside?.(value, isSecret) || `expected ${format.expected}, found ${show(value, isSecret)}`
}

let formats = 0

/** Adds a format to those of convict. Two formats may have the same description, so their names are numbered. */
export function defineFormat<T>(rules: Rules<T>): Format<T> {
  const name = `${rules.expected} (${++formats})`
  convict.addFormat({
    name,
    validate(value: unknown, { isSecret }: convict.SchemaObj) {
      const problem = problemWith(rules, value, isSecret as boolean)
      if (problem !== undefined) throw new Error(problem)
    },
  })
  return { name, ...rules }
}

/** Lets convict validate a configuration. @returns a line for each invalid value, that begins with its name */
function validate(config: convict.Config<Values>): string[] {
  try {
    config.validate({ allowed: 'strict' })
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

export interface NamedFormat {
  readonly format: Format<unknown>
  readonly isSecret: boolean
}

/**
 * convict flattens an object into the dotted paths of its values. A name with a dot, such as that of a logger or the
 * alias of a cache, makes it throw, and an object that contains itself makes it run forever. So objects are validated
 * here, by the rules of the same formats; the entries of DATABASES and the like are given to convict one by one.
 */
const isWalkedByConvict = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Validates the values whose names are known.
 * @returns a line for each invalid value, that begins with its name
 */
export function invalidValues(
  known: ReadonlyMap<string, NamedFormat>,
  values: Readonly<Record<string, unknown>>,
): string[] {
  const properties: Properties = {}
  const problems: string[] = []
  for (const [name, value] of Object.entries(values)) {
    const found = known.get(name)
    if (found === undefined) continue
    const { format, isSecret } = found
    if (isWalkedByConvict(value)) {
      const problem = problemWith(format, value, isSecret)
      if (problem !== undefined) problems.push(`${name}: ${problem}`)
    } else properties[name] = property(format.name, isSecret)
  }
  const config = convict<Values>(properties, { args: [], env: {} })
  for (const name of Object.keys(properties)) config.set(name, values[name])
  return [...problems, ...validate(config)]
}

const describeVariable = (value: unknown, isSecret: boolean): string =>
  typeof value === 'string' && !isSecret ? quoted(value) : describe(value, isSecret)

/** The format of an environment variable: parsed, then validated like any other value. */
function variableFormat(format: Format<unknown>): string {
  const name = `${format.name}, as a string`
  convict.addFormat({
    name,
    coerce(text: string) {
      const value = format.parse?.(text)
      return value === undefined ? text : value
    },
    validate(value: unknown, { isSecret }: convict.SchemaObj) {
      const problem = problemWith(format, value, isSecret as boolean, describeVariable)
      if (problem !== undefined) throw new Error(problem)
    },
  })
  return name
}

/**
 * Reads environment variables.
 * @param variables the format of each variable
 * @returns the values by variable, and a line for each invalid one, that begins with its name
 */
export function readVariables(
  variables: ReadonlyMap<string, NamedFormat>,
  env: NodeJS.ProcessEnv,
): { values: ReadonlyMap<string, unknown>; problems: string[] } {
  const properties: Properties = {}
  for (const [variable, { format, isSecret }] of variables) {
    properties[variable] = { ...property(variableFormat(format), isSecret), env: variable }
  }
  const config = convict<Values>(properties, { args: [], env })
  const values = new Map<string, unknown>()
  for (const variable of variables.keys()) values.set(variable, config.get(variable))
  return { values, problems: validate(config) }
}
