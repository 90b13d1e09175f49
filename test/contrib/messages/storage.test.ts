/** Where messages are kept: what the cookie looks like, what a forged one does, and what happens when there is no room. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { messages } from '#core/contrib/messages'
import { getCookieSigner } from '#core/signing'
import { onBoard, storage, type Visitor } from './site.ts'

const COOKIE = storage('cookie.CookieStorage')

/** Texts that do not compress. */
const long = (count: number): string[] =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: 10 }, (_each, j) => getCookieSigner('test').signature(`${i} ${j}`)).join(''),
  )

const addAll = (visitor: Visitor, texts: readonly string[]): Promise<unknown> =>
  visitor.do((request) => {
    for (const text of texts) messages.info(request, text)
  })

const listed = async (visitor: Visitor): Promise<string[]> =>
  ((await visitor.list()) as [string, string][]).map(([text]) => text)

describe('the storage of messages', () => {
  before(() => setup())

  it('gives the cookie the attributes of the session cookie, no age, and keeps shared caches off', () =>
    onBoard(
      {
        MESSAGE_STORAGE: COOKIE,
        SESSION_COOKIE_DOMAIN: '.example.com',
        SESSION_COOKIE_SECURE: true,
        SESSION_COOKIE_SAMESITE: 'Strict',
        SESSION_COOKIE_PATH: '/shop/',
      },
      async (visitor) => {
        const { setCookie, headers } = await visitor.do((request) => messages.info(request, 'x'))
        const attributes = '; Domain=.example.com; HttpOnly; Path=/; SameSite=Strict; Secure'
        expect(setCookie).to.have.length(1)
        expect(setCookie[0]).to.match(/^messages=[\w-]+:\w+:[\w-]+; /)
        expect(setCookie[0]?.endsWith(attributes)).to.equal(true)
        expect(headers.vary).to.equal('Cookie')
        expect(headers['cache-control']).to.equal('private')
        const gone = await visitor.client.get('/list/')
        expect(gone.setCookie).to.deep.equal([
          'messages=""; Domain=.example.com; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Strict',
        ])
      },
    ))

  for (const name of ['cookie.CookieStorage', 'fallback.FallbackStorage']) {
    it(`shows nothing of a cookie that was changed, and takes it away (${name})`, () =>
      onBoard({ MESSAGE_STORAGE: storage(name) }, async (visitor) => {
        await visitor.do((request) => messages.info(request, 'genuine'))
        const genuine = visitor.client.cookies.get('messages') as string
        const elements = Buffer.from('[["__json_message",1,40,"<script>","x"]]').toString('base64url')
        const forged = [elements, ...genuine.split(':').slice(1)].join(':')
        visitor.client.cookies.set('messages', forged)
        expect(await visitor.list()).to.deep.equal([])
        expect(visitor.client.cookies.has('messages')).to.equal(false)
      }))
  }

  it('shows nothing of a cookie that is signed but holds no messages', () =>
    onBoard({ MESSAGE_STORAGE: COOKIE }, async (visitor) => {
      for (const content of [{}, 'x', [1], [['__json_message', 0, 'x', 'y']], [['__json_message', 0, 20, 'y', 1]]]) {
        const signed = getCookieSigner('django.contrib.messages').signObject(content)
        visitor.client.cookies.set('messages', signed)
        expect(await visitor.list()).to.deep.equal([])
      }
    }))

  it('drops the oldest from a cookie that is full, which is an error under DEBUG', () =>
    onBoard({ MESSAGE_STORAGE: COOKIE }, async (visitor) => {
      const texts = long(10)
      await addAll(visitor, texts)
      expect(visitor.client.cookies.get('messages')?.length).to.be.at.most(2048)
      const kept = await listed(visitor)
      expect(kept.length).to.be.within(1, 5)
      expect(kept).to.deep.equal(texts.slice(-kept.length))
      await onBoard({ MESSAGE_STORAGE: COOKIE, DEBUG: true }, async (developer) => {
        expect(((await addAll(developer, texts)) as { text: string }).text).to.contain('has no room for')
      })
    }))

  it('puts into the session what finds no room in the cookie, and gives all back in order', () =>
    onBoard({}, async (visitor) => {
      const texts = long(10)
      await addAll(visitor, texts)
      expect([...visitor.client.cookies.keys()]).to.have.members(['messages', 'sessionid'])
      expect(await listed(visitor)).to.deep.equal(texts)
      expect([...visitor.client.cookies.keys()]).to.deep.equal(['sessionid'])
      expect(await listed(visitor)).to.deep.equal([])
    }))

  it('leaves the session alone where the cookie is enough', () =>
    onBoard({}, async (visitor) => {
      await visitor.do((request) => messages.info(request, 'small'))
      expect([...visitor.client.cookies.keys()]).to.deep.equal(['messages'])
    }))

  it('keeps one that is too large for any cookie in the session', () =>
    onBoard({}, async (visitor) => {
      const huge = long(10).join('')
      await addAll(visitor, [huge])
      expect(await listed(visitor)).to.deep.equal([huge])
    }))

  it('keeps in the session the text that Django reads', () =>
    onBoard({ MESSAGE_STORAGE: storage('session.SessionStorage') }, async (visitor) => {
      await visitor.do((request) => messages.info(request, 'é'))
      await visitor.do((request) => {
        expect(request.session.get('_messages')).to.equal('[["__json_message", 0, 20, "\\u00e9", ""]]')
        request.session.set('_messages', '[["__json_message", 1, 25, "<b>from Django</b>"]]')
      })
      expect((await visitor.client.get('/page/')).text).to.contain('success: <b>from Django</b>')
    }))

  it('takes what is no list of messages in the session for none', () =>
    onBoard({ MESSAGE_STORAGE: storage('session.SessionStorage') }, async (visitor) => {
      await visitor.do((request) => request.session.set('_messages', '[oops'))
      expect(await visitor.list()).to.deep.equal([])
    }))
})
