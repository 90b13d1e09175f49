/** A promise in a template is an error of its page: it never ends the process. */
import { expect } from 'chai'
import { html, templatePosition } from '#core/template'
import { captureLogs, type LogRecord } from '#core/utils'
import { engineOf } from '../template/render.ts'

const rejecting = (): Promise<never> => Promise.reject(new Error('too late'))

class Poll {
  load(): Promise<never> {
    return rejecting()
  }
  get loaded(): Promise<never> {
    return rejecting()
  }
}

/** Sources that use a promise, and the context. Each context is created together with the page. */
const CASES: readonly (readonly [source: string, context: () => Record<string, unknown>])[] = [
  ['{{ poll.load }}', () => ({ poll: new Poll() })],
  ['{{ poll.load.name }}', () => ({ poll: new Poll() })],
  ['{{ poll.loaded }}', () => ({ poll: new Poll() })],
  ['{{ x }}', () => ({ x: rejecting() })],
  ['{{ x }}', () => ({ x: rejecting })],
  ['{{ x|upper }}', () => ({ x: rejecting() })],
  ['{{ "a"|default:x }}{{ ""|default:poll.load }}', () => ({ x: rejecting(), poll: new Poll() })],
  ['{{ xs }}', () => ({ xs: [rejecting(), rejecting()] })],
  ['{{ xs }}', () => ({ xs: { a: { b: rejecting() } } })],
  ['{{ xs|first }}', () => ({ xs: [rejecting(), rejecting()] })],
  ['{{ xs|join:"," }}', () => ({ xs: [rejecting(), rejecting()] })],
  ['{{ xs|json_script }}', () => ({ xs: [rejecting(), rejecting()] })],
  ['{{ xs|dictsort:"load" }}', () => ({ xs: [new Poll(), new Poll()] })],
  ['{% for x in xs %}{{ x }}{% endfor %}', () => ({ xs: [rejecting(), rejecting()] })],
  ['{% for x in xs %}{{ x }}{% endfor %}', () => ({ xs: rejecting() })],
  ['{% if poll.load %}{% endif %}', () => ({ poll: new Poll() })],
  ['{% with x=poll.load %}{% endwith %}', () => ({ poll: new Poll() })],
  ['{% include poll.load %}', () => ({ poll: new Poll() })],
  ['{% firstof poll.load %}', () => ({ poll: new Poll() })],
  ['{% cycle poll.load %}', () => ({ poll: new Poll() })],
  ['{% regroup xs by load as y %}', () => ({ xs: [new Poll()] })],
  ['{% widthratio poll.load 1 1 %}', () => ({ poll: new Poll() })],
  ['{% csrf_token %}', () => ({ csrf_token: rejecting })],
  ['{{ boom }}{{ x }}{{ deep.xs.0 }}', () => ({ boom: fails, x: rejecting(), deep: { xs: [rejecting()] } })],
]

function fails(): never {
  throw new Error('first')
}

/** Renders, and waits until unhandled rejections would have been reported. */
async function renderedError(
  source: string,
  context: () => Record<string, unknown>,
  request?: unknown,
): Promise<unknown> {
  const template = (await engineOf()).fromString(source)
  try {
    template.render(context(), request)
  } catch (error) {
    return error
  }
  return undefined
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a promise in a template', () => {
  const unhandled: unknown[] = []
  const records: LogRecord[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  let listeners: NodeJS.UnhandledRejectionListener[] = []
  let release = (): void => {}

  before(() => {
    listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note)
    release = captureLogs((record) => records.push(record))
  })
  after(() => {
    release()
    process.off('unhandledRejection', note)
    for (const listener of listeners) process.on('unhandledRejection', listener)
  })
  beforeEach(() => {
    unhandled.length = 0
    records.length = 0
  })

  for (const [source, context] of CASES) {
    it(`is an error of the page with its position: ${source}`, async () => {
      const error = await renderedError(source, context)
      await turn()
      await turn()
      expect(error).to.be.instanceOf(Error)
      if (!source.includes('boom')) expect((error as Error).message).to.contain('is a promise')
      expect(templatePosition(error)?.line).to.equal(1)
      expect(unhandled).to.deep.equal([])
      expect(records.map((record) => (record.error as Error).message)).to.include('too late')
    })
  }

  it('is handled if the template does not use it', async () => {
    expect(await renderedError('nothing', () => ({ x: rejecting() }))).to.equal(undefined)
    await turn()
    expect(unhandled).to.deep.equal([])
  })

  it('does not call `then` of a lookalike', async () => {
    let started = false
    // oxlint-disable-next-line unicorn/no-thenable
    const query = { then: () => (started = true) }
    const error = await renderedError('{{ query }}', () => ({ query }))
    expect((error as Error).message).to.contain("'query' is a promise")
    expect(started).to.equal(false)
  })

  it('is refused in a template literal', () => {
    const promise = Promise.resolve('x')
    expect(() => html`<b>${promise}</b>`).to.throw('is a promise')
  })

  it('keeps an error that is not an object', async () => {
    for (const thrown of [undefined, null, 0, '']) {
      const boom = (): never => {
        // oxlint-disable-next-line typescript/only-throw-error
        throw thrown
      }
      const error = await renderedError('{{ boom }}', () => ({ boom }))
      expect((error as Error).message).to.contain(`threw ${String(thrown)}`)
      expect(templatePosition(error)?.line).to.equal(1)
    }
  })

  it('is an error with a throwing proxy, too', async () => {
    const proxy = new Proxy({}, { get: fails, getOwnPropertyDescriptor: fails, ownKeys: fails, getPrototypeOf: fails })
    for (const source of ['{{ proxy }}', '{{ proxy.x }}', '{% for x in proxy %}{% endfor %}', '{{ proxy|length }}']) {
      expect(await renderedError(source, () => ({ proxy })), source).to.be.instanceOf(Error)
    }
  })
})
