/** Text for logs and terminals: one line per message, with no character that could drive a terminal or hide others. */
import { asError, readable } from './thrown.ts'
import { shown } from './words.ts'

// Controls (C0, C1, DEL), format characters (bidirectional, zero-width), lone surrogates, private and unassigned code
// points, line and paragraph separators, and what fonts do not draw.
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const PLAIN = /^[ -~]*$/

const SHORT: Readonly<Record<string, string>> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r' }

const escaped = (character: string): string => {
  let text = ''
  for (let at = 0; at < character.length; at++) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  }
  return text
}

/**
 * The text in one line of visible characters. Others are written as in JSON: `\n`, `\u009b`. A backslash stays as it
 * is: where the difference matters, escape it first.
 */
export function escapeControls(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, (character) => SHORT[character] ?? escaped(character))
}

const escapeLines = (text: string): string => text.split('\n').map(escapeControls).join('\n')

/** The stack with its own line ends. Those of the message, which may quote a client, are escaped. */
function stackText(stack: string, message: string): string {
  const at = message === '' ? -1 : stack.indexOf(message)
  if (at >= 0) {
    const end = at + message.length
    return escapeLines(stack.slice(0, at)) + escapeControls(message) + escapeLines(stack.slice(end))
  }
  // The message was changed after the stack was made: what comes before the first frame is the old one.
  const frames = stack.search(/\n +at /)
  return frames < 0 ? escapeControls(stack) : escapeControls(stack.slice(0, frames)) + escapeLines(stack.slice(frames))
}

/** What a log shows of something that was thrown: the stack of an error, else the value. Never throws. */
export function errorText(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return escapeControls(shown(thrown))
    // A getter may give anything, or throw.
    const error = asError(thrown)
    const { name, message } = error
    const stack = readable(() => error.stack)
    return typeof stack === 'string' && stack !== '' ? stackText(stack, message) : escapeControls(`${name}: ${message}`)
  } catch {
    return 'An error that cannot be read.'
  }
}

/** A line for a log that is escaped already, and may have colours. */
export class LogLine {
  readonly text: string

  /** @param paint applied after `text` was escaped */
  constructor(text: string, paint: (text: string) => string) {
    this.text = paint(escapeControls(text))
  }
}
