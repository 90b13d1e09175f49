/** XFrameOptionsMiddleware and the decorators of views that may, or may not, be shown in a frame. */
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { withSite } from './with_site.ts'

const MIDDLEWARE = ['django.middleware.clickjacking.XFrameOptionsMiddleware']

const header = (path: string, settings: Settings = {}): Promise<unknown> =>
  withSite({ MIDDLEWARE, ...settings }, async (client) => (await client.get(path)).headers['x-frame-options'])

describe('XFrameOptionsMiddleware', () => {
  before(() => setup())

  it('forbids frames according to X_FRAME_OPTIONS', async () => {
    expect(await header('/')).to.equal('DENY')
    expect(await header('/', { X_FRAME_OPTIONS: 'sameorigin' })).to.equal('SAMEORIGIN')
    expect(await header('/made/?X-Frame-Options=ALLOWALL')).to.equal('ALLOWALL')
    expect(await header('/nowhere/')).to.equal('DENY')
  })

  it('respects the decorators of views', async () => {
    expect(await header('/framed/')).to.equal(undefined)
    expect(await header('/framed-here/')).to.equal('SAMEORIGIN')
    expect(await header('/never-framed/', { X_FRAME_OPTIONS: 'SAMEORIGIN' })).to.equal('DENY')
    expect(await header('/framed-here/', { MIDDLEWARE: [] })).to.equal('SAMEORIGIN')
  })

  it('covers error responses of other middleware', async () => {
    const failing: Middleware = () => {
      throw new Error('The middleware failed.')
    }
    expect(await header('/', { MIDDLEWARE: [...MIDDLEWARE, failing] })).to.equal('DENY')
  })
})
