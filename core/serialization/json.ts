/**
 * Reads and writes JSON as Python's json module does, for values that are exchanged with other programs.
 *
 * Unlike JSON.parse, the parser preserves what JavaScript would lose: integers beyond 2^53 become bigint, and the
 * spelling of other numbers (`1.0`, `1e16`, `NaN`) and the order of integer-like keys are recorded for the containing
 * object, so that unchanged values are written as they were read.
 */
import { fastPaths } from '#core/utils'
import { isNativeJson } from './fast/native_json.ts'
import { floatText, noteSpelling, spelledKeys, spelledNumber, type Spelling, spellingOf } from './numbers.ts'

/** Maximum nesting depth of lists and objects in JSON and pickles: about the depth that Python can write. */
export const MOST_LEVELS = 1000

/** Maximum nesting depth of data from clients. Lower, so that a view can store the data within other objects. */
export const MOST_CLIENT_LEVELS = 500

/** Whether the lists and objects of JSON are nested more than `most` levels deep. The JSON need not be valid. */
export function isDeeperThan(most: number, text: string): boolean {
  if (text.length <= most) return false
  let level = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) i = endOfString(text, i)
    else if (code === 0x5b || code === 0x7b) {
      if (++level > most) return true
    } else if (code === 0x5d || code === 0x7d) level--
  }
  return false
}

/** The index of the quotation mark that ends the string starting at `start`, or of the end of the JSON if none does. */
function endOfString(text: string, start: number): number {
  let i = start + 1
  while (i < text.length && text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1
  return i
}

const isContainer = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Array.isArray(value)
}

/** The same for a parsed value. Visits it level by level, without recursion. */
export function isValueDeeperThan(most: number, value: unknown): boolean {
  let containers = new Set([value].filter(isContainer))
  for (let level = 1; containers.size > 0; level++) {
    if (level > most) return true
    const inside = new Set<object>()
    for (const each of containers) for (const item of Object.values(each)) if (isContainer(item)) inside.add(item)
    containers = inside
  }
  return false
}

/**
 * Parses JSON. As in Python, NaN, Infinity and -Infinity are allowed.
 * @throws SyntaxError if the string is not valid, or nested more than 1000 levels deep
 */
export function parseJson(text: string): unknown {
  if (isDeeperThan(MOST_LEVELS, text)) throw new SyntaxError(`The JSON is nested more than ${MOST_LEVELS} levels deep.`)
  return fastPaths && isNativeJson(text) ? JSON.parse(text) : new Parser(text).parse()
}

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): unknown {
    const value = this.#value(undefined, '')
    this.#skipSpace()
    if (this.#at < this.#text.length) this.#fail()
    return value
  }

  #fail(): never {
    throw new SyntaxError(`Not JSON at position ${this.#at}.`)
  }

  #skipSpace(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #take(token: string): boolean {
    this.#skipSpace()
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #value(spelling: Spelling | undefined, key: string): unknown {
    this.#skipSpace()
    const first = this.#text[this.#at]
    if (first === '{') return this.#object()
    if (first === '[') return this.#list()
    if (first === '"') return this.#string()
    if (this.#take('true')) return true
    if (this.#take('false')) return false
    if (this.#take('null')) return null
    return this.#number(spelling, key)
  }

  #string(): string {
    // A regular expression would run out of memory for a string of several million characters.
    const end = this.#text[this.#at] === '"' ? endOfString(this.#text, this.#at) : this.#text.length
    if (end >= this.#text.length) this.#fail()
    const string = this.#text.slice(this.#at, end + 1)
    this.#at = end + 1
    return JSON.parse(string) as string
  }

  #number(spelling: Spelling | undefined, key: string): number | bigint {
    const token = /NaN|-?Infinity|-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
    token.lastIndex = this.#at
    const found = token.exec(this.#text)
    if (found === null || found[0] === '') this.#fail()
    this.#at = token.lastIndex
    const [text, fraction, exponent] = found
    const value = Number(text)
    if (fraction === undefined && exponent === undefined && Number.isInteger(value)) {
      if (!Number.isSafeInteger(value)) return BigInt(text)
    }
    const ordinary = Number.isFinite(value) && !Object.is(value, -0) && String(value) === text
    if (spelling !== undefined && !ordinary) {
      spelling.numbers ??= new Map()
      spelling.numbers.set(key, { text, value })
    }
    return value
  }

  #list(): unknown[] {
    const list: unknown[] = []
    const spelling: Spelling = {}
    this.#at++
    if (!this.#take(']')) {
      do list.push(this.#value(spelling, String(list.length)))
      while (this.#take(','))
      if (!this.#take(']')) this.#fail()
    }
    return this.#remember(list, spelling)
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    const spelling: Spelling = {}
    const order: string[] = []
    this.#at++
    if (!this.#take('}')) {
      do {
        this.#skipSpace()
        const key = this.#string()
        if (!this.#take(':')) this.#fail()
        if (!Object.hasOwn(object, key)) order.push(key)
        setOwn(object, key, this.#value(spelling, key))
      } while (this.#take(','))
      if (!this.#take('}')) this.#fail()
    }
    if (Object.keys(object).some((key, i) => key !== order[i])) spelling.order = order
    return this.#remember(object, spelling)
  }

  #remember<T extends object>(container: T, spelling: Spelling): T {
    if (spelling.numbers !== undefined || spelling.order !== undefined) Object.assign(noteSpelling(container), spelling)
    return container
  }
}

/** Sets an own property, even if its name is `__proto__`: an assignment would change the prototype instead. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else (object as Record<string, unknown>)[key] = value
}

/** A value cannot be represented in JSON. */
export class NotJson extends TypeError {
  override readonly name = 'NotJson'
}

export function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' ? `a ${name}` : 'an object with a prototype of its own'
}

/** Whether a primitive value is one that JSON.stringify writes as `write` does. */
const isPlain = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || (Number.isFinite(value) && !isFloat(value as number))

/** Shortens the path of a nested value, for messages. */
export const shortened = (path: string): string => (path.length > 100 ? `${path.slice(0, 80)}…` : path)

/**
 * Checks whether a value can be represented in JSON.
 * @returns whether JSON.stringify would write it differently from `write`
 * @throws NotJson with the path of the part that cannot be represented
 */
function needsCare(value: unknown, path: string, above: object[]): boolean {
  if (isPlain(value) || value === null) return false
  if (typeof value === 'bigint') return true
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return true
    throw new NotJson(`${path} is ${value}, which JSON cannot hold.`)
  }
  if (typeof value !== 'object') throw new NotJson(`${path} is ${describe(value)}, which JSON cannot hold.`)
  if (above.includes(value)) throw new NotJson(`${path} contains itself, which JSON cannot hold.`)
  if (above.length >= MOST_LEVELS) {
    throw new NotJson(`${shortened(path)} stands more than ${MOST_LEVELS} levels deep, which is more than can be kept.`)
  }
  above.push(value)
  const spelling = spellingOf(value)
  let care = spelling?.numbers !== undefined || spelling?.order !== undefined
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (spelledNumber(spelling, String(i), value[i]) === undefined && needsCare(value[i], `${path}[${i}]`, above))
        care = true
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      throw new NotJson(`${path} is ${describe(value)}, which JSON cannot hold.`)
    }
    for (const key of Object.keys(value)) {
      const entry = (value as Record<string, unknown>)[key]
      // As in JSON.stringify, an undefined property is omitted.
      if (entry === undefined || isPlain(entry) || spelledNumber(spelling, key, entry) !== undefined) continue
      if (needsCare(entry, `${path}.${key}`, above)) care = true
    }
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') care = true
  }
  above.pop()
  return care
}

/** Numbers that need the spelling of a float, or they would be read as another number: -0, and integers beyond 2^53. */
const isFloat = (value: number): boolean =>
  Object.is(value, -0) || (Number.isInteger(value) && !Number.isSafeInteger(value))

function write(value: unknown, spelling: Spelling | undefined, key: string): string {
  if (typeof value === 'number') {
    return spelledNumber(spelling, key, value) ?? (isFloat(value) ? floatText(value) : String(value))
  }
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const own = spellingOf(value)
  if (Array.isArray(value)) return `[${value.map((entry, i) => write(entry, own, String(i))).join(',')}]`
  const object = value as Record<string, unknown>
  const entries = spelledKeys(object, own).filter((name) => object[name] !== undefined)
  return `{${entries.map((name) => `${JSON.stringify(name)}:${write(object[name], own, name)}`).join(',')}}`
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * Writes a value as Python's `json.dumps(value, separators=(',', ':'))` does: no spaces, ASCII only.
 * @param name how error messages name the value
 * @throws NotJson if a part of it cannot be represented in JSON; the message includes the path of the part
 */
export function stringifyJson(value: unknown, name = 'The value'): string {
  const care = needsCare(value, name, [])
  const text = fastPaths && !care ? JSON.stringify(value) : write(value, undefined, '')
  return text.replace(/[^ -~]/g, escaped)
}

/**
 * Checks that a value can be written.
 * @param above the containers that it will be stored in
 * @throws NotJson as stringifyJson does
 */
export function assertJson(value: unknown, name: string, ...above: object[]): void {
  needsCare(value, name, above)
}
