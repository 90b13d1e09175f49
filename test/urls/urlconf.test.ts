/** The module in ROOT_URLCONF is loaded once, with everything that it includes, or its errors are reported. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { getResolver, loadUrlconf, path, resolve, reverse } from '#core/urls'
import { detail, index, missingPage } from './fixtures/views.ts'

const fixture = (name: string): string => `test.urls.fixtures.${name}`
const withRoot = (name: string, run: () => Promise<void> | void): Promise<void> =>
  overrideSettings({ ROOT_URLCONF: fixture(name) }, run)

async function messageOf(name: string): Promise<string> {
  let message = ''
  await withRoot(name, async () => {
    await loadUrlconf().catch((error: unknown) => {
      expect(error).to.be.instanceOf(ImproperlyConfigured)
      message = (error as Error).message
    })
  })
  return message
}

describe('the root urlconf', () => {
  before(() => setup())

  it('has to be loaded before it is used', async () => {
    await overrideSettings({ ROOT_URLCONF: fixture('unloaded') }, () => {
      const sentence = `The URL patterns of '${fixture('unloaded')}' are not loaded yet: \`await loadUrlconf()\``
      expect(() => resolve('/')).to.throw(ImproperlyConfigured, sentence)
      expect(() => reverse('home')).to.throw(ImproperlyConfigured, sentence)
    })
  })

  it('is loaded with the modules that it includes by name', async () => {
    await withRoot('site', async () => {
      expect(await loadUrlconf()).to.equal(getResolver())
      expect(resolve('/polls/3/')).to.include({ func: detail, viewName: 'polls:detail' })
      expect(reverse('polls:index')).to.equal('/polls/')
      expect(reverse('team-polls:detail', { kwargs: { team: 'red', pk: 2 } })).to.equal('/red/polls/2/')
    })
  })

  it('is loaded once', async () => {
    await withRoot('site', async () => {
      const [one, two] = await Promise.all([loadUrlconf(), loadUrlconf()])
      expect(one).to.equal(two)
    })
  })

  it('has the error handlers of its module, functions or dotted names', async () => {
    await withRoot('site', async () => {
      await loadUrlconf()
      expect(getResolver().handlers).to.deep.equal({ 404: missingPage, 500: missingPage })
    })
  })

  it('can be overridden for one call', async () => {
    await loadUrlconf(fixture('polls'))
    expect(resolve('/3/', fixture('polls')).viewName).to.equal('detail')
    expect(reverse('detail', { args: [3], urlconf: fixture('polls') })).to.equal('/3/')
    const list = [path('x/', index, { name: 'x' })]
    await loadUrlconf(list)
    expect(reverse('x', { urlconf: list })).to.equal('/x/')
  })

  it('is reported with the setting and the file if it is missing', async () => {
    const message = await messageOf('nowhere')
    expect(message)
      .to.include(`ROOT_URLCONF names '${fixture('nowhere')}'`)
      .and.include('test/urls/fixtures/nowhere.ts')
  })

  it('without urlpatterns is reported with its exports', async () => {
    expect(await messageOf('empty')).to.include(
      `ROOT_URLCONF names '${fixture('empty')}', but that module exports no urlpatterns; it exports: patterns.`,
    )
    expect(await messageOf('wrong_type')).to.include(
      'exports as urlpatterns {"index":"apps.views.index"}, which is no list',
    )
  })

  it('is reported with each of its invalid patterns', async () => {
    const message = await messageOf('wrong_entries')
    expect(message).to.include(`ROOT_URLCONF names '${fixture('wrong_entries')}'`)
    expect(message).to.include(
      `urlpatterns[0] of ${fixture('wrong_entries')}: (urls.E004) Your URL pattern "polls" is invalid.`,
    )
    expect(message).to.include(`urlpatterns[2] of ${fixture('wrong_entries')}: (urls.E004)`)
  })

  it('with an include of a missing module is reported with the place and the file', async () => {
    const message = await messageOf('missing_include')
    expect(message).to.include(`include() behind 'polls/' of ${fixture('missing_include')} names '${fixture('pols')}'`)
    expect(message).to.include("Did you mean 'polls'?")
  })
})
