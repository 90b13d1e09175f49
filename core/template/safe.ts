/** Strings that are marked as safe HTML, and the escaping of all others. */
import { refusePromise } from './promises.ts'

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
