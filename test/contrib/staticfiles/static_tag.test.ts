/** `{% static %}` uses the storage if the staticfiles app is installed, and prepends STATIC_URL otherwise. */
import { expect } from 'chai'
import { apps, setup } from '#core/apps'
import { overrideSettings, projectRoot, settings } from '#core/conf'
import { rendered } from '../../template/render.ts'
import { failureOf, MANIFEST, StaticSite } from './site.ts'

describe('{% static %}', () => {
  const site = new StaticSite()
  before(() => site.open())
  after(() => site.close())

  const tag = (name: string): Promise<string> => rendered(`{% load static %}{% static "${name}" %}`)

  it('returns the URL from the storage', async () => {
    site.write({ 'shop/static/a.css': 'a' })
    await site.with(MANIFEST, () => site.collect())
    await site.with({ ...MANIFEST, DEBUG: false }, async () => {
      expect(await tag('a.css')).to.equal('/static/a.0cc175b9c0f1.css')
      expect((await failureOf(tag('b.css'))).message).to.contain("Missing staticfiles manifest entry for 'b.css'")
    })
    await site.with({ FORCE_SCRIPT_NAME: '/app' }, async () => expect(await tag('a.css')).to.equal('/app/static/a.css'))
    await site.with({ STATIC_URL: 'https://cdn.example.com/' }, async () => {
      expect(await tag('/a b.css')).to.equal('https://cdn.example.com/a%20b.css')
      expect(await tag('https://other.example.com/a.css')).to.equal('https://other.example.com/a.css')
    })
  })

  it('needs no storage if the app is not installed', async () => {
    await setup()
    await apps.populate([], projectRoot())
    try {
      await overrideSettings({ ...MANIFEST, DEBUG: false, STATIC_URL: '/s/' }, async () => {
        expect(await tag('a.css')).to.equal('/s/a.css')
      })
    } finally {
      await apps.populate(settings.INSTALLED_APPS, projectRoot())
    }
  })
})
