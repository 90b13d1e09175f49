/** Texts that are HTML already, and the escaping of all others. */
import { refusePromise } from './promises.ts'

/** A text that is HTML and must not be escaped again. */
export class SafeString extends String {}

/** Vouches for a text: it is HTML, whoever wrote it may write HTML. */
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

/** A text with Django's five characters replaced, so that it is text in HTML and in a quoted attribute. */
export function escapeHtml(value: unknown): string {
  const text = String(value)
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (character) => ESCAPES[character] as string) : text
}

/** Escapes a text, unless it is marked as HTML. */
export function conditionalEscape(value: unknown): SafeString {
  return value instanceof SafeString ? value : new SafeString(escapeHtml(value))
}

/** A marked text as a plain one, for code that compares or measures; anything else as it is. */
export function unmarked(value: unknown): unknown {
  return value instanceof SafeString ? value.toString() : value
}

function markup(value: unknown): string {
  if (Array.isArray(value)) return value.map(markup).join('')
  return value === undefined || value === null || value === false
    ? ''
    : conditionalEscape(refusePromise(value, 'A value in `html`')).toString()
}

/**
 * HTML from a template literal: every value is escaped, unless it is marked; lists are joined, and nothing comes of
 * null, undefined and false.
 *
 *     html`<b>${name}</b>`
 */
export function html(parts: TemplateStringsArray, ...values: unknown[]): SafeString {
  return new SafeString(parts.map((part, i) => (i === 0 ? part : markup(values[i - 1]) + part)).join(''))
}
