/** No log line can control a terminal, forge another line or hide a part of itself, and no logger throws. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { pathForLog } from '#core/handlers'
import { RequestFactory } from '#core/test'
import {
  asError,
  captureLogs,
  errorText,
  escapeControls,
  formatValue,
  getLogger,
  LogLine,
  type LogRecord,
} from '#core/utils'
import { withSite } from '../handlers/with_site.ts'

const log = getLogger('test.output')

/** Characters that control a terminal or are invisible, and how a log writes them. */
const UNSAFE: readonly (readonly [character: string, written: string])[] = [
  ...Array.from({ length: 0x20 }, (_, code) => code)
    .filter((code) => ![8, 9, 10, 12, 13].includes(code))
    .map((code) => [String.fromCharCode(code), `\\u${code.toString(16).padStart(4, '0')}`] as const),
  ...Array.from(
    { length: 0x21 },
    (_, i) => [String.fromCharCode(0x7f + i), `\\u00${(0x7f + i).toString(16)}`] as const,
  ),
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ...[0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029].map(
    (code) => [String.fromCharCode(code), `\\u${code.toString(16).padStart(4, '0')}`] as const,
  ),
  ...[
    0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0x206f, 0x3164, 0xfeff, 0xfff9,
  ].map((code) => [String.fromCharCode(code), `\\u${code.toString(16)}`] as const),
  ['\ud800', '\\ud800'],
  ['\udfff', '\\udfff'],
  ['\ue000', '\\ue000'],
  ['\uffff', '\\uffff'],
  ['\u{e0001}', '\\udb40\\udc01'],
]

const WITH_STATUS = Object.assign(new Error('x'), {
  status: 404,
  expose: true,
  statusCode: 404,
  headers: { '\n': '\n' },
})

const STRANGE: readonly unknown[] = [
  undefined,
  null,
  0,
  '',
  'text\u009b31m',
  10n,
  Symbol('s'),
  () => {},
  NaN,
  Object.create(null),
  { toString: null, valueOf: null },
  { toJSON: () => undefined },
  {
    toJSON() {
      throw new Error('toJSON')
    },
  },
  (() => {
    const circle: Record<string, unknown> = {}
    return Object.assign(circle, { circle, big: 1n })
  })(),
  Object.freeze(new Error('frozen')),
  Object.assign(new Error('x'), { message: undefined, stack: undefined }),
  Object.assign(new Error('x'), { message: {}, name: null, stack: 5 }),
  Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('message')
    },
  }),
  Object.defineProperty(new Error('x'), 'stack', {
    get() {
      throw new Error('stack')
    },
  }),
  Object.defineProperty(new Error('x'), 'cause', {
    get() {
      throw new Error('cause')
    },
  }),
  Object.defineProperty(new Error('x'), 'constructor', {
    get() {
      throw new Error('constructor')
    },
  }),
  WITH_STATUS,
  Object.assign(new Error('x'), { status: 'x', code: Symbol('code') }),
  (() => {
    const error = new Error('its own cause')
    return Object.assign(error, { cause: error })
  })(),
  new AggregateError([new Error('a')], 'many'),
  new Proxy(new Error('x'), {
    get() {
      throw new Error('trap')
    },
  }),
  new Proxy(new Error('x'), {
    getPrototypeOf() {
      throw new Error('trap')
    },
  }),
  (() => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  })(),
]

describe('a log line', () => {
  before(() => setup())

  function recorded(fn: () => void): LogRecord[] {
    const records: LogRecord[] = []
    const release = captureLogs((record) => records.push(record))
    try {
      fn()
    } finally {
      release()
    }
    return records
  }

  it('escapes what controls a terminal or is invisible', () => {
    for (const [character, written] of UNSAFE) {
      expect(escapeControls(`a${character}b`), written).to.equal(`a${written}b`)
      expect(recorded(() => log.info(`a${character}b`))[0]?.message).to.equal(`a${written}b`)
    }
  })

  it('leaves all other text unchanged', () => {
    for (const text of [
      '',
      'plain',
      'C:\\temp\\x',
      'crème brûlée',
      'Ωμέγα',
      '日本語',
      'עברית',
      '😀',
      'a\u00a0b',
      '"{}"',
    ]) {
      expect(escapeControls(text)).to.equal(text)
    }
  })

  it('is a single line for every path, in which escapes are distinct from the original text', async () => {
    const requests = new RequestFactory()
    const at = async (url: string): Promise<string> => {
      const request = await requests.get('/')
      request.req.url = url
      return pathForLog(request)
    }
    expect(await at('/a%0Ab')).to.equal('/a\\nb')
    expect(await at('/a%5Cnb')).to.equal('/a\\\\nb')
    expect(await at('/%C2%9B31m%E2%80%AE%E2%80%A8')).to.equal('/\\u009b31m\\u202e\\u2028')
    expect(await at('/%zz\u009b')).to.equal('/%zz\\u009b')
    expect(await at(undefined as never)).to.equal('')
  })

  it('has colours only from the handler that writes it', () => {
    const red = (text: string): string => `\u001b[31m${text}\u001b[0m`
    const [record] = recorded(() => log.info(new LogLine('GET /\u001b[8m\u009b', red)))
    expect(record?.message).to.equal('\u001b[31mGET /\\u001b[8m\\u009b\u001b[0m')
  })

  it('is escaped with the message of an error, while the stack keeps its lines', () => {
    const error = new Error('first\nERROR forged\n    at forged (file.ts:1:1)\u202e')
    const text = errorText(error)
    const [head, ...frames] = text.split('\n')
    expect(head).to.equal('Error: first\\nERROR forged\\n    at forged (file.ts:1:1)\\u202e')
    expect(frames.length).to.be.at.least(1)
    for (const frame of frames) expect(frame).to.match(/^ +at /)
    // If it is changed after the stack was created, the stack does not contain the message.
    error.message = 'another'
    expect(errorText(error).split('\n')[0]).to.contain('first\\nERROR forged')
    for (const line of errorText(error).split('\n').slice(1)) expect(line).to.match(/^ +at /)
  })

  it('can be written for any thrown value', () => {
    for (const thrown of STRANGE) {
      expect(errorText(thrown))
        .to.be.a('string')
        .that.matches(/^[ -~\n]*$/)
      expect(formatValue(thrown)).to.be.a('string')
      expect(asError(thrown)).to.be.an('error')
      expect(() => recorded(() => log.error(thrown as string, thrown))).to.not.throw()
    }
  })

  it('reaches the other handlers, and standard error, when a handler throws', () => {
    const write = process.stderr.write.bind(process.stderr)
    let written = ''
    process.stderr.write = (text: string) => {
      written += text
      return true
    }
    const release = captureLogs(() => {
      throw new Error('no disk')
    })
    try {
      log.warning('what is to be logged')
    } finally {
      release()
      process.stderr.write = write
    }
    expect(written).to.match(/^A log handler failed at: what is to be logged\nError: no disk\n/)
  })

  it('quotes Host, Origin, Referer and user agent with escapes', () =>
    withSite({ MIDDLEWARE: ['core.middleware.csrf.CsrfViewMiddleware'], DEBUG: true }, async (client, logs) => {
      const bad = '\u009b31m\u0085x'
      await client.get('/', { headers: { host: `evil${bad}` } })
      await client.post('/form/', { headers: { origin: `https://evil${bad}` } })
      await client.get(`/nowhere/${encodeURIComponent('\u202e\u2028\u200b\r\n')}`)
      expect(logs.length).to.be.at.least(2)
      for (const { message, error } of logs) {
        expect(message).to.match(/^[ -~]*$/)
        expect(errorText(error)).to.match(/^[ -~\n]*$/)
      }
    }))
})

describe('an error page', () => {
  before(() => setup())

  for (const debug of [false, true]) {
    it(`is 500 for any thrown value${debug ? ', under DEBUG too' : ''}`, async function () {
      this.timeout(60_000)
      for (const [i, thrown] of STRANGE.entries()) {
        for (const accept of ['text/html', 'text/plain']) {
          const fails = (): never => {
            throw thrown
          }
          await withSite({ DEBUG: debug, MIDDLEWARE: [fails] }, async (client, logs) => {
            const { status, text } = await client.get('/', { headers: { accept } })
            // An error with a status and `expose` is how npm middleware requests a response.
            expect(status, `${i} ${text.slice(0, 80)}`).to.equal(thrown === WITH_STATUS ? 404 : 500)
            expect(logs.length, String(i)).to.be.at.least(1)
          })
        }
      }
    })
  }
})
