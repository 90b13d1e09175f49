/** Tags and filters come from the apps, from OPTIONS, and from the built-in libraries. */
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Engines, type Template } from '#core/template'

const root = path.join(import.meta.dirname, 'fixtures')
const BACKEND = 'core.template.backends.django.DjangoTemplates'

async function template(source: string, options: Record<string, unknown> = {}): Promise<Template> {
  const engines = await Engines.load([{ BACKEND, OPTIONS: options }], { root, apps: [path.join(root, 'shop')] })
  return engines.get('django').fromString(source)
}

describe('a template library', () => {
  before(() => setup())

  it('of an app is loaded by its name', async () => {
    const source =
      '{% load shop_tags %}{% price 5 %} {% price 5 currency="US"|lower %} {{ "hi"|shout }}{{ "hi"|shout:"?" }}'
    expect((await template(source)).render()).to.equal('5 &lt;EUR&gt; 5 &lt;us&gt; HI!HI?')
  })

  it('provides tags that read the variables, and whose marked HTML is not escaped', async () => {
    const source = '{% load shop_tags %}{% with user=who %}{% badge text %}{% endwith %}'
    expect((await template(source)).render({ text: '&', who: '<me>' })).to.equal('<b>&lt;me&gt;: &amp;</b>')
  })

  it('provides tags whose value can be stored, and is escaped when it is printed', async () => {
    const source = '{% load shop_tags %}{% price 5 as p %}{{ p }}{% if p == "5 <EUR>" %}!{% endif %}'
    expect((await template(source)).render()).to.equal('5 &lt;EUR&gt;!')
  })

  it('passes plain strings to filters, marked or not', async () => {
    expect((await template('{% load shop_tags %}{{ "a"|safe|shout }}')).render()).to.equal('A!')
  })

  it('is unknown to a template that does not load it', async () => {
    let message = ''
    await template('{% price 5 %}').catch((error: Error) => (message = error.message))
    expect(message).to.contain("There is no tag 'price'")
  })

  it('can be named in OPTIONS.libraries and OPTIONS.builtins', async () => {
    const named = { libraries: { hello: 'greeting' } }
    expect((await template('{% load hello %}{% greet "you" %}', named)).render()).to.equal('Hello you')
    expect((await template('{% greet "you" %}', { builtins: ['greeting'] })).render()).to.equal('Hello you')
  })

  const wrong: readonly (readonly [what: string, options: Record<string, unknown>, said: string])[] = [
    [
      'is missing',
      { libraries: { x: 'nowhere' } },
      "TEMPLATES[0].OPTIONS.libraries['x'] names 'nowhere', but there is no nowhere.ts",
    ],
    ['is invalid', { builtins: ['no_library'] }, 'TEMPLATES[0].OPTIONS.builtins: no_library is not a template library'],
    [
      'is a context processor that is missing',
      { context_processors: ['greeting.nope'] },
      "but greeting.ts exports no 'nope'",
    ],
    [
      'is a context processor that is not a function',
      { context_processors: ['greeting.notFunction'] },
      'should be a function of (request), found 5',
    ],
    [
      'is an option that does not exist',
      { context_procesors: [] },
      'OPTIONS has context_procesors, which this engine does not know',
    ],
    [
      'is a loader that is missing',
      { loaders: ['core.template.loaders.zip.Loader'] },
      'TEMPLATES[0].OPTIONS.loaders[0] names',
    ],
    [
      'is an invalid loader',
      { loaders: ['greeting.site'] },
      "TEMPLATES[0].OPTIONS.loaders[0] names 'greeting.site', which should be a class with a method sources(), found",
    ],
    [
      'is a loader that is not a name',
      { loaders: [5] },
      'should be a dotted name, or a list of one and its arguments, found 5',
    ],
  ]
  for (const [what, options, said] of wrong) {
    it(`that ${what} prevents the start, with the name of the setting`, async () => {
      let message = ''
      await template('', options).catch((error: Error) => (message = `${error.name}: ${error.message}`))
      expect(message).to.contain('ImproperlyConfigured').and.contain(said)
    })
  }

  it('may be a context processor: its variables are available for a request, and the view overrides them', async () => {
    const page = await template('{{ site_name }}{{ at }}{{ request.path }}', {
      context_processors: ['greeting.site', 'django.template.context_processors.request'],
    })
    expect(page.render({}, { path: '/x' })).to.equal('Shop/x/x')
    expect(page.render({ site_name: 'Mine' }, { path: '/x' })).to.equal('Mine/x/x')
    expect(page.render()).to.equal('')
  })
})
