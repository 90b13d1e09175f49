/** The sample served by `runserver` on its own database, and a Chromium to visit it. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import type { Browser, BrowserContext } from 'playwright-core'
import { endAll, freePort, manage, managed } from '../management/processes.ts'
import { requireService } from '../services.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Disables what page tests do not need; root cannot use the sandbox. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Site {
  /** `http://127.0.0.1:<port>`. */
  readonly address: string
  /** A browser profile with its own cookies. Closed after the test. */
  newProfile(): Promise<BrowserContext>
}

/** Call it inside a `describe`; the returned functions can be used in its tests. */
export function inBrowser(): Site {
  let folder: string | undefined
  let browser: Browser | undefined
  let address = ''
  const profiles: BrowserContext[] = []

  before(async function () {
    requireService({ available: CHROMIUM !== undefined, reason: 'Chromium is not installed.' }, this)
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-browser-'))
    // The settings define DATABASES, so the test has its own module that overrides it.
    const env = {
      NUAGES_SETTINGS_MODULE: 'test.browser.settings',
      BROWSER_TEST_DATABASE: path.join(folder, 'db.sqlite3'),
    }
    const migrated = await managed(['migrate', '-v', '0'], { env })
    expect(migrated.stderr).to.equal('')
    const port = await freePort()
    const server = manage(['runserver', String(port), '--noreload'], { env })
    await server.line(/^Quit the server/)
    address = `http://127.0.0.1:${port}`
    const { chromium } = await import('playwright-core')
    browser = await chromium.launch({ executablePath: CHROMIUM as string, args: FLAGS })
  })

  afterEach(async () => {
    for (const profile of profiles.splice(0)) await profile.close()
  })

  after(async () => {
    await browser?.close()
    await endAll()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  return {
    get address() {
      return address
    },
    async newProfile() {
      const profile = await (browser as Browser).newContext()
      profiles.push(profile)
      return profile
    },
  }
}
