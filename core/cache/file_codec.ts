/** What a file of the file cache holds: a line with the expiry, then the text. */

export interface FileEntry {
  readonly text: string
  /** Milliseconds since the epoch; infinite for a value that is kept for ever. */
  readonly expiresAt: number
}

/** The end of the text, by which a file that was cut off is told. */
const END = '\n'
const NEVER = 'never'

export const encodeEntry = ({ text, expiresAt }: FileEntry): string =>
  `${Number.isFinite(expiresAt) ? expiresAt : NEVER}\n${text}${END}`

/** Undefined for what is none of ours, or only a part of it. */
export function decodeEntry(content: string): FileEntry | undefined {
  const found = /^(never|\d+(?:\.\d+)?)\n/.exec(content)
  if (found === null || content.length <= found[0].length || !content.endsWith(END)) return undefined
  const expiresAt = found[1] === NEVER ? Number.POSITIVE_INFINITY : Number(found[1])
  return { text: content.slice(found[0].length, -END.length), expiresAt }
}
