/** The sample in a real browser: the pages, and the cookies of the browser. */
import { expect } from 'chai'
import type { BrowserContext } from 'playwright-core'
import { inBrowser } from './site.ts'

describe('the counter in a browser', function () {
  // These tests start a browser and a server.
  this.timeout(60_000)

  const site = inBrowser()
  let profile: BrowserContext
  beforeEach(async () => {
    profile = await site.newProfile()
  })

  async function seen(address: string, by = profile): Promise<string> {
    const page = by.pages()[0] ?? (await by.newPage())
    await page.goto(site.address + address)
    return page.innerText('body')
  }

  it('counts the visits, reports that cookies work, and starts again after a reset', async () => {
    expect(await seen('/')).to.equal('Visit count: 1')
    expect(await seen('/')).to.equal('Visit count: 2')
    expect(await seen('/')).to.equal('Visit count: 3')
    expect(await seen('/about/')).to.equal('About page\nCookie Tested!\nCurrent visit count: 3')
    expect(await seen('/reset/')).to.equal('Visit count has been reset to 0')
    expect(await seen('/')).to.equal('Visit count: 1')
  })

  it('gives each browser profile its own count', async () => {
    await seen('/')
    await seen('/')
    const other = await site.newProfile()
    expect(await seen('/', other)).to.equal('Visit count: 1')
    expect(await seen('/')).to.equal('Visit count: 3')
  })

  it('keeps the session behind one cookie that scripts cannot read and other sites do not send', async () => {
    await seen('/')
    const cookies = await profile.cookies()
    expect(cookies).to.have.length(1)
    expect(cookies[0]).to.include({ name: 'sessionid', path: '/', httpOnly: true, secure: false, sameSite: 'Lax' })
    expect(cookies[0]?.value).to.match(/^[a-z0-9]{32}$/)
    const inTwoWeeks = Date.now() / 1000 + 1_209_600
    expect(cookies[0]?.expires).to.be.within(inTwoWeeks - 60, inTwoWeeks + 60)
    expect(await profile.pages()[0]?.evaluate('document.cookie')).to.equal('')
  })

  it('shows the available pages for an unknown URL', async () => {
    expect(await seen('/nowhere/')).to.match(/Page not found[\s\S]*favorite\/set\//)
  })
})
