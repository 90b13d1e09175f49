/** `render` returns a response from a template. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { render } from '#core/shortcuts'
import { RequestFactory } from '#core/test'

const entry = (NAME: string, source: string): unknown => ({
  NAME,
  BACKEND: 'core.template.backends.django.DjangoTemplates',
  OPTIONS: {
    loaders: [['core.template.loaders.locmem.Loader', { 'page.html': source }]],
    context_processors: ['core.template.context_processors.request'],
  },
})
const TEMPLATES = [entry('django', '<p>{{ x }} {{ request.path }}</p>'), entry('other', 'other')] as never

describe('render', () => {
  const requests = new RequestFactory()
  before(() => setup())

  it('renders with the request and the context, as HTML with status 200', async () => {
    const request = await requests.get('/somewhere/')
    await overrideSettings({ TEMPLATES }, () => {
      const response = render(request, 'page.html', { x: '<b>' })
      expect(response.text).to.equal('<p>&lt;b&gt; /somewhere/</p>')
      expect(response.status).to.equal(200)
      expect(response.headers.get('Content-Type')).to.equal('text/html; charset=utf-8')
    })
  })

  it('accepts several names, a status, a content type and an engine', async () => {
    const request = await requests.get('/')
    await overrideSettings({ TEMPLATES }, () => {
      const options = { status: 404, contentType: 'text/plain', using: 'other' }
      const response = render(request, ['no.html', 'page.html'], {}, options)
      expect(response.text).to.equal('other')
      expect(response.status).to.equal(404)
      expect(response.headers.get('Content-Type')).to.equal('text/plain')
    })
  })

  it('lists the paths that were tried for a missing template', async () => {
    const request = await requests.get('/')
    await overrideSettings({ TEMPLATES }, () => {
      expect(() => render(request, 'no.html')).to.throw("There is no template 'no.html'. Tried:")
    })
  })
})
