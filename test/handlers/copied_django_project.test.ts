/** The lists of `django-admin startproject` run unchanged; a message reports that there is no admin. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { endAll, freePort, manage, managed } from '../management/processes.ts'

const MODULE = 'test.handlers.copied'

describe('a copied Django project', function () {
  // These tests start processes.
  this.timeout(60_000)

  let folder: string
  let env: Record<string, string>
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-copied-'))
    env = {
      NUAGES_SETTINGS_MODULE: `${MODULE}.settings`,
      COPIED_DATABASE: path.join(folder, 'db.sqlite3'),
    }
  })
  after(async () => {
    await endAll()
    rmSync(folder, { recursive: true, force: true })
  })

  it('passes `check`', async () => {
    const { stdout, code } = await managed(['check'], { env })
    expect([stdout.trim(), code]).to.deep.equal(['System check identified no issues (0 silenced).', 0])
  })

  it('migrates, serves its pages, and runs each middleware', async () => {
    const { stdout, stderr, code } = await managed(['migrate'], { env })
    expect([stderr, code]).to.deep.equal(['', 0])
    expect(stdout).to.include('Apply all migrations: auth, contenttypes, sessions\n')
    const port = await freePort()
    const site = `http://127.0.0.1:${port}`
    await manage(['runserver', String(port), '--noreload'], { env }).line(/^Quit the server/)

    const home = await fetch(`${site}/`)
    expect(await home.text()).to.equal('a visitor')
    expect(home.headers.get('x-content-type-options')).to.equal('nosniff')
    expect(home.headers.get('x-frame-options')).to.equal('DENY')
    expect(home.headers.get('set-cookie')).to.match(/^messages=/)

    const slashless = await fetch(`${site}/accounts/login`, { redirect: 'manual' })
    expect([slashless.status, slashless.headers.get('location')]).to.deep.equal([301, '/accounts/login/'])
    expect(await (await fetch(`${site}/accounts/login/`)).text()).to.include('name="csrfmiddlewaretoken"')
    const refused = await fetch(`${site}/accounts/login/`, { method: 'POST' })
    expect(refused.status).to.equal(403)
    expect(await refused.text()).to.include('CSRF cookie not set.')
    expect((await fetch(`${site}/static/nothing.css`)).status).to.equal(404)
  })

  it('with the admin is refused, with a message about what is available', async () => {
    const { stderr, code } = await managed(['check'], {
      env: { ...env, NUAGES_SETTINGS_MODULE: `${MODULE}.with_admin` },
    })
    expect(code).to.equal(1)
    expect(stderr)
      .to.include("INSTALLED_APPS[0] names 'django.contrib.admin'")
      .and.include("Nuages has no 'core.contrib.admin'.")
      .and.include('auth, contenttypes, messages, session_devices, sessions and staticfiles')
  })
})
