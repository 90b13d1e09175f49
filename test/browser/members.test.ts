/** The shop in a real browser: a member registers, fills a cart, logs a second browser out, changes the password. */
import { expect } from 'chai'
import type { BrowserContext, Page } from 'playwright-core'
import { inBrowser } from './site.ts'

const PASSWORD = 'three green apples'
const NEW_PASSWORD = 'four yellow lemons'

describe('the shop in a browser', function () {
  // These tests start a browser and a server.
  this.timeout(60_000)

  const site = inBrowser()
  let members = 0

  async function open(address: string, profile?: BrowserContext): Promise<Page> {
    const page = await (profile ?? (await site.newProfile())).newPage()
    page.setDefaultTimeout(10_000)
    await page.goto(site.address + address)
    return page
  }

  const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()

  /** The path of a page within the site. */
  const at = (page: Page): string => page.url().slice(site.address.length)

  async function logIn(name: string, password: string): Promise<Page> {
    const page = await open('/accounts/login/')
    await page.fill('[name=username]', name)
    await page.fill('[name=password]', password)
    await press(page, 'Log in')
    return page
  }

  /** A new member, with an open page. */
  async function register(): Promise<{ name: string; page: Page }> {
    const name = `ada${++members}`
    const page = await open('/shop/register/')
    await page.fill('[name=username]', name)
    await page.fill('[name=password]', PASSWORD)
    await page.fill('[name=confirmation]', PASSWORD)
    await press(page, 'Register')
    return { name, page }
  }

  it('registers a member, shows that once, and logs out and in again', async () => {
    const { name, page } = await register()
    expect(at(page)).to.equal('/shop/profile/')
    expect(await page.innerText('.message')).to.equal(`Welcome, ${name}! You are registered and logged in.`)
    await page.reload()
    expect(await page.locator('.message').count()).to.equal(0)
    await press(page, 'Log out')
    expect(await page.innerText('nav')).to.include('Register')
    await page.goto(`${site.address}/shop/profile/`)
    expect(at(page)).to.equal('/accounts/login/?next=/shop/profile/')
    const again = await logIn(name, PASSWORD)
    expect(at(again)).to.equal('/shop/profile/')
    expect(await again.innerText('h1')).to.equal(`Hello, ${name}`)
  })

  it('loads its style sheet', async () => {
    const page = await open('/shop/')
    expect(await page.evaluate('getComputedStyle(document.querySelector("nav")).display')).to.equal('flex')
  })

  it('keeps a cart, with a message for each change', async () => {
    const page = await open('/shop/')
    for (const name of ['Add tea', 'Add cake', 'Add tea']) await press(page, name)
    expect(await page.innerText('.message')).to.equal('Put into your cart: tea.')
    expect(await page.locator('#cart span').allInnerTexts()).to.deep.equal(['2 × tea', '1 × cake'])
    await press(page, 'Remove tea')
    expect(await page.locator('#cart span').allInnerTexts()).to.deep.equal(['1 × cake'])
  })

  it('logs a second browser out from "Your devices"', async () => {
    const { name, page } = await register()
    const other = await logIn(name, PASSWORD)
    await page.getByRole('link', { name: 'Your devices' }).click()
    expect(await page.locator('#devices li').count()).to.equal(2)
    expect(await page.innerText('#devices')).to.match(/Chrome on Linux[\s\S]*This device/)
    await page.locator('#devices button').click()
    expect(await page.innerText('.message')).to.equal('That device is logged out.')
    expect(await page.locator('#devices li').count()).to.equal(1)
    await other.goto(`${site.address}/shop/profile/`)
    expect(at(other)).to.match(/^\/accounts\/login\//)
    await page.goto(`${site.address}/shop/profile/`)
    expect(at(page)).to.equal('/shop/profile/')
  })

  it('changes the password: this browser stays logged in, the other has to log in with the new one', async () => {
    const { name, page } = await register()
    const other = await logIn(name, PASSWORD)
    await page.getByRole('link', { name: 'Change your password' }).click()
    await page.fill('[name=old_password]', PASSWORD)
    await page.fill('[name=new_password1]', NEW_PASSWORD)
    await page.fill('[name=new_password2]', NEW_PASSWORD)
    await press(page, 'Change my password')
    expect(await page.innerText('main')).to.include('Your password is changed.')
    await page.goto(`${site.address}/shop/profile/`)
    expect(at(page)).to.equal('/shop/profile/')
    await other.reload()
    expect(at(other)).to.match(/^\/accounts\/login\//)
    expect(await (await logIn(name, PASSWORD)).innerText('.errorlist')).to.match(/correct username and password/)
    expect(at(await logIn(name, NEW_PASSWORD))).to.equal('/shop/profile/')
  })

  it('refuses a form without its CSRF token, and shows the reason', async () => {
    const page = await open('/shop/')
    await page.evaluate('document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => field.remove())')
    const response = page.waitForResponse((response) => response.request().method() === 'POST')
    await press(page, 'Add tea')
    expect((await response).status()).to.equal(403)
    const text = await page.innerText('body')
    expect(text)
      .to.match(/Forbidden\s*\(403\)/)
      .and.include('CSRF verification failed. Request aborted.')
    expect(text).to.include('Reason given for failure:').and.include('CSRF token missing.')
    await page.goto(`${site.address}/shop/`)
    expect(await page.innerText('#cart')).to.equal('Nothing yet.')
  })

  it('keeps the login and the cart through a double click, four frames and a poll', async () => {
    const { name } = await register()
    const page = await open('/shop/')
    await press(page, 'Add tea')
    await page.goto(`${site.address}/accounts/login/`)
    const statuses: number[] = []
    page.on('response', (response) => void statuses.push(response.status()))
    // A poll and four frames are in flight while the form is sent twice.
    await page.evaluate(`
      globalThis.polling = setInterval(() => fetch('/shop/'), 5)
      for (let i = 0; i < 4; i++) {
        const frame = document.createElement('iframe')
        frame.src = '/?frame=' + i
        document.body.append(frame)
      }
    `)
    await page.fill('[name=username]', name)
    await page.fill('[name=password]', PASSWORD)
    await page.getByRole('button', { name: 'Log in', exact: true }).dblclick()
    await page.waitForURL(/profile/)
    expect(await page.innerText('h1')).to.equal(`Hello, ${name}`)
    await page.goto(`${site.address}/shop/`)
    expect(await page.innerText('body')).to.match(/tea/i)
    await page.goto(`${site.address}/shop/profile/`)
    expect(await page.innerText('h1')).to.equal(`Hello, ${name}`)
    expect(statuses.filter((status) => status >= 400)).to.deep.equal([])
  })

  it('keeps the login when scripts send two concurrent logins, repeatedly', async () => {
    const { name } = await register()
    for (let round = 0; round < 5; round++) {
      const page = await open('/accounts/login/')
      const statuses = await page.evaluate(
        `(async () => {
          const form = new FormData(document.querySelector('form'))
          form.set('username', ${JSON.stringify(name)})
          form.set('password', ${JSON.stringify(PASSWORD)})
          const send = () => fetch('/accounts/login/', { method: 'POST', body: new URLSearchParams(form) })
          const all = [fetch('/'), send(), fetch('/?poll=1'), send(), fetch('/?poll=2')]
          return (await Promise.all(all)).map((response) => response.status)
        })()`,
      )
      expect(statuses).to.deep.equal([200, 200, 200, 200, 200])
      await page.goto(`${site.address}/shop/profile/`)
      expect(await page.innerText('h1')).to.equal(`Hello, ${name}`)
    }
  })
})
