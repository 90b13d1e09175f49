/** The sample in a real browser: what a visitor sees, and what the browser keeps. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import type { Browser, BrowserContext } from 'playwright-core'
import { endAll, freePort, manage, managed } from '../management/processes.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Nothing that a test of a page needs; root cannot have the sandbox. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

describe('the counter in a browser', function () {
  // A browser and a server start here.
  this.timeout(60_000)

  let folder: string | undefined
  let browser: Browser | undefined
  let profile: BrowserContext
  let site: string

  before(async function () {
    if (CHROMIUM === undefined) {
      if (process.env.CI === 'true') throw new Error('Chromium is not installed.')
      process.stdout.write('    not run: Chromium is not installed\n')
      this.skip()
    }
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-browser-'))
    // The settings give DATABASES, so the test has a module of its own that gives another.
    const env = {
      NUAGES_SETTINGS_MODULE: 'test.browser.settings',
      BROWSER_TEST_DATABASE: path.join(folder, 'db.sqlite3'),
    }
    const migrated = await managed(['migrate', '-v', '0'], { env })
    expect(migrated.stderr).to.equal('')
    const port = await freePort()
    const server = manage(['runserver', String(port), '--noreload'], { env })
    await server.line(/^Quit the server/)
    site = `http://127.0.0.1:${port}`
    const { chromium } = await import('playwright-core')
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  })

  after(async () => {
    await browser?.close()
    await endAll()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  beforeEach(async () => {
    profile = await (browser as Browser).newContext()
  })
  afterEach(() => profile?.close())

  async function seen(address: string, by = profile): Promise<string> {
    const page = by.pages()[0] ?? (await by.newPage())
    await page.goto(site + address)
    return page.innerText('body')
  }

  it('counts the visits, tells that cookies work, and starts again after a reset', async () => {
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
    const other = await (browser as Browser).newContext()
    expect(await seen('/', other)).to.equal('Visit count: 1')
    expect(await seen('/')).to.equal('Visit count: 3')
    await other.close()
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

  it('shows a visitor of an address that is not there what is', async () => {
    expect(await seen('/nowhere/')).to.match(/Page not found[\s\S]*favorite\/set\//)
  })
})
