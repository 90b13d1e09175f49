/** Masks secrets on technical pages: by name, in URLs, and wherever a known secret occurs. */
import { allSettings, settings } from '#core/conf'
import type { HttpRequest } from '#core/http'
import { isSecretField, isSecretName, MASK, maskUrlPasswords } from '#core/utils'

/** Shorter secrets are not searched for, because they are likely to occur in harmless strings. */
const MIN_SECRET_LENGTH = 8

const maskUrls = (text: string): string => maskUrlPasswords(text, MASK)

export { maskSecrets as maskSetting } from '#core/utils'

/** Masks the value of a header or of a GET or POST field. */
export function maskField(name: string, value: string): string {
  return isSecretField(name) ? MASK : maskUrls(value)
}

/** Masks the value of a cookie. The session cookie is equivalent to a password. */
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

/** Whether a secret name and `:` or `=` precede an index: `PASSWORD: `, `"apiKey" = `. */
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

/** Masks literals after secret names in a source line, such as in `PASSWORD: 'x'`. */
export function maskSource(line: string): string {
  let out = ''
  let from = 0
  // If a literal is not closed, no later one with the same quotation mark is closed either.
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

/** Decodes the percent-escapes of a name, ignoring malformed ones. */
const decoded = (text: string): string =>
  text.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/** Masks the value of a query parameter if the name that starts at `start` is secret. */
function maskParameter(part: string, start: number): string {
  const equals = part.indexOf('=', start)
  const isSecret = equals >= 0 && isSecretField(decoded(part.slice(start, equals)))
  return isSecret ? part.slice(0, equals + 1) + MASK : part
}

/** Masks secrets in the query and the password of a URL. */
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

/** All strings below secret names, and the passwords in URLs. */
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

// These settings match the patterns of secret names, but their values are class names and the like.
const PUBLIC =
  /^(AUTHENTICATION_BACKENDS|AUTH_USER_MODEL|AUTH_PASSWORD_VALIDATORS|PASSWORD_HASHERS|CACHE_MIDDLEWARE_KEY_PREFIX)$/

/** Values with secret names in the request. Parts of the request that cannot be read are skipped. */
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

/** Secrets of the settings and the request, which must not occur anywhere on a page. */
export function knownSecrets(request: HttpRequest): string[] {
  const ofSettings = Object.entries(allSettings()).filter(([name]) => !PUBLIC.test(name))
  const secrets = [...ofSettings.flatMap(([name, value]) => secretsIn(name, value, false)), ...secretsSent(request)]
  const isName = /^([a-z_]\w*\.)+\w+$/i
  return [...new Set(secrets)].filter((secret) => secret.length >= MIN_SECRET_LENGTH && !isName.test(secret))
}

/**
 * Second line of defence: removes known secrets from the finished page, in case they are in an error message or a
 * source line.
 * @param written formats a string as on the page, for example with HTML escapes
 */
export function redact(page: string, secrets: readonly string[], written: (text: string) => string): string {
  // Longest first, so that no secret is only partly masked because it contains a shorter one.
  const longestFirst = secrets.toSorted((a, b) => b.length - a.length)
  return longestFirst.reduce((text, secret) => text.replaceAll(written(secret), MASK), page)
}
