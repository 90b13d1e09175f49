/** Mail: the messages of each backend, and refused input. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import {
  BadHeaderError,
  EmailMessage,
  getConnection,
  mailAdmins,
  mailManagers,
  outbox,
  sendMail,
  sendMassMail,
} from '#core/mail'
import { setClock } from '#core/utils'
import { EmailBackend as ConsoleBackend } from '../../core/mail/backends/console.ts'

const backend = (name: string) => ({ EMAIL_BACKEND: `django.core.mail.backends.${name}.EmailBackend` })

/** A mail server that accepts everything and records it. */
class MailServer {
  readonly lines: string[] = []
  readonly #server: Server = createServer((socket) => {
    let inData = false
    let rest = ''
    socket.write('220 test\r\n')
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      const parts = (rest + chunk.toString()).split('\r\n')
      rest = parts.pop() ?? ''
      for (const line of parts) {
        this.lines.push(line)
        if (inData) {
          if (line !== '.') continue
          inData = false
          socket.write('250 kept\r\n')
        } else if (line === 'DATA') {
          inData = true
          socket.write('354 go on\r\n')
        } else if (line === 'QUIT') socket.end('221 bye\r\n')
        else socket.write(line.includes('refused@') ? '550 nobody here\r\n' : '250 ok\r\n')
      }
    })
  })

  async listen(): Promise<number> {
    await new Promise<void>((ready) => this.#server.listen(0, '127.0.0.1', ready))
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
  }
}

describe('mail', () => {
  before(() => setup())
  beforeEach(() => {
    outbox.length = 0
    setClock({ now: () => Date.UTC(2026, 0, 2, 3, 4, 5) })
  })
  afterEach(() => setClock())

  it('has the given headers and body, in UTF-8', () => {
    const text = new EmailMessage({
      subject: 'Grüße 🙂',
      body: 'Hello\nWörld',
      fromEmail: 'Ada Lövelace <ada@exämple.org>',
      to: ['"Bob, B." <bob@x.org>', 'c@x.org'],
      cc: ['d@x.org'],
      bcc: ['secret@x.org'],
      headers: { 'X-Kind': 'test' },
    }).asText()
    const [head = '', body] = text.split('\r\n\r\n')
    expect(head.split('\r\n')).to.include.members([
      'Subject: =?utf-8?b?R3LDvMOfZSDwn5mC?=',
      'From: =?utf-8?b?QWRhIEzDtnZlbGFjZQ==?= <ada@xn--exmple-cua.org>',
      'To: "Bob, B." <bob@x.org>, c@x.org',
      'Cc: d@x.org',
      'Date: Fri, 02 Jan 2026 03:04:05 +0000',
      'X-Kind: test',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset="utf-8"',
      'Content-Transfer-Encoding: 8bit',
    ])
    expect(head)
      .to.match(/^Message-ID: <\S+@\S+>$/m)
      .and.not.include('secret@x.org')
    expect(body).to.equal('Hello\r\nWörld')
  })

  it('has no header that is longer than a line, nor a line that is too long for a server', () => {
    const text = new EmailMessage({
      subject: 'ä'.repeat(300),
      body: 'ö'.repeat(2000),
      to: Array.from({ length: 60 }, (_, i) => `somebody${i}@example.org`),
    }).asText()
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).to.be.lessThan(100)
    const subject = /Subject: ([\s\S]*?)\r\n(?! )/.exec(text)?.[1] as string
    const words = [...subject.matchAll(/=\?utf-8\?b\?(.*?)\?=/g)].map((word) =>
      Buffer.from(word[1] as string, 'base64').toString(),
    )
    expect(words.join('')).to.equal('ä'.repeat(300))
  })

  it('can have an HTML version and attachments', () => {
    const attachments = [{ filename: 'a"b.txt', content: 'hi', type: 'text/plain' }]
    const text = new EmailMessage({
      subject: 's',
      body: 'plain',
      html: '<b>html</b>',
      to: ['a@x.org'],
      attachments,
    }).asText()
    expect(text).to.match(/multipart\/mixed[\s\S]*multipart\/alternative[\s\S]*plain[\s\S]*<b>html<\/b>[\s\S]*aGk=/)
    expect(text).to.include('filename="a\\"b.txt"')
  })

  it('refuses injected headers', async () => {
    const attempts: object[] = [
      { subject: 'a\nBcc: x@x.org' },
      { subject: 'a\r\nBcc: x@x.org' },
      { to: ['a@x.org\nBcc: x@x.org'] },
      { fromEmail: 'a@x.org\rx' },
      { replyTo: ['a\n@x.org'] },
      { headers: { 'X-A': 'b\nc' } },
      { headers: { 'X-A\nB': 'c' } },
      { attachments: [{ filename: 'a\nb', content: '' }] },
    ]
    await overrideSettings(backend('locmem'), async () => {
      for (const attempt of attempts) {
        const error = await new EmailMessage({ to: ['a@x.org'], ...attempt }).send().catch((thrown: unknown) => thrown)
        expect(error, JSON.stringify(attempt)).to.be.instanceOf(BadHeaderError)
      }
    })
    expect(outbox).to.deep.equal([])
  })

  it('requires lists of addresses', () => {
    expect(() => new EmailMessage({ to: 'a@x.org' as never })).to.throw(/`to` of a mail should be a list/)
  })

  it('is kept in the outbox with the locmem backend', () =>
    overrideSettings({ ...backend('locmem'), DEFAULT_FROM_EMAIL: 'me@x.org' }, async () => {
      expect(await sendMail('s', 'b', null, ['a@x.org'], { html: '<p>b</p>' })).to.equal(1)
      expect(await sendMail('s', 'b', null, [])).to.equal(0)
      expect(
        await sendMassMail([
          ['1', 'b', 'f@x.org', ['a@x.org']],
          ['2', 'b', null, ['a@x.org']],
        ]),
      ).to.equal(2)
      expect(outbox.map(({ subject, fromEmail, html }) => [subject, fromEmail, html])).to.deep.equal([
        ['s', 'me@x.org', '<p>b</p>'],
        ['1', 'f@x.org', undefined],
        ['2', 'me@x.org', undefined],
      ])
    }))

  it('is sent to the addresses in the settings', () =>
    overrideSettings(
      { ...backend('locmem'), ADMINS: [['Ada', 'ada@x.org'], 'bob@x.org'], MANAGERS: [], SERVER_EMAIL: 'root@x.org' },
      async () => {
        expect([await mailAdmins('s', 'b'), await mailManagers('s', 'b')]).to.deep.equal([1, 0])
        expect([outbox[0]?.to, outbox[0]?.subject, outbox[0]?.fromEmail]).to.deep.equal([
          ['ada@x.org', 'bob@x.org'],
          '[Django] s',
          'root@x.org',
        ])
      },
    ))

  it('is written to the terminal by the console backend', async () => {
    let written = ''
    const connection = new ConsoleBackend({ stream: { write: (text: string) => (written += text) } })
    await sendMail('s', 'one\ntwo', 'f@x.org', ['a@x.org'], { connection })
    expect(written).to.match(/^Subject: s\n[\s\S]*\n\none\ntwo\n-{79}\n$/)
    await overrideSettings(backend('console'), () => {
      expect(getConnection()).to.be.instanceOf(ConsoleBackend)
    })
  })

  it('is written to files that only the owner can read, and nowhere with the dummy backend', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-mail-'))
    await overrideSettings({ ...backend('filebased'), EMAIL_FILE_PATH: path.join(folder, 'mail') }, () =>
      sendMail('s', 'body', 'f@x.org', ['a@x.org']),
    )
    const [file = ''] = readdirSync(path.join(folder, 'mail'))
    expect(file).to.match(/^20260102-030405-\w+\.log$/)
    expect(readFileSync(path.join(folder, 'mail', file), 'utf8')).to.include('\nbody\n')
    rmSync(folder, { recursive: true })
    await overrideSettings(backend('dummy'), async () => {
      expect(await sendMail('s', 'b', null, ['a@x.org'])).to.equal(1)
    })
    await overrideSettings({ ...backend('filebased'), EMAIL_FILE_PATH: null }, () => {
      expect(() => getConnection()).to.throw(/EMAIL_FILE_PATH is not set/)
    })
  })

  it('is sent over SMTP, with bcc, and reports the response of the server', async () => {
    const server = new MailServer()
    const port = await server.listen()
    const settings = { ...backend('smtp'), EMAIL_HOST: '127.0.0.1', EMAIL_PORT: port, EMAIL_TIMEOUT: 5 }
    await overrideSettings(settings, async () => {
      const message = {
        subject: 'Hi',
        body: '.dot\nWörld',
        fromEmail: 'A <f@x.org>',
        to: ['a@x.org'],
        bcc: ['b@x.org'],
      }
      expect(await new EmailMessage(message).send()).to.equal(1)
      expect(server.lines).to.include.members([
        'RCPT TO:<a@x.org>',
        'RCPT TO:<b@x.org>',
        'Subject: Hi',
        '..dot',
        'Wörld',
      ])
      expect(server.lines.find((line) => line.startsWith('MAIL FROM:'))).to.match(/^MAIL FROM:<f@x\.org>/)
      const refused = sendMail('s', 'b', 'f@x.org', ['refused@x.org'])
      expect(await refused.catch((error: Error) => error.message)).to.match(/550/)
      expect(await sendMail('s', 'b', 'f@x.org', ['refused@x.org'], { failSilently: true })).to.equal(0)
      await overrideSettings({ EMAIL_USE_TLS: true }, async () => {
        expect(await sendMail('s', 'b', 'f@x.org', ['a@x.org']).catch((error: Error) => error.message)).to.match(
          /STARTTLS|TLS/,
        )
      })
    })
    server.close()
    await overrideSettings({ ...backend('smtp'), EMAIL_USE_TLS: true, EMAIL_USE_SSL: true }, () => {
      expect(() => getConnection()).to.throw(/exclude each other/)
    })
  })

  it('requires a valid backend', async () => {
    const wrong = (EMAIL_BACKEND: string) =>
      overrideSettings({ EMAIL_BACKEND }, () => undefined).catch((error: Error) => error.message)
    expect(await wrong('django.core.mail.backends.nope.EmailBackend')).to.match(/EMAIL_BACKEND names .*nope/)
    expect(await wrong('core.mail.sendMail')).to.match(/should be a class with a method sendMessages/)
  })
})
