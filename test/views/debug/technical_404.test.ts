/** The technical page of a 404: the patterns that were tried, or the view that raised it. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { Http404, ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { RequestFactory } from '#core/test'
import { technical404 } from '#core/views'

const entry = (text: string): { describe(): string } => ({ describe: () => text })
const unresolved = (
  path: string,
  ...tried: string[][]
): Http404 & { path: string; tried: { describe(): string }[][] } =>
  Object.assign(new Http404(`No URL pattern matches '${path}'.`), { path, tried: tried.map((way) => way.map(entry)) })

describe('the technical 404 page', () => {
  const requests = new RequestFactory()
  const page = async (
    error: Http404,
    options: { url?: string; accept?: string; match?: object } = {},
  ): Promise<string> => {
    const request: HttpRequest = await requests.get(options.url ?? '/nowhere/', {
      headers: { accept: options.accept ?? 'text/html' },
    })
    if (options.match !== undefined) request.resolverMatch = options.match as never
    return overrideSettings({ DEBUG: true, ROOT_URLCONF: 'apps.urls' }, () => technical404(request, error).text)
  }
  before(() => setup())

  it('lists the patterns in the order in which they were tried, with their names, and why it is shown', async () => {
    const text = await page(
      unresolved('/nowhere/', ["'about/' [name='about']"], ["'polls/'", "'<int:pk>/' [name='detail']"]),
    )
    const items = [...text.matchAll(/<li>(.*?)<\/li>/g)].map((match) => match[1])
    expect(items).to.deep.equal([
      '&#x27;about/&#x27; [name=&#x27;about&#x27;]',
      '&#x27;polls/&#x27; &#x27;&lt;int:pk&gt;/&#x27; [name=&#x27;detail&#x27;]',
    ])
    expect(text).to.contain('Using the URLconf defined in apps.urls')
    expect(text).to.contain('The current path, nowhere/, didn’t match any of these.')
    expect(text).to.contain('<code>DEBUG: true</code>')
  })

  it('mentions the empty path, and a site without patterns', async () => {
    expect(await page(unresolved('/', ["'a/'"]), { url: '/' })).to.contain('The empty path didn’t match any of these.')
    expect(await page(unresolved('/x'))).to.contain('apps.urls has no URL patterns yet.')
  })

  it('names the view and its reason if a view raised it', async () => {
    const text = await page(new Http404('No poll <5>.'), { match: { viewName: 'polls:detail' } })
    expect(text).to.contain('No poll &lt;5&gt;.').and.contain('<th>Raised by</th><td>polls:detail</td>')
    expect(text).not.to.contain('Using the URLconf')
  })

  it('escapes the path, and masks secrets in it', async () => {
    const text = await page(unresolved('/<script>/', ["'<b>'"]), { url: '/x/?q=%22%3Cscript%3E&token=my-secret-token' })
    expect(text).not.to.match(/<script|<b>|my-secret-token/)
  })

  it('is plain text for a client that does not accept HTML', async () => {
    const text = await page(unresolved('/nowhere/', ["'a/'"]), { accept: 'application/json' })
    expect(text).to.contain('Page not found (404)\n').and.contain("  1. 'a/'\n").and.not.contain('<')
  })

  it('has status 404, and is refused outside DEBUG', async () => {
    const request = await requests.get('/')
    await overrideSettings({ DEBUG: true }, () => expect(technical404(request, new Http404('x')).status).to.equal(404))
    const live: Settings = { DEBUG: false, ALLOWED_HOSTS: ['*'] }
    await overrideSettings(live, () => {
      expect(() => technical404(request, new Http404('x'))).to.throw(ImproperlyConfigured, 'DEBUG is false')
    })
  })
})
