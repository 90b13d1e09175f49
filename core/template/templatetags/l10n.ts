/** `{% load l10n %}`: accepted because Django has it. Numbers and dates are formatted alike everywhere. */
import { type Filter, receivesSafeStrings, type TagCompiler } from '../library.ts'

const unchanged: Filter = receivesSafeStrings((value) => value)

export const filters: Readonly<Record<string, Filter>> = { localize: unchanged, unlocalize: unchanged }

const localize: TagCompiler = (parser, tag) => {
  const [word = 'on'] = tag.args
  if ((word !== 'on' && word !== 'off') || tag.args.length > 1) {
    throw parser.error("'localize' takes 'on' or 'off'.", tag.line)
  }
  const { nodes } = parser.parseUntil(tag, ['endlocalize'])
  return parser.action(tag.line, (_, [body]) => body?.() ?? '', nodes)
}

export const compilers: Readonly<Record<string, TagCompiler>> = { localize }
