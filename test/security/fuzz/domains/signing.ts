/** Signed values, session strings, messages cookies, CSRF tokens and base62 numbers. */
import { isDeepStrictEqual } from 'node:util'
import { deflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { decodeSession, encodeSession } from '#core/contrib/sessions'
import { BadSignature, dumps, getCookieSigner, loads, Signer, TimestampSigner } from '#core/signing'
import { markSafe } from '#core/template'
import { NotJson } from '#core/serialization'
import { createMessage } from '../../../../core/contrib/messages/message.ts'
import { decodeCookie, fitCookie } from '../../../../core/contrib/messages/storage/cookie.ts'
import {
  formatProblem,
  maskSecret,
  newSecret,
  secretOf,
  tokenMatches,
} from '../../../../core/middleware/csrf_tokens.ts'
import { base62Decode, base62Encode, base62Number } from '../../../../core/serialization/numbers.ts'
import { allowing, type AnyDomain, domain, ensure } from '../domain.ts'
import { holdSettings } from '../active_settings.ts'
import { edits, hostile, jsonish, shortOf } from '../strings.ts'

const TOKEN_WORDS = [':', '.', '=', '-', '_', 'A', 'eyJhIjoxfQ', '1w8Nqz', 'zzzzzzzzzzz', '.eJ', '::', '==']

const change = edits(TOKEN_WORDS)

interface SignedValue {
  readonly value: unknown
  readonly compress: boolean
  readonly change: (text: string) => string
}

function signedValue({ value, compress, change }: SignedValue): void {
  const text = dumps(value, { compress })
  const changed = change(text)
  if (changed === text) ensure(isDeepStrictEqual(loads(text), value), 'the value is not the same after dumps and loads')
  const found = allowing([BadSignature], () => [loads(changed)])
  ensure(found === undefined || changed === text, 'a changed value has a good signature')
}

interface Separators {
  readonly value: string
  readonly seps: readonly string[]
  readonly stamped: boolean
}

/** A signer accepts only its own output, whatever another one accepted before. */
function separators({ value, seps: [first = ':', second = ':'], stamped }: Separators): void {
  const Class = stamped ? TimestampSigner : Signer
  const [one, other] = [new Class({ sep: first, salt: 's' }), new Class({ sep: second, salt: 's' })]
  const text = one.sign(value)
  ensure(one.unsign(text) === value, 'a signer does not read what it wrote')
  const found = allowing([BadSignature, ...(stamped ? [TypeError, RangeError] : [])], () => other.unsign(text))
  if (found === undefined || stamped) return
  ensure(other.sign(found) === text, 'a signer accepts what it would not have written')
}

interface SessionString {
  readonly data: Record<string, unknown>
  readonly change: (text: string) => string
  readonly content: string
  readonly form: number
}

/** Signed with our own key, but without a session: by a leaked key, or another program. */
function rightlySigned({ content, form }: SessionString): string {
  const signer = new TimestampSigner({ salt: 'django.contrib.sessions.SessionStore' })
  const bytes = Buffer.from(content)
  if (form === 0) return signer.sign(content)
  return signer.sign(form === 1 ? bytes.toString('base64url') : `.${deflateSync(bytes).toString('base64url')}`)
}

function sessionString(input: SessionString): void {
  const text = allowing([NotJson], () => encodeSession(input.data))
  if (text !== undefined) {
    ensure(isDeepStrictEqual(decodeSession(text), input.data), 'the session is not the same after a round trip')
    const changed = input.change(text)
    const found = decodeSession(changed)
    ensure(changed === text || Object.keys(found).length === 0, 'a changed session string is read')
  }
  const found = decodeSession(rightlySigned(input))
  ensure(typeof found === 'object' && found !== null && !Array.isArray(found), 'what is read is no dict')
}

interface MessagesCookie {
  readonly texts: readonly (readonly [text: string, isHtml: boolean, tags: string | null])[]
  readonly change: (text: string) => string
  readonly stored: unknown
}

function messagesCookie({ texts, change, stored }: MessagesCookie): void {
  const messages = texts.map(([text, isHtml, tags]) => createMessage(20, isHtml ? markSafe(text) : text, tags))
  const { value, left } = fitCookie(messages)
  const read = decodeCookie(value)
  const kept = messages.slice(left.length).map(String)
  ensure(isDeepStrictEqual(read?.messages.map(String), kept), 'the messages are not the same after a round trip')
  const changed = change(value)
  ensure(decodeCookie(changed) === undefined || changed === value, 'a changed cookie is read')
  // The bare list: anything that an application signed with the same key and salt.
  for (const message of decodeCookie(getCookieSigner('django.contrib.messages').signObject(stored))?.messages ?? []) {
    ensure(typeof String(message) === 'string' && typeof message.tags === 'string', 'a message has no text')
  }
}

const element = fc.tuple(
  fc.constantFrom('__json_message', 'x', null),
  fc.constantFrom(0, 1, true, '1', null),
  fc.oneof(fc.integer(), jsonish),
  fc.oneof(fc.string({ maxLength: 8 }), jsonish),
  fc.oneof(fc.string({ maxLength: 8 }), jsonish),
)

function csrfToken(token: string): void {
  if (formatProblem(token) !== undefined) return
  const secret = secretOf(token)
  ensure(/^[A-Za-z0-9]{32}$/.test(secret), 'the secret of a good token has another form')
  ensure(tokenMatches(maskSecret(secret), secret), 'a masked secret does not match')
}

const mostlyAlphanumeric = fc.oneof(
  { arbitrary: fc.string({ minLength: 32, maxLength: 32, unit: fc.constantFrom('a', 'b', 'Z', '0', '9') }), weight: 3 },
  { arbitrary: fc.string({ minLength: 64, maxLength: 64, unit: fc.constantFrom('a', 'b', 'Z', '0', '9') }), weight: 3 },
  { arbitrary: hostile(), weight: 2 },
  { arbitrary: change.map((apply) => apply(maskSecret(newSecret(), 'a'.repeat(32)))), weight: 2 },
)

export const signingDomains: readonly AnyDomain[] = [
  domain<SignedValue>({
    name: 'signed-values',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    open: () => holdSettings(),
    arbitrary: fc.record({ value: jsonish, compress: fc.boolean(), change }),
    check: signedValue,
  }),
  domain({
    name: 'signed-strings',
    kind: 'in process',
    inputs: { short: 1500, long: 600_000 },
    open: () => holdSettings(),
    arbitrary: fc.oneof(hostile({ words: TOKEN_WORDS }), shortOf(TOKEN_WORDS, 20)),
    check(text) {
      ensure(allowing([BadSignature], () => [loads(text)]) === undefined, 'a signature was guessed')
      ensure(allowing([BadSignature], () => [new Signer().unsign(text)]) === undefined, 'a signature was guessed')
    },
  }),
  domain<Separators>({
    name: 'signers',
    kind: 'in process',
    inputs: { short: 500, long: 150_000 },
    open: () => holdSettings(),
    arbitrary: fc.record({
      value: shortOf([':', '/', '::', 'a', '1', '.']),
      seps: fc.tuple(fc.constantFrom(':', '/', '::', '.'), fc.constantFrom(':', '/', '::', '.', '\u20ac')),
      stamped: fc.boolean(),
    }),
    check: separators,
  }),
  domain<SessionString>({
    name: 'session-strings',
    kind: 'in process',
    inputs: { short: 1000, long: 400_000 },
    open: () => holdSettings(),
    arbitrary: fc.record({
      data: fc.dictionary(fc.string({ maxLength: 8 }), jsonish, { maxKeys: 3, noNullPrototype: true }),
      change,
      content: fc.oneof(
        hostile({ words: ['{"a":', '[', '{', '}', ']', '1.0', 'NaN', '"', ',', ':'] }),
        jsonish.map((each) => JSON.stringify(each)),
      ),
      form: fc.nat(2),
    }),
    check: sessionString,
  }),
  domain<MessagesCookie>({
    name: 'messages',
    kind: 'in process',
    inputs: { short: 500, long: 150_000 },
    open: () => holdSettings(),
    arbitrary: fc.record({
      texts: fc.array(
        fc.tuple(hostile({ longest: 3000 }), fc.boolean(), fc.option(fc.string({ maxLength: 6 }), { nil: null })),
        {
          maxLength: 4,
        },
      ),
      change,
      stored: fc.oneof(fc.array(element, { maxLength: 3 }), jsonish),
    }),
    check: messagesCookie,
  }),
  domain({
    name: 'csrf-tokens',
    kind: 'in process',
    inputs: { short: 1500, long: 600_000 },
    arbitrary: mostlyAlphanumeric,
    check: csrfToken,
  }),
  domain<string | bigint>({
    name: 'base62',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    arbitrary: fc.oneof(fc.bigInt(), hostile({ words: ['-', '0', 'zz', '1w8Nqz'], longest: 10_000 })),
    check(input) {
      if (typeof input === 'bigint') ensure(base62Decode(base62Encode(input)) === input, 'the number is another')
      else allowing([RangeError], () => [base62Decode(input), base62Number(input)])
    },
  }),
]
