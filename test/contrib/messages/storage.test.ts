/** Storage of messages: attributes of the cookie, forged cookies, and messages that do not fit. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { messages } from '#core/contrib/messages'
import { getCookieSigner } from '#core/signing'
import { onBoard, storage, type MessagesClient } from './site.ts'

const COOKIE = storage('cookie.CookieStorage')

/** Strings that do not compress. */
const long = (count: number): string[] =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: 10 }, (_each, j) => getCookieSigner('test').signature(`${i} ${j}`)).join(''),
  )

const addAll = (site: MessagesClient, strings: readonly string[]): Promise<unknown> =>
  site.do((request) => {
    for (const text of strings) messages.info(request, text)
  })

const listed = async (site: MessagesClient): Promise<string[]> =>
  ((await site.list()) as [string, string][]).map(([text]) => text)

describe('the storage of messages', () => {
  before(() => setup())

  it('gives the cookie the attributes of the session cookie and no age, and prevents shared caching', () =>
    onBoard(
      {
        MESSAGE_STORAGE: COOKIE,
        SESSION_COOKIE_DOMAIN: '.example.com',
        SESSION_COOKIE_SECURE: true,
        SESSION_COOKIE_SAMESITE: 'Strict',
        SESSION_COOKIE_PATH: '/shop/',
      },
      async (site) => {
        const { setCookie, headers } = await site.do((request) => messages.info(request, 'x'))
        const attributes = '; Domain=.example.com; HttpOnly; Path=/; SameSite=Strict; Secure'
        expect(setCookie).to.have.length(1)
        expect(setCookie[0]).to.match(/^messages=[\w-]+:\w+:[\w-]+; /)
        expect(setCookie[0]?.endsWith(attributes)).to.equal(true)
        expect(headers.vary).to.equal('Cookie')
        expect(headers['cache-control']).to.equal('private')
        const gone = await site.client.get('/list/')
        expect(gone.setCookie).to.deep.equal([
          'messages=""; Domain=.example.com; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Strict',
        ])
      },
    ))

  for (const name of ['cookie.CookieStorage', 'fallback.FallbackStorage']) {
    it(`shows nothing from a modified cookie, and deletes it (${name})`, () =>
      onBoard({ MESSAGE_STORAGE: storage(name) }, async (site) => {
        await site.do((request) => messages.info(request, 'genuine'))
        const genuine = site.client.cookies.get('messages') as string
        const elements = Buffer.from('[["__json_message",1,40,"<script>","x"]]').toString('base64url')
        const forged = [elements, ...genuine.split(':').slice(1)].join(':')
        site.client.cookies.set('messages', forged)
        expect(await site.list()).to.deep.equal([])
        expect(site.client.cookies.has('messages')).to.equal(false)
      }))
  }

  it('shows nothing from a signed cookie that holds no messages', () =>
    onBoard({ MESSAGE_STORAGE: COOKIE }, async (site) => {
      for (const content of [{}, 'x', [1], [['__json_message', 0, 'x', 'y']], [['__json_message', 0, 20, 'y', 1]]]) {
        const signed = getCookieSigner('django.contrib.messages').signObject(content)
        site.client.cookies.set('messages', signed)
        expect(await site.list()).to.deep.equal([])
      }
    }))

  it('drops the oldest messages from a full cookie, which is an error under DEBUG', () =>
    onBoard({ MESSAGE_STORAGE: COOKIE }, async (site) => {
      const strings = long(10)
      await addAll(site, strings)
      expect(site.client.cookies.get('messages')?.length).to.be.at.most(2048)
      const kept = await listed(site)
      expect(kept.length).to.be.within(1, 5)
      expect(kept).to.deep.equal(strings.slice(-kept.length))
      await onBoard({ MESSAGE_STORAGE: COOKIE, DEBUG: true }, async (developer) => {
        expect(((await addAll(developer, strings)) as { text: string }).text).to.contain('has no room for')
      })
    }))

  it('puts messages that do not fit into the cookie into the session, and returns all in order', () =>
    onBoard({}, async (site) => {
      const strings = long(10)
      await addAll(site, strings)
      expect([...site.client.cookies.keys()]).to.have.members(['messages', 'sessionid'])
      expect(await listed(site)).to.deep.equal(strings)
      expect([...site.client.cookies.keys()]).to.deep.equal(['sessionid'])
      expect(await listed(site)).to.deep.equal([])
    }))

  it('leaves the session alone if the cookie is enough', () =>
    onBoard({}, async (site) => {
      await site.do((request) => messages.info(request, 'small'))
      expect([...site.client.cookies.keys()]).to.deep.equal(['messages'])
    }))

  it('stores a message that is too large for any cookie in the session', () =>
    onBoard({}, async (site) => {
      const huge = long(10).join('')
      await addAll(site, [huge])
      expect(await listed(site)).to.deep.equal([huge])
    }))

  it('stores in the session the string that Django reads', () =>
    onBoard({ MESSAGE_STORAGE: storage('session.SessionStorage') }, async (site) => {
      await site.do((request) => messages.info(request, 'é'))
      await site.do((request) => {
        expect(request.session.get('_messages')).to.equal('[["__json_message", 0, 20, "\\u00e9", ""]]')
        request.session.set('_messages', '[["__json_message", 1, 25, "<b>from Django</b>"]]')
      })
      expect((await site.client.get('/page/')).text).to.contain('success: <b>from Django</b>')
    }))

  it('ignores an invalid list of messages in the session', () =>
    onBoard({ MESSAGE_STORAGE: storage('session.SessionStorage') }, async (site) => {
      await site.do((request) => request.session.set('_messages', '[oops'))
      expect(await site.list()).to.deep.equal([])
    }))
})
