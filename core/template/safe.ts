/** Values as strings, as templates print them: strings marked as safe HTML, and the escaping of all others. */
import { inspect } from 'node:util'
import { formatDate } from './dateformat.ts'
import { refusePromise, UnawaitedPromise } from './promises.ts'
import { isPlainObject } from './syntax/lookup.ts'

/** A string of HTML, which is not escaped. */
export class SafeString extends String {}

/** Marks a string as HTML from a trusted source. Never use it for input of a client. */
export function markSafe(value: unknown): SafeString {
  return value instanceof SafeString ? value : new SafeString(String(value))
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
}

/** Escapes the five characters that Django escapes, for the content of elements and of quoted attributes. */
export function escapeHtml(value: unknown): string {
  const string = String(value)
  return /[&<>"']/.test(string) ? string.replace(/[&<>"']/g, (character) => ESCAPES[character] as string) : string
}

/** Escapes a string, unless it is marked as safe. */
export function conditionalEscape(value: unknown): SafeString {
  return value instanceof SafeString ? value : new SafeString(escapeHtml(value))
}

/** Converts a safe string to a plain string. Other values are returned as they are. */
export function unwrapSafe(value: unknown): unknown {
  return value instanceof SafeString ? value.toString() : value
}

function markup(value: unknown): string {
  if (Array.isArray(value)) return value.map(markup).join('')
  return value === undefined || value === null || value === false
    ? ''
    : conditionalEscape(refusePromise(value, 'A value in `html`')).toString()
}

/**
 * Creates HTML from a template literal. Values are escaped unless they are marked as safe. Lists are joined. Null,
 * undefined and false are left out.
 * @example html`<b>${name}</b>`
 * @throws UnawaitedPromise
 */
export function html(parts: TemplateStringsArray, ...values: unknown[]): SafeString {
  return new SafeString(parts.map((part, i) => (i === 0 ? part : markup(values[i - 1]) + part)).join(''))
}

const PRINTED = 'A value that is printed'

/** The JSON of a value; undefined for a value that JSON cannot represent. @throws UnawaitedPromise */
export function jsonOf(value: unknown, convert = (entry: unknown): unknown => entry): string | undefined {
  return JSON.stringify(value, (_key, entry: unknown) => refusePromise(convert(entry), PRINTED))
}

function asJson(value: object): string {
  try {
    return jsonOf(value) as string
  } catch (error) {
    if (error instanceof UnawaitedPromise) throw error
    // The value is circular, or contains a bigint.
    return inspect(value, { depth: 4 })
  }
}

/** Converts a value to a string: lists and plain objects to JSON, others with String(). */
export function stringOf(value: unknown): string {
  if (Array.isArray(value) || isPlainObject(value)) return asJson(value)
  return typeof value === 'object' && value !== null ? (value as { toString(): string }).toString() : String(value)
}

/**
 * Converts a value to what a template prints, before it is escaped: an empty string for null and undefined, a date in
 * DATETIME_FORMAT, lists and plain objects as JSON.
 * @throws UnawaitedPromise
 */
export function stringify(value: unknown): string | SafeString {
  if (typeof value === 'string' || value instanceof SafeString) return value
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return formatDate(value, 'DATETIME_FORMAT')
  return stringOf(refusePromise(value, PRINTED))
}

/** Converts a value to HTML: escaped, unless it is safe or `autoescape` is off. @throws UnawaitedPromise */
export function toHtml(value: unknown, autoescape: boolean): string {
  const string = stringify(value)
  return String(autoescape ? conditionalEscape(string) : string)
}
