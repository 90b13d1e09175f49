/** Tags that print or assign a value, and load: csrf_token, now, templatetag, widthratio, regroup, querystring. */
import { clock } from '#core/utils'
import { formatDate } from '../dateformat.ts'
import { escapeHtml, stringOf, unwrapSafe } from '../safe.ts'
import { type TagCompiler, toNumber } from '../library.ts'
import { refusePromise } from '../promises.ts'
import { callIfFunction, lookupMember } from '../syntax/lookup.ts'
import { printOrAssign, parseArguments, splitTarget } from '../syntax/simple_tag.ts'
import { isEqual } from '../syntax/condition.ts'
import { loopEntries } from './flow.ts'

/** `{% load lib other %}`, `{% load name from lib %}`. */
const load: TagCompiler = (parser, { args }) => {
  const from = args.length > 2 && args.at(-2) === 'from' ? args.at(-1) : undefined
  if (from !== undefined) parser.load(from, args.slice(0, -2))
  else for (const name of args) parser.load(name)
  return undefined
}

const csrfToken: TagCompiler = (parser, { line }) =>
  parser.action(line, (context) => {
    const token = unwrapSafe(refusePromise(callIfFunction(context.get('csrf_token'), undefined), "'csrf_token'"))
    if (typeof token !== 'string' || token === '' || token === 'NOTPROVIDED') return ''
    return `<input type="hidden" name="csrfmiddlewaretoken" value="${escapeHtml(token)}">`
  })

const now: TagCompiler = (parser, { args, line }) => {
  const { words, target } = splitTarget(args)
  const [format] = words
  if (format === undefined || words.length > 1)
    throw parser.error('\'now\' takes one format, as in {% now "Y-m-d" %}.', line)
  const expression = parser.expression(format, line)
  return parser.action(line, (context) =>
    printOrAssign(context, formatDate(new Date(clock.now()), stringOf(expression.resolve(context))), target),
  )
}

const BRACES: Readonly<Record<string, string>> = {
  openblock: '{%',
  closeblock: '%}',
  openvariable: '{{',
  closevariable: '}}',
  openbrace: '{',
  closebrace: '}',
  opencomment: '{#',
  closecomment: '#}',
}

const templateTag: TagCompiler = (parser, { args, line }) => {
  const text = Object.hasOwn(BRACES, args[0] ?? '') ? BRACES[args[0] as string] : undefined
  if (text === undefined || args.length > 1)
    throw parser.error(`'templatetag' takes one of ${Object.keys(BRACES).join(', ')}.`, line)
  return { kind: 'text', text }
}

/** Rounds a number; an empty string for infinity. */
const roundedString = (number: number): string => (Number.isFinite(number) ? BigInt(Math.round(number)).toString() : '')

const widthRatio: TagCompiler = (parser, { args, line }) => {
  const { words, target } = splitTarget(args)
  if (words.length !== 3) throw parser.error("'widthratio' takes a value, its maximum and a width.", line)
  const expressions = words.map((word) => parser.expression(word, line))
  return parser.action(line, (context) => {
    const numbers = expressions.map((expression) => toNumber(unwrapSafe(expression.resolve(context))))
    const [value, maximum, width] = numbers as [number, number, number]
    const ratio = Number.isNaN(value + maximum + width)
      ? ''
      : maximum === 0
        ? '0'
        : roundedString((value / maximum) * width)
    return printOrAssign(context, ratio, target)
  })
}

/** `{% regroup list by attribute as groups %}` groups adjacent entries with the same attribute as `{grouper, list}`. */
const regroup: TagCompiler = (parser, { args, line }) => {
  const [list, by, attribute, as, target] = args
  if (args.length !== 5 || by !== 'by' || as !== 'as') {
    throw parser.error("'regroup' has the form {% regroup list by attribute as groups %}.", line)
  }
  const expression = parser.expression(list as string, line)
  const grouper = parser.expression(`${target as string}.${attribute as string}`, line)
  return parser.action(line, (context) => {
    const groups: { grouper: unknown; list: unknown[] }[] = []
    for (const entry of loopEntries(expression.resolve(context, true), 1, expression.source)) {
      const key = context.withVariables({ [target as string]: entry }, () => grouper.resolve(context, true))
      const last = groups.at(-1)
      if (last !== undefined && isEqual(last.grouper, key)) last.list.push(entry)
      else groups.push({ grouper: key, list: [entry] })
    }
    context.set(target as string, groups)
    return ''
  })
}

/** `{% querystring page=2 sort=None %}` prints the query of the request with some parameters replaced or removed. */
const querystring: TagCompiler = (parser, { args, line }) => {
  const { words, target } = splitTarget(args)
  const given = parseArguments(parser, words, line)
  if (given.positional.length > 1)
    throw parser.error("'querystring' takes one query, and variables in the form name=value.", line)
  return parser.action(line, (context) => {
    const { args: bases, kwargs } = given.resolve(context)
    const base = bases[0] ?? lookupMember(context.request ?? context.get('request'), 'GET')
    const query = new URLSearchParams(base as URLSearchParams | Record<string, string> | undefined)
    for (const [name, value] of Object.entries(kwargs)) {
      query.delete(name)
      const values = value === null ? [] : Array.isArray(value) ? value : [value]
      for (const each of values) query.append(name, String(refusePromise(each, `'${name}'`)))
    }
    return printOrAssign(context, `?${query.toString()}`, target)
  })
}

export const valueTags: Readonly<Record<string, TagCompiler>> = {
  load,
  csrf_token: csrfToken,
  now,
  templatetag: templateTag,
  widthratio: widthRatio,
  regroup,
  querystring,
}
