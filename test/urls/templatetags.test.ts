/** The url tag renders URLs in templates. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { importModule } from '#core/utils'
import { loadUrlconf } from '#core/urls'

type Tags = Record<
  string,
  (context: Record<string, unknown>, args: unknown[], kwargs: Record<string, unknown>) => string
>

describe('the url tag', () => {
  let url: Tags[string]

  before(async () => {
    await setup()
    const library = await importModule('django.urls.templatetags', { setting: 'builtins', root: process.cwd() })
    url = (library.tags as Tags).url as Tags[string]
  })

  const within = (run: () => void): Promise<void> =>
    overrideSettings({ ROOT_URLCONF: 'test.urls.fixtures.site' }, async () => {
      await loadUrlconf()
      run()
    })

  it('accepts arguments by position or by name', () =>
    within(() => {
      expect(url({}, ['home'], {})).to.equal('/')
      expect(url({}, ['polls:detail', 3], {})).to.equal('/polls/3/')
      expect(url({}, ['polls:detail'], { pk: 3 })).to.equal('/polls/3/')
    }))

  it('uses the instance of the current request, or currentApp', () =>
    within(() => {
      const request = { resolverMatch: { namespace: 'team-polls' } }
      expect(url({ request }, ['polls:index'], { team: 'red' })).to.equal('/red/polls/')
      expect(url({ request: { ...request, currentApp: 'polls' } }, ['polls:index'], {})).to.equal('/polls/')
    }))

  it('reports a missing name', () => {
    expect(() => url({}, [], {})).to.throw(TypeError, "'url' takes at least one argument, a URL pattern name.")
  })
})
