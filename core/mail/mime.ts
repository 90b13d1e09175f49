/** The text of a mail (RFC 5322, 2045, 2047): headers that nobody can inject lines into, and bodies in UTF-8. */
import { domainToASCII } from 'node:url'
import { BadHeaderError } from '#core/exceptions'
import { quoteUri } from '#core/web'
import { formatValue } from '#core/utils'

const LINE_END = '\r\n'
/** Longest line of a header, in characters, before it is folded. */
const FOLD_AT = 76
/** Longest line that a mail server must take, in bytes. */
const LONGEST_LINE = 998

/** A text as encoded words, none longer than 75 characters, cut between characters. */
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

/** An address as the envelope has it: without a name, its domain in ASCII. */
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

/** Addresses in one header, a new line where one would grow long. */
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

/** @throws BadHeaderError when a value holds a line break */
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

/** Text as a part; readable in transit unless its lines are too long. */
export function textPart(text: string, subtype: string): Part {
  const body = withCrlf(text)
  const tooLong = body.split(LINE_END).some((line) => Buffer.byteLength(line) > LONGEST_LINE)
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

/** Several parts as one. */
export function multipart(kind: 'alternative' | 'mixed', parts: readonly Part[], boundary: string): Part {
  const bodies = parts.map((part) => `--${boundary}${LINE_END}${partText(part)}${LINE_END}`)
  return {
    headers: [['Content-Type', `multipart/${kind}; boundary="${boundary}"`]],
    body: `${bodies.join('')}--${boundary}--${LINE_END}`,
  }
}

/** Headers and body, as they are sent. */
export function partText({ headers, body }: Part): string {
  return headers.map(([name, value]) => `${name}: ${value}${LINE_END}`).join('') + LINE_END + body
}

/** A header of free text. */
export function textHeader(name: string, value: string): readonly [string, string] {
  refuseLineBreaks(name, value)
  return [name, headerText(value)]
}
