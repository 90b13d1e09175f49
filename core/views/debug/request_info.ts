/** The request and settings sections of technical pages, with secrets masked. */
import { inspect } from 'node:util'
import { allSettings } from '#core/conf'
import type { HttpRequest } from '#core/http'
import { asError } from '#core/utils'
import { maskCookie, maskField, maskQuery, maskSetting } from './mask.ts'

/** Names and values of a table. */
export type Rows = readonly (readonly [name: string, value: string])[]

export interface Section {
  readonly title: string
  readonly rows: Rows
  /** Shown instead of an empty table. */
  readonly whenEmpty: string
}

/** Reads a part of the request. If that fails, the error is shown instead. */
function readable(read: () => Rows): Rows {
  try {
    return read()
  } catch (error) {
    return [['(cannot be read)', asError(error).message]]
  }
}

const fields = (params: Iterable<readonly [string, string]>): Rows =>
  Array.from(params, ([name, value]) => [name, maskField(name, value)] as const)

function headers(request: HttpRequest): Rows {
  return Object.entries(request.headers)
    .map(([name, value]): readonly [string, string] => {
      const text = Array.isArray(value) ? value.join(', ') : (value ?? '')
      return [name, maskQuery(maskField(name, text))]
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function settingRows(): Rows {
  return Object.entries(allSettings())
    .map(([name, value]) => {
      return [name, inspect(maskSetting(name, value), { depth: 6, breakLength: 100, maxArrayLength: 200 })] as const
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** The URL as requested. Does not use getHost(), which throws for an invalid host. */
export function shownUrl(request: HttpRequest): string {
  return maskQuery(`${request.protocol}://${request.headers.host ?? ''}${request.originalUrl}`)
}

/** The sections for the request and the settings. Session data is not shown. */
export function sections(request: HttpRequest): Section[] {
  const cookies = (): Rows => Object.entries(request.COOKIES).map(([name, value]) => [name, maskCookie(name, value)])
  const files = (): Rows =>
    Array.from(request.FILES, ([name, file]) => [name, maskField(name, String((file as { name?: unknown }).name))])
  return [
    { title: 'GET', rows: readable(() => fields(request.GET)), whenEmpty: 'No GET data' },
    { title: 'POST', rows: readable(() => fields(request.POST)), whenEmpty: 'No POST data' },
    { title: 'FILES', rows: readable(files), whenEmpty: 'No FILES data' },
    { title: 'COOKIES', rows: readable(cookies), whenEmpty: 'No cookie data' },
    { title: 'Headers', rows: readable(() => headers(request)), whenEmpty: 'No headers' },
    { title: 'Settings', rows: readable(settingRows), whenEmpty: 'No settings' },
  ]
}
