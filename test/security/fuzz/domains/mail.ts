/** Mails: no subject, address or file name adds a header or a recipient. */
import * as fc from 'fast-check'
import { BadHeaderError, EmailMessage } from '#core/mail'
import { type AnyDomain, allowing, domain, ensure } from '../domain.ts'
import { holdSettings } from '../active_settings.ts'
import { hostile, shortOf } from '../strings.ts'

const WORDS = [
  'Ada',
  '<ada@example.com>',
  'ada@example.com',
  '"',
  ',',
  ' ',
  '<',
  '>',
  '@',
  '\r\nBcc: evil@example.com',
  '\n',
  '\r',
  '\\',
  '=?utf-8?q?a?=',
  'é',
  ';',
  ':',
  '(',
  ')',
  '\u2028',
  '\0',
  '[',
  ']',
]

interface Mail {
  readonly subject: string
  readonly body: string
  readonly from: string
  readonly to: string
  readonly replyTo: string
  readonly filename: string
  readonly header: string
}

const HEADERS = new Set([
  'subject',
  'from',
  'to',
  'reply-to',
  'date',
  'message-id',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'x-own',
])

/** The headers of a mail, unfolded. */
function headersOf(text: string): string[] {
  const end = text.indexOf('\r\n\r\n')
  return text
    .slice(0, end)
    .replaceAll(/\r\n[ \t]/g, ' ')
    .split('\r\n')
}

function mail({ subject, body, from, to, replyTo, filename, header }: Mail): void {
  const attachments = filename === '' ? [] : [{ filename, content: 'x' }]
  const message = new EmailMessage({
    subject,
    body,
    fromEmail: from,
    to: [to],
    replyTo: [replyTo],
    attachments,
    headers: { 'X-Own': header },
  })
  const text = allowing([BadHeaderError], () => message.asText())
  if (text !== undefined) {
    for (const line of headersOf(text)) {
      const name = line.slice(0, line.indexOf(':')).toLowerCase()
      ensure(HEADERS.has(name), `the mail has a header '${name}'`)
      ensure(!/[\r\n]/.test(line), 'a header holds a line break')
    }
    ensure(!/(?:^|[^\r])\n|\r(?!\n)/.test(text), 'the mail has a line break that is none of its own')
  }
  const envelope = allowing([BadHeaderError], () => message.envelope())
  if (envelope === undefined) return
  ensure(envelope.to.length <= 1, 'the mail has another recipient')
  for (const address of [envelope.from, ...envelope.to])
    ensure(!/[\r\n]/.test(address), 'an address holds a line break')
}

const address = fc.oneof({ arbitrary: shortOf(WORDS), weight: 3 }, { arbitrary: hostile({ words: WORDS }), weight: 1 })

export const mailDomains: readonly AnyDomain[] = [
  domain<Mail>({
    name: 'mail',
    kind: 'in process',
    inputs: { short: 1000, long: 250_000 },
    open: () => holdSettings(),
    arbitrary: fc.record({
      subject: hostile({ words: WORDS }),
      body: hostile({ words: ['.', '\n.', '\r\n.\r\n', 'From '], longest: 20_000 }),
      from: fc.oneof(fc.constant('root@localhost'), address),
      to: address,
      replyTo: address,
      filename: hostile({ words: WORDS, longest: 3000 }),
      header: hostile({ words: WORDS, longest: 3000 }),
    }),
    check: mail,
  }),
]
