/** Django's dark palette, and when a stream is coloured with it. */
import type { Paint, Style } from './base.ts'

const paint =
  (...codes: readonly number[]): Paint =>
  (text) =>
    text === '' ? text : `\u001b[${codes.join(';')}m${text}\u001b[0m`

const plain: Paint = (text) => text

const [BOLD, RED, GREEN, YELLOW, MAGENTA, CYAN] = [1, 31, 32, 33, 35, 36]

/** The style of a coloured terminal. */
export const colorStyle: Style = {
  SUCCESS: paint(BOLD, GREEN),
  WARNING: paint(BOLD, YELLOW),
  ERROR: paint(BOLD, RED),
  NOTICE: paint(RED),
  MIGRATE_HEADING: paint(BOLD, CYAN),
  MIGRATE_LABEL: paint(BOLD),
  SQL_KEYWORD: paint(YELLOW),
  HTTP_INFO: paint(BOLD),
  HTTP_SUCCESS: plain,
  HTTP_REDIRECT: paint(GREEN),
  HTTP_NOT_MODIFIED: paint(CYAN),
  HTTP_BAD_REQUEST: paint(BOLD, RED),
  HTTP_NOT_FOUND: paint(YELLOW),
  HTTP_SERVER_ERROR: paint(BOLD, MAGENTA),
}

/** The style of everything that is not a terminal: every role is the text itself. */
export const noStyle = Object.fromEntries(Object.keys(colorStyle).map((role) => [role, plain])) as unknown as Style

export interface ColorChoice {
  readonly noColor?: boolean | undefined
  readonly forceColor?: boolean | undefined
}

/** Colour is for terminals, unless an option or NO_COLOR (see no-color.org) says otherwise. */
export function styleFor(stream: { isTTY?: boolean }, { noColor, forceColor }: ColorChoice = {}): Style {
  if (forceColor) return colorStyle
  if (noColor || process.env.NO_COLOR) return noStyle
  return stream.isTTY ? colorStyle : noStyle
}
