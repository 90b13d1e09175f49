/** The engines of the settings: loaded at the start, and again where other settings are in force. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { runChecks } from '#core/checks'
import { overrideSettings } from '#core/conf'
import { Engines, engines, getTemplate, loadEngines, renderToString, selectTemplate } from '#core/template'
import * as processors from '../../core/template/context_processors.ts'

const BACKEND = 'core.template.backends.django.DjangoTemplates'
const memory = (templates: Record<string, string>, NAME?: string): Record<string, unknown> => ({
  BACKEND,
  ...(NAME !== undefined && { NAME }),
  OPTIONS: { loaders: [['core.template.loaders.locmem.Loader', templates]] },
})
const TEMPLATES = [
  memory({ 'a.html': 'A{{ x }}', 'b.html': 'B' }),
  memory({ 'a.html': 'second', 'c.html': 'C' }, 'other'),
] as never

describe('the template engines', () => {
  before(() => setup())

  it('are those of the active settings', async () => {
    await overrideSettings({ TEMPLATES }, () => {
      expect(renderToString('a.html', { x: '<' })).to.equal('A&lt;')
      expect(renderToString(['no.html', 'b.html'])).to.equal('B')
      expect(getTemplate('c.html').render()).to.equal('C')
      expect(selectTemplate(['no.html', 'c.html']).name).to.equal('c.html')
    })
    expect(() => renderToString('a.html')).to.throw('There is no template')
  })

  it('can be selected by name; the default is django', async () => {
    await overrideSettings({ TEMPLATES }, () => {
      expect(renderToString('a.html', {}, undefined, 'other')).to.equal('second')
      expect(engines().get('django').getTemplate('a.html').render()).to.equal('A')
      expect(() => engines().get('jinja')).to.throw(
        "There is no template engine 'jinja'. TEMPLATES has: django and other.",
      )
    })
  })

  it('may be loaded again at no cost', async () => {
    await loadEngines()
    const before = engines()
    await loadEngines()
    expect(engines()).to.equal(before)
  })

  const wrong: readonly (readonly [what: string, entries: unknown[], said: string])[] = [
    ['two with one name', [memory({}), memory({})], "TEMPLATES[1] has the NAME 'django' of another entry"],
    [
      'one that is missing',
      [{ BACKEND: 'core.template.backends.jinja2.Jinja2' }],
      "TEMPLATES[0].BACKEND names 'core.template.backends.jinja2'",
    ],
    [
      'an invalid engine',
      [{ BACKEND: 'core.template.defaultfilters.filters' }],
      "TEMPLATES[0].BACKEND names 'core.template.defaultfilters.filters', which should be a class with load(), getTemplate() and fromString(), found",
    ],
  ]
  for (const [what, entries, said] of wrong) {
    it(`refuse ${what}`, async () => {
      let message = ''
      await Engines.load(entries as never, { root: '/', apps: [] }).catch((error: Error) => (message = error.message))
      expect(message).to.contain(said)
    })
  }

  it('are checked: APP_DIRS together with loaders, and string_if_invalid that is not a string', async () => {
    const ids = async (entry: Record<string, unknown>): Promise<string[]> =>
      overrideSettings({ TEMPLATES: [{ BACKEND, ...entry }] as never }, async () =>
        (await runChecks({ tags: ['templates'] })).map(({ id }) => id),
      )
    expect(await ids({})).to.deep.equal([])
    expect(await ids({ APP_DIRS: true, OPTIONS: { loaders: [] } })).to.deep.equal(['templates.E001'])
    expect(await ids({ OPTIONS: { string_if_invalid: 5 } })).to.deep.equal(['templates.E002'])
  })

  it("accept Django's names of context processors", async () => {
    await overrideSettings({ STATIC_URL: '/s/', MEDIA_URL: '/m/', DEBUG: true, INTERNAL_IPS: ['127.0.0.1'] }, () => {
      expect(processors.static({})).to.deep.equal({ STATIC_URL: '/s/' })
      expect(processors.media({})).to.deep.equal({ MEDIA_URL: '/m/' })
      expect(processors.debug({ ip: '::ffff:127.0.0.1' })).to.deep.equal({ debug: true })
      expect(processors.debug({ ip: '10.0.0.1' })).to.deep.equal({})
    })
  })
})
