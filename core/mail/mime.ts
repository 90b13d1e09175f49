/** Encodes mail (RFC 5322, 2045, 2047): headers, into which no lines can be injected, and bodies in UTF-8. */
import { domainToASCII } from 'node:url'
import { BadHeaderError } from '#core/exceptions'
import { quoteUri } from '#core/web'
import { formatValue } from '#core/utils'

const LINE_END = '\r\n'
/** Maximum length of a header line before it is folded, in characters. */
const FOLD_AT = 76
/** Maximum length of a line that a mail server must accept, in bytes. */
const MAX_LINE_LENGTH = 998

/** A string as encoded words of at most 75 characters, split between characters. */
function encodedWords(text: string): string {
  const words: string[] = []
  let word = ''
  for (const character of text) {
    // 45 bytes make 60 characters of base64.
    if (Buffer.byteLength(word + character) > 45) {
      words.push(word)
      word = ''
    }
    word += character
  }
  words.push(word)
  return words.map((each) => `=?utf-8?b?${Buffer.from(each).toString('base64')}?=`).join(`${LINE_END} `)
}

const isAscii = (text: string): boolean => /^[\t -~]*$/.test(text)

const headerText = (text: string): string => (isAscii(text) ? text : encodedWords(text))

/** The parts of `Ada Lovelace <ada@example.com>`; a bare address has no name. */
function addressParts(text: string): [name: string, address: string] {
  const whole = text.trim()
  const opening = whole.lastIndexOf('<')
  const address = whole.slice(opening + 1, -1)
  if (opening < 0 || !whole.endsWith('>') || address === '' || address.includes('>')) return ['', whole]
  const name = whole.slice(0, opening).trim()
  return [name.length > 1 && name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name, address]
}

/** An address for the envelope: without a name, and with its domain in ASCII. */
export function bareAddress(text: string): string {
  const [, address] = addressParts(text)
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  return at < 0 || isAscii(domain) ? address : `${address.slice(0, at)}@${domainToASCII(domain) || domain}`
}

function addressHeader(text: string): string {
  const [name] = addressParts(text)
  const address = bareAddress(text)
  if (name === '') return address
  const plain = /^[\w !#$%&'*+/=?^`{|}~-]*$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`
  return `${isAscii(name) ? plain : encodedWords(name)} <${address}>`
}

/** The value of a header with addresses, folded between them. */
export function addressList(addresses: readonly string[]): string {
  let line = 0
  return addresses
    .map(addressHeader)
    .map((each, i) => {
      const fold = i > 0 && line + each.length > FOLD_AT
      line = fold ? each.length : line + each.length
      return `${i === 0 ? '' : fold ? `,${LINE_END} ` : ', '}${each}`
    })
    .join('')
}

/** @throws BadHeaderError for a value with a line break, or an invalid name */
export function refuseLineBreaks(name: string, value: string): void {
  if (!/[\r\n]/.test(value) && /^[!-9;-~]+$/.test(name)) return
  throw new BadHeaderError(`A mail's header must not hold a line break: ${formatValue(name)} is ${formatValue(value)}.`)
}

export interface Part {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

const withCrlf = (text: string): string => text.replace(/\r\n|\r|\n/g, LINE_END)

const wrapped = (base64: string): string => base64.replace(/.{76}(?=.)/g, `$&${LINE_END}`)

/** A part with text; in base64 only if a line is too long. */
export function textPart(text: string, subtype: string): Part {
  const body = withCrlf(text)
  const tooLong = body.split(LINE_END).some((line) => Buffer.byteLength(line) > MAX_LINE_LENGTH)
  const encoding = tooLong ? 'base64' : isAscii(body.replaceAll(LINE_END, '')) ? '7bit' : '8bit'
  return {
    headers: [
      ['Content-Type', `text/${subtype}; charset="utf-8"`],
      ['Content-Transfer-Encoding', encoding],
    ],
    body: tooLong ? wrapped(Buffer.from(body).toString('base64')) : body,
  }
}

export function filePart(name: string, content: string | Uint8Array, type: string): Part {
  const filename = isAscii(name)
    ? `filename="${name.replace(/["\\]/g, '\\$&')}"`
    : `filename*=utf-8''${quoteUri(name, '')}`
  return {
    headers: [
      ['Content-Type', type],
      ['Content-Transfer-Encoding', 'base64'],
      ['Content-Disposition', `attachment; ${filename}`],
    ],
    body: wrapped(Buffer.from(content).toString('base64')),
  }
}

/** A part that consists of several parts. */
export function multipart(kind: 'alternative' | 'mixed', parts: readonly Part[], boundary: string): Part {
  const bodies = parts.map((part) => `--${boundary}${LINE_END}${partText(part)}${LINE_END}`)
  return {
    headers: [['Content-Type', `multipart/${kind}; boundary="${boundary}"`]],
    body: `${bodies.join('')}--${boundary}--${LINE_END}`,
  }
}

/** The headers and the body of a part, as they are sent. */
export function partText({ headers, body }: Part): string {
  return headers.map(([name, value]) => `${name}: ${value}${LINE_END}`).join('') + LINE_END + body
}

/** A header with unstructured text. @throws BadHeaderError */
export function textHeader(name: string, value: string): readonly [string, string] {
  refuseLineBreaks(name, value)
  return [name, headerText(value)]
}
