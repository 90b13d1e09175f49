/** What the shop promises: registering, a page of one's own, a cart in the session, devices that can be logged out. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { User } from '#core/contrib/auth'
import { callCommand } from '#core/management'
import { Client, type ClientResponse, overrideSettings } from '#core/test'

const SETTINGS = {
  // Counters of failed logins that no other suite has filled.
  CACHES: { default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: 'shop' } },
  DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' } },
  PASSWORD_HASHERS: ['core.contrib.auth.hashers.MD5PasswordHasher'],
}
const PASSWORD = 'three green apples'

/** A test on a database of its own, in memory. */
const onDatabase = (test: () => Promise<void>) => () =>
  overrideSettings(SETTINGS, async () => {
    await callCommand('migrate', { verbosity: 0 })
    await test()
  })

const register = (client: Client, username = 'ada', password = PASSWORD, confirmation = password) =>
  client.post('/shop/register/', { data: { username, password, confirmation } })

const logIn = (client: Client, username = 'ada', password = PASSWORD) =>
  client.post('/accounts/login/', { data: { username, password } })

const textsIn = ({ text }: ClientResponse, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((found) => found[1] as string)

const messagesIn = (page: ClientResponse): string[] => textsIn(page, /<p class="message[^>]*>(.*?)<\/p>/g)
const errorsIn = (page: ClientResponse): string[] => textsIn(page, /<ul class="errorlist"><li>(.*?)<\/li>/g)
const cartIn = (page: ClientResponse): string[] => textsIn(page, /<span>(\d+ × \w+)<\/span>/g)

describe('apps/shop', () => {
  let client: Client
  before(() => setup())
  beforeEach(() => {
    client = new Client()
  })

  describe('registering', () => {
    it(
      'makes a user, logs in and says so once',
      onDatabase(async () => {
        expect((await register(client)).headers.location).to.equal('/shop/profile/')
        const page = await client.get('/shop/profile/')
        expect(messagesIn(page)).to.deep.equal(['Welcome, ada! You are registered and logged in.'])
        expect(page.text).to.include('Hello, ada')
        expect(messagesIn(await client.get('/shop/profile/'))).to.deep.equal([])
        expect(await (await User.objects.get({ username: 'ada' })).checkPassword(PASSWORD)).to.equal(true)
      }),
    )

    it(
      'refuses a name that is taken, passwords that differ, and one that will not do',
      onDatabase(async () => {
        await register(client)
        expect(errorsIn(await register(new Client()))).to.deep.equal(['A user with that username already exists.'])
        expect(errorsIn(await register(client, 'bob', PASSWORD, 'other'))).to.deep.equal([
          'The two passwords didn’t match.',
        ])
        expect(errorsIn(await register(client, 'bob the builder'))[0]).to.match(/letters, digits/)
        expect(errorsIn(await register(client, 'caroline99', 'caroline99'))).to.deep.equal([
          'The password is too similar to the username.',
        ])
        expect(await User.objects.count()).to.equal(1)
      }),
    )
  })

  it(
    'shows the profile to its owner alone, and leads back after the login',
    onDatabase(async () => {
      await register(new Client())
      const login = (await client.get('/shop/profile/')).headers.location as string
      expect(login).to.equal('/accounts/login/?next=/shop/profile/')
      const data = { username: 'ada', password: PASSWORD, next: '/shop/profile/' }
      expect((await client.post('/accounts/login/', { data })).headers.location).to.equal('/shop/profile/')
      expect((await client.get('/shop/profile/')).text).to.include('Hello, ada')
      expect((await client.post('/accounts/logout/')).headers.location).to.equal('/shop/')
      expect((await client.get('/shop/profile/')).status).to.equal(302)
    }),
  )

  it(
    'shows the pages of core.contrib.auth as its own',
    onDatabase(async () => {
      expect((await client.get('/accounts/login/')).text)
        .to.include('class="brand"')
        .and.include('shop/style.css')
    }),
  )

  describe('the cart', () => {
    const add = (name: string) => client.post('/shop/cart/add/', { data: { name } })

    it(
      'keeps what is added, counts what is added again, and forgets what is removed',
      onDatabase(async () => {
        for (const name of ['tea', 'cake', 'tea']) expect((await add(name)).headers.location).to.equal('/shop/')
        const page = await client.get('/shop/')
        expect(cartIn(page)).to.deep.equal(['2 × tea', '1 × cake'])
        expect(messagesIn(page)).to.have.length(3)
        await client.post('/shop/cart/remove/', { data: { name: 'tea' } })
        const after = await client.get('/shop/')
        expect(cartIn(after)).to.deep.equal(['1 × cake'])
        expect(messagesIn(after)).to.deep.equal(['Taken out of your cart: tea.'])
      }),
    )

    it(
      'takes POST alone, and nothing that the shop does not have',
      onDatabase(async () => {
        expect((await client.get('/shop/cart/add/')).status).to.equal(405)
        expect((await add('gold')).status).to.equal(404)
        expect(cartIn(await client.get('/shop/'))).to.deep.equal([])
      }),
    )

    it(
      'stays when its owner logs in, and is gone after the logout',
      onDatabase(async () => {
        await register(new Client())
        await add('tea')
        await logIn(client)
        expect(cartIn(await client.get('/shop/'))).to.deep.equal(['1 × tea'])
        await client.post('/accounts/logout/')
        expect(cartIn(await client.get('/shop/'))).to.deep.equal([])
      }),
    )
  })

  describe('your devices', () => {
    const devicesOf = async (of: Client): Promise<string[]> =>
      textsIn(await of.get('/shop/devices/'), /<span>([^<]*)<br>/g)
    const isLoggedIn = async (who: Client): Promise<boolean> => (await who.get('/shop/profile/')).status === 200

    async function threeDevices(): Promise<[Client, Client, Client]> {
      await register(client)
      const [phone, tablet] = [new Client(), new Client()]
      const agent = 'Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36'
      const data = { username: 'ada', password: PASSWORD }
      await phone.post('/accounts/login/', { data, headers: { 'user-agent': agent } })
      await logIn(tablet)
      return [client, phone, tablet]
    }

    it(
      'are listed by their browsers, and one of them is this one',
      onDatabase(async () => {
        const [here] = await threeDevices()
        expect((await devicesOf(here)).toSorted()).to.deep.equal([
          'Chrome on Android',
          'Unknown on an unknown system',
          'Unknown on an unknown system',
        ])
        expect((await here.get('/shop/devices/')).text.match(/This device/g)).to.have.length(1)
      }),
    )

    it(
      'can be logged out one by one, and all others at once',
      onDatabase(async () => {
        const [here, phone, tablet] = await threeDevices()
        const [device = ''] = textsIn(await phone.get('/shop/devices/'), /name="device" value="(\w+)"/g)
        expect((await phone.post('/shop/devices/end/', { data: { device } })).headers.location).to.equal(
          '/shop/devices/',
        )
        expect([await isLoggedIn(here), await isLoggedIn(tablet)].filter(Boolean)).to.have.length(1)
        await phone.post('/shop/devices/end-others/')
        expect(messagesIn(await phone.get('/shop/devices/')).at(-1)).to.equal('Other devices logged out: 1.')
        expect([await isLoggedIn(here), await isLoggedIn(phone), await isLoggedIn(tablet)]).to.deep.equal([
          false,
          true,
          false,
        ])
      }),
    )

    it(
      'of somebody else stay logged in',
      onDatabase(async () => {
        await threeDevices()
        const bob = new Client()
        await register(bob, 'bob')
        const [device = ''] = textsIn(await client.get('/shop/devices/'), /name="device" value="(\w+)"/g)
        await bob.post('/shop/devices/end/', { data: { device } })
        await bob.post('/shop/devices/end-others/')
        expect(await devicesOf(client)).to.have.length(3)
      }),
    )
  })
})
