/** `{% load l10n %}`: known, so that templates which load it work; numbers and dates have one form here. */
import type { Filter } from '../filter.ts'
import { seesMarks } from '../filters/kinds.ts'
import type { TagCompiler } from '../library.ts'

const asItIs: Filter = seesMarks((value) => value)

export const filters: Readonly<Record<string, Filter>> = { localize: asItIs, unlocalize: asItIs }

const localize: TagCompiler = (parser, tag) => {
  const [word = 'on'] = tag.args
  if ((word !== 'on' && word !== 'off') || tag.args.length > 1) {
    throw parser.error("'localize' takes 'on' or 'off'.", tag.line)
  }
  const { nodes } = parser.parseUntil(tag, ['endlocalize'])
  return parser.action(tag.line, (_, [body]) => body?.() ?? '', nodes)
}

export const compilers: Readonly<Record<string, TagCompiler>> = { localize }
