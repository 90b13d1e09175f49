/** A message that one request adds is shown once, by the next page that reads messages, on every storage. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import {
  addMessage,
  constants,
  getLevel,
  getMessages,
  MessageFailure,
  messages,
  setLevel,
} from '#core/contrib/messages'
import { markSafe } from '#core/template'
import { RequestFactory } from '#core/test'
import { MESSAGES, onBoard, SESSIONS, storage } from './site.ts'

const STORAGES = ['fallback.FallbackStorage', 'cookie.CookieStorage', 'session.SessionStorage']

for (const name of STORAGES) {
  const on = (fn: Parameters<typeof onBoard>[1], settings = {}): Promise<void> =>
    onBoard({ MESSAGE_STORAGE: storage(name), ...settings }, fn as never)

  describe(`messages in ${name}`, () => {
    before(() => setup())

    it('are shown once, in the order they were added, escaped unless they are marked as HTML', () =>
      on(async (site) => {
        await site.do((request) => {
          messages.success(request, '<Saved>')
          messages.error(request, markSafe('<b>No</b>'), { extraTags: 'big red' })
        })
        const page =
          '<ul><li class="success">success: &lt;Saved&gt;</li><li class="big red error" role="alert">error: <b>No</b></li></ul>'
        expect((await site.client.get('/page/')).text).to.equal(page)
        expect((await site.client.get('/page/')).text).to.equal('nothing')
      }))

    it('can be read by the request that adds them, and are removed then', () =>
      on(async (site) => {
        await site.do((request) => {
          messages.info(request, 'one')
          expect(Array.from(getMessages(request), String)).to.deep.equal(['one'])
          expect(Array.from(getMessages(request), String)).to.deep.equal(['one'])
        })
        expect(await site.list()).to.deep.equal([])
      }))

    it('stay until they are read: neither a page without messages nor their number removes them', () =>
      on(async (site) => {
        await site.do((request) => messages.info(request, 'one'))
        await site.client.get('/idle/')
        await site.do((request) => {
          messages.info(request, 'two')
          expect(getMessages(request).length).to.equal(2)
        })
        expect(await site.list()).to.deep.equal([
          ['one', 'info'],
          ['two', 'info'],
        ])
      }))

    it('that are added after reading are kept for the next page', () =>
      on(async (site) => {
        await site.do((request) => messages.info(request, 'one'))
        await site.do((request) => {
          expect([...getMessages(request)]).to.have.length(1)
          messages.info(request, 'two')
        })
        expect(await site.list()).to.deep.equal([['two', 'info']])
      }))

    it('below MESSAGE_LEVEL, or below the level of the request, are dropped', () =>
      on(
        async (site) => {
          await site.do((request) => {
            messages.success(request, 'too low')
            messages.warning(request, '')
            messages.warning(request, 'kept')
            expect(getLevel(request)).to.equal(30)
            expect(setLevel(request, constants.DEBUG)).to.equal(true)
            messages.debug(request, 'kept too')
            setLevel(request, null)
            messages.debug(request, 'too low again')
          })
          expect(await site.list()).to.deep.equal([
            ['kept', 'warning'],
            ['kept too', 'debug'],
          ])
        },
        { MESSAGE_LEVEL: 30 },
      ))

    it('have the tags of MESSAGE_TAGS', () =>
      on(
        async (site) => {
          await site.do((request) => {
            messages.error(request, 'a')
            addMessage(request, 50, 'b')
            addMessage(request, 21, 'c', { extraTags: 'x' })
            messages.info(request, 'd')
          })
          expect(await site.list()).to.deep.equal([
            ['a', 'danger'],
            ['b', 'critical'],
            ['c', 'x'],
            ['d', ''],
          ])
        },
        { MESSAGE_TAGS: { 40: 'danger', 50: 'critical', 20: '' } },
      ))

    it('cost nothing if none are added or read', () =>
      on(async (site) => {
        const response = await site.client.get('/idle/')
        expect(response.setCookie).to.deep.equal([])
        expect(response.headers.vary).to.equal(undefined)
      }))
  })
}

describe('messages', () => {
  before(() => setup())

  it('without their middleware are an error with the line to add, unless they may fail silently', async () => {
    const request = await new RequestFactory().get('/')
    expect(() => messages.info(request, 'lost')).to.throw(MessageFailure, `'${MESSAGES.replace('django', 'core')}'`)
    messages.info(request, 'lost', { failSilently: true })
    expect([...getMessages(request)]).to.deep.equal([])
    expect(setLevel(request, 10)).to.equal(false)
    expect(getLevel(request)).to.equal(20)
  })

  it('that are not strings, or have no level, are an error', async () => {
    const request = await new RequestFactory().get('/')
    expect(() => messages.info(request, 5 as never)).to.throw(TypeError, 'should be a text, found 5')
    expect(() => addMessage(request, 'info' as never, 'x')).to.throw(TypeError, 'whole number, found "info"')
  })

  for (const [mistake, MIDDLEWARE, remedy] of [
    [
      'missing',
      [MESSAGES],
      "Put 'core.contrib.sessions.middleware.SessionMiddleware' into MIDDLEWARE, above MIDDLEWARE[0]",
    ],
    ['below', [MESSAGES, SESSIONS], 'Move MIDDLEWARE[1]'],
  ] as const) {
    it(`without a session, because its middleware is ${mistake}, are an error with the line to change`, () =>
      onBoard({ MIDDLEWARE }, async (site) => {
        expect((await site.client.get('/idle/')).status).to.equal(500)
        const reported = site.logs.map(({ error }) => (error instanceof Error ? error.message : ''))
        expect(reported.join('\n')).to.contain(remedy)
      }))
  }

  it('need no session if they are stored in a cookie', () =>
    onBoard({ MIDDLEWARE: [MESSAGES], MESSAGE_STORAGE: storage('cookie.CookieStorage') }, async (site) => {
      await site.do((request) => messages.info(request, 'one'))
      expect(await site.list()).to.deep.equal([['one', 'info']])
    }))

  it('with an invalid MESSAGE_STORAGE are an error at start', async () => {
    const start = onBoard({ MESSAGE_STORAGE: 'core.contrib.messages.constants.DEBUG' }, async () => {})
    const error = await start.then(
      () => undefined,
      (each: unknown) => each,
    )
    expect(String(error)).to.contain("MESSAGE_STORAGE names 'core.contrib.messages.constants.DEBUG'")
  })
})
