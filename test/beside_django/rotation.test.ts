/** A new SECRET_KEY is deployed to one side first: no user is logged out, and all signed values stay valid. */
import { expect } from 'chai'
import { defaultTokenGenerator, User } from '#core/contrib/auth'
import { openSession, openSessionStore } from '#core/contrib/sessions'
import { dumps, loads } from '#core/signing'
import { databases } from '../services.ts'
import { djangoSettings, inBesideDjango } from './beside.ts'
import { Django } from './django.ts'
import { databaseEngine, onDatabase } from './shared_setups.ts'
import { Browser } from './browser.ts'

const [sqlite] = await databases('beside_rotation')

const OLD = 'the key that this site has had for years and years and years'
const NEW = 'the key that was drawn this very morning, and is on its way'
const PASSWORD = 'three green apples'

describe('a new SECRET_KEY shared with Django', function () {
  this.timeout(30_000)
  const setup = onDatabase(sqlite as never, 'db', databaseEngine)
  // Django 3.2 has no SECRET_KEY_FALLBACKS, so our side has both keys, while Django changes from one to the other.
  const beside = inBesideDjango(setup, {
    settings: { SECRET_KEY: OLD },
    ours: { SECRET_KEY: NEW, SECRET_KEY_FALLBACKS: [OLD], SIGNED_COOKIE_LEGACY_SALT_FALLBACK: true },
  })
  let afterwards: Django | undefined
  /** Django with the new key. */
  const renewed = (): Django => (afterwards ??= new Django(djangoSettings(setup, { SECRET_KEY: NEW })))
  after(() => afterwards?.close())

  it('keeps users logged in who logged in with the old one, under the same session key', async () => {
    await beside.django.ask('create_user', { username: 'ada', password: PASSWORD })
    const browser = new Browser(() => beside.django)
    await browser.post('django', '/login/', { username: 'ada', password: PASSWORD })
    await browser.get('django', '/visit/?item=tea')
    const before = browser.cookies.get('sessionid')
    expect(await browser.who('nuages')).to.equal('ada')
    expect(browser.cookies.get('sessionid')).to.equal(before)
    const later = new Browser(renewed, { cookies: browser.cookies })
    expect(await later.who('django')).to.equal('ada')
    expect(await later.json(later.get('django', '/visit/?item=milk'))).to.deep.equal({ visits: 2, items: 2 })
    expect(await renewed().logged()).to.deep.equal([])
  })

  it('migrates sessions when they are saved', async () => {
    const [[key] = ['']] = await beside.django.ask<[string, string][]>('create', { strings: ['{"a":1.0}'] })
    expect(await renewed().ask('contents', { keys: [key] })).to.deep.equal(['{}'])
    expect(await renewed().logged()).to.have.length(1)
    const session = openSession(openSessionStore(), key)
    await session.load()
    session.set('b', 2)
    await session.save()
    expect(await renewed().ask('contents', { keys: [key] })).to.deep.equal(['{"a":1.0,"b":2}'])
  })

  it('keeps signed values, cookies, messages and reset tokens of the old one valid', async () => {
    const { django } = beside
    const [value = ''] = await django.ask<string[]>('dumps', { strings: ['{"a":1}'], salt: 'shop', compress: false })
    expect(loads(value, { salt: 'shop' })).to.deep.equal({ a: 1 })
    const verdicts = await renewed().ask('loads', {
      values: [value, dumps({ a: 1 }, { salt: 'shop' })],
      salt: 'shop',
      max_age: 60,
    })
    expect(verdicts).to.deep.equal(['BadSignature', ['{"a":1}']])

    await django.ask('create_user', { username: 'bob', password: PASSWORD })
    const bob = await User.objects.getByNaturalKey('bob')
    const token = await django.ask<string>('make_token', { username: 'bob' })
    expect(defaultTokenGenerator.checkToken(bob, token)).to.equal(true)
    const tokens = [token, defaultTokenGenerator.makeToken(bob)]
    expect(await renewed().ask('check_tokens', { username: 'bob', tokens })).to.deep.equal([false, true])

    const browser = new Browser(() => django)
    await browser.post('django', '/sign/', { value: 'tea' })
    await browser.post('django', '/messages/add/', { level: '20', text: 'Saved.', tags: '' })
    expect(await browser.json(browser.get('nuages', '/signed/'))).to.deep.equal({ value: 'tea' })
    expect(await browser.json(browser.get('nuages', '/messages/'))).to.deep.equal({
      messages: [[20, 'Saved.', 'info']],
    })
  })
})
