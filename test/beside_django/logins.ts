/** Promises about users for each setup, whichever side they log in on, log out on, change on. */
import { expect } from 'chai'
import type { Beside } from './beside.ts'
import type { SharedSetup } from './shared_setups.ts'
import { otherThan, type Side, SIDES, Browser } from './browser.ts'

const PASSWORD = 'three green apples'

/** All promises for one setup. */
export function oneSite(beside: Beside, setup: SharedSetup): void {
  // Content in a cookie cannot be revoked.
  const isStored = setup.settings.SESSION_ENGINE !== 'django.contrib.sessions.backends.signed_cookies'
  const newBrowser = (): Browser => new Browser(() => beside.django)
  let users = 0

  async function newUser(): Promise<string> {
    const username = `user${++users}`
    await beside.django.ask('create_user', { username, password: PASSWORD })
    return username
  }

  async function logIn(browser: Browser, side: Side, username: string, password = PASSWORD): Promise<string | null> {
    const response = browser.post(side, '/login/', { username, password })
    return (await browser.json<{ user: string | null }>(response)).user
  }

  /** The user that both sides see for a browser. */
  const seen = async (browser: Browser): Promise<(string | null)[]> => [
    await browser.who('django'),
    await browser.who('nuages'),
  ]

  for (const side of SIDES) {
    const other = otherThan(side)

    it(`a login on ${side} is valid on both, and keeps the content of the session`, async () => {
      const [browser, username] = [newBrowser(), await newUser()]
      await browser.get(other, '/visit/?item=tea')
      const before = browser.cookies.get('sessionid')
      expect(await logIn(browser, side, username)).to.equal(username)
      expect(await seen(browser)).to.deep.equal([username, username])
      expect(browser.cookies.get('sessionid')).to.not.equal(before)
      expect(await browser.json(browser.get(other, '/visit/?item=milk'))).to.deep.equal({ visits: 2, items: 2 })
    })

    it(`a wrong password on ${side} is refused on both`, async () => {
      const [browser, username] = [newBrowser(), await newUser()]
      expect(await logIn(browser, side, username, 'three red apples')).to.equal(null)
      expect(await seen(browser)).to.deep.equal([null, null])
    })

    it(`a logout on ${side} ends a session of ${other} on both`, async () => {
      const [browser, username] = [newBrowser(), await newUser()]
      await logIn(browser, other, username)
      const copy = browser.copy()
      expect(await seen(copy)).to.deep.equal([username, username])
      await browser.post(side, '/logout/')
      expect(await seen(browser)).to.deep.equal([null, null])
      if (isStored) expect(await seen(copy)).to.deep.equal([null, null])
    })

    it(`a change of the password on ${side} ends the old sessions of both sides, except its own`, async () => {
      const username = await newUser()
      const [changing, onSide, onOther] = [newBrowser(), newBrowser(), newBrowser()]
      await logIn(changing, other, username)
      await logIn(onSide, side, username)
      await logIn(onOther, other, username)
      expect(await seen(onSide)).to.deep.equal([username, username])
      await changing.post(side, '/password/', { password: 'four blue apples' })
      for (const old of [onSide, onOther]) {
        const copy = old.copy()
        expect([await copy.who(other), await old.who(side)]).to.deep.equal([null, null])
      }
      expect(await seen(changing)).to.deep.equal([username, username])
      expect(await logIn(newBrowser(), other, username)).to.equal(null)
      expect(await logIn(newBrowser(), other, username, 'four blue apples')).to.equal(username)
    })

    it(`a login on ${side} over another user's session removes its content`, async () => {
      const [browser, first, second] = [newBrowser(), await newUser(), await newUser()]
      await logIn(browser, other, first)
      await browser.get(other, '/visit/?item=tea')
      expect(await logIn(browser, side, second)).to.equal(second)
      expect(await seen(browser)).to.deep.equal([second, second])
      expect(await browser.json(browser.get(other, '/visit/?item=milk'))).to.deep.equal({ visits: 1, items: 1 })
    })
  }
}
