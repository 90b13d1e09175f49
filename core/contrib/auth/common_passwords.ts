/**
 * Common passwords, read from `common-passwords.txt.gz` when they are first needed.
 *
 * The file has one password a line, in lower case: all of the lists that Django 3.2 and Django 5.2 ship (19,727 and
 * 19,640 passwords, compiled by Royce Williams from published leaks), and frequent words with the endings that
 * people usually append. Django's licence is in `common-passwords.LICENSE.txt`.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const FILE = new URL('./common-passwords.txt.gz', import.meta.url)

/** The passwords of a list, one a line, compressed or not. */
export function passwordsIn(file: string | URL): ReadonlySet<string> {
  const bytes = readFileSync(file)
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString()
  const lines = text.split('\n').map((line) => line.trim())
  return new Set(lines.filter((line) => line !== ''))
}

let all: ReadonlySet<string> | undefined

/** All of them, in lower case. They are read synchronously, once, which takes a few milliseconds. */
export const commonPasswords = (): ReadonlySet<string> => (all ??= passwordsIn(FILE))
