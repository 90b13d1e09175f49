/** Keeps secrets off the technical pages: by the names they go by, inside URLs, and wherever their values turn up. */
import { allSettings, settings } from '#core/conf'
import type { HttpRequest } from '#core/http'
import { isSecretField, isSecretName, MASK, maskUrlPasswords } from '#core/utils'

/** A secret shorter than this is too likely to be a part of something harmless. */
const SHORTEST_SECRET = 8

const maskUrls = (text: string): string => maskUrlPasswords(text, MASK)

export { maskSecrets as maskSetting } from '#core/utils'

/** The value of a header, or of a field of GET or POST. */
export function maskField(name: string, value: string): string {
  return isSecretField(name) ? MASK : maskUrls(value)
}

/** The value of a cookie. The session's is as good as a password. */
export function maskCookie(name: string, value: string): string {
  const isSecret = name === settings.SESSION_COOKIE_NAME || name === settings.CSRF_COOKIE_NAME
  return isSecret ? MASK : maskField(name, value)
}

/** Index of the quotation mark that ends the literal, or -1. */
function endOfLiteral(line: string, start: number): number {
  const quote = line[start] as string
  for (let i = start + 1; i < line.length; i++) {
    if (line[i] === '\\') i++
    else if (line[i] === quote) return i
  }
  return -1
}

const isSpace = (character: string | undefined): boolean => character !== undefined && character.trim() === ''

/** Whether a secret name, followed by `:` or `=`, is before this index: `PASSWORD: `, `"apiKey" = `. */
function isAfterSecretName(line: string, at: number): boolean {
  let i = at
  while (isSpace(line[i - 1])) i--
  if (line[i - 1] !== ':' && line[i - 1] !== '=') return false
  i--
  while (isSpace(line[i - 1])) i--
  if (line[i - 1] === '"' || line[i - 1] === "'") i--
  const end = i
  while (/\w/.test(line[i - 1] ?? '')) i--
  return isSecretName(line.slice(i, end))
}

/** A line of source whose literals have no secret name: `PASSWORD: 'x'` shows no password. */
export function maskSource(line: string): string {
  let out = ''
  let from = 0
  // If a literal does not end, no later one with the same quotation mark does.
  const unclosed = new Set<string>()
  for (let i = 0; i < line.length; i++) {
    const quote = line[i] as string
    if ((quote !== '"' && quote !== "'" && quote !== '`') || unclosed.has(quote) || !isAfterSecretName(line, i))
      continue
    const end = endOfLiteral(line, i)
    if (end < 0) unclosed.add(quote)
    else {
      out += line.slice(from, i + 1) + MASK
      from = i = end
    }
  }
  return maskUrls(out + line.slice(from))
}

/** A name without its escapes. A malformed one must not keep the others from being decoded. */
const decoded = (text: string): string =>
  text.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/** The part, with its value masked if the name that begins at `start` is secret. */
function maskParameter(part: string, start: number): string {
  const equals = part.indexOf('=', start)
  const isSecret = equals >= 0 && isSecretField(decoded(part.slice(start, equals)))
  return isSecret ? part.slice(0, equals + 1) + MASK : part
}

/** A URL whose query gives no secret away. */
export function maskQuery(url: string): string {
  let sign = ''
  return maskUrls(url)
    .split(/([&#])/)
    .map((part) => {
      const whole = sign === '&' ? maskParameter(part, 0) : part
      sign = part
      const mark = whole.indexOf('?')
      return mark < 0 ? whole : maskParameter(whole, mark + 1)
    })
    .join('')
}

/** Every text below a secret name, and the passwords inside URLs. */
function secretsIn(name: string, value: unknown, isSecret: boolean, ancestors: readonly unknown[] = []): string[] {
  const secret = isSecret || isSecretName(name)
  if (typeof value === 'string') {
    const passwords = [...value.matchAll(/:\/\/[^\s:/?#@]*:([^\s/?#@]+)@/g)].map((match) => match[1] as string)
    return secret ? [value, ...passwords] : passwords
  }
  if (typeof value !== 'object' || value === null || ancestors.includes(value)) return []
  const inside = [...ancestors, value]
  return Object.entries(value).flatMap(([key, entry]) => secretsIn(key, entry, secret, inside))
}

// Of these settings the values are names of classes and the like, though their own names sound secret.
const PUBLIC =
  /^(AUTHENTICATION_BACKENDS|AUTH_USER_MODEL|AUTH_PASSWORD_VALIDATORS|PASSWORD_HASHERS|CACHE_MIDDLEWARE_KEY_PREFIX)$/

/** What the request brought under secret names. A part of it may be what failed, and is left out then. */
function secretsSent(request: HttpRequest): string[] {
  const credentials = request.get('Authorization').replace(/^\S+\s+/, '')
  const read: (() => Iterable<readonly [string, string]>)[] = [
    () => request.GET,
    () => request.POST,
    () => Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const),
  ]
  const fields = read.flatMap((part) => {
    try {
      return Array.from(part())
    } catch {
      return []
    }
  })
  const cookies = Object.entries(request.COOKIES).filter(([name, value]) => maskCookie(name, value) === MASK)
  return [...fields.filter(([name]) => isSecretField(name)), ...cookies].map(([, value]) => value).concat(credentials)
}

/** The secrets of the settings and of the request that must not stand anywhere on a page. */
export function knownSecrets(request: HttpRequest): string[] {
  const ofSettings = Object.entries(allSettings()).filter(([name]) => !PUBLIC.test(name))
  const secrets = [...ofSettings.flatMap(([name, value]) => secretsIn(name, value, false)), ...secretsSent(request)]
  const isName = /^([a-z_]\w*\.)+\w+$/i
  return [...new Set(secrets)].filter((secret) => secret.length >= SHORTEST_SECRET && !isName.test(secret))
}

/**
 * The second lock: a finished page without the secrets that came into it some other way, as in an error's message
 * or in a line of source.
 * @param written how the page writes a text: escaped, or as it is
 */
export function redact(page: string, secrets: readonly string[], written: (text: string) => string): string {
  // The longest first, so that no secret is left in half behind a shorter one that it contains.
  const longestFirst = secrets.toSorted((a, b) => b.length - a.length)
  return longestFirst.reduce((text, secret) => text.replaceAll(written(secret), MASK), page)
}
