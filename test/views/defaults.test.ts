/** The default error pages: the project's templates, or minimal ones. They reveal nothing and never fail. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { Http404, PermissionDenied } from '#core/exceptions'
import { RequestFactory } from '#core/test'
import { captureLogs, type LogRecord } from '#core/utils'
import { defaultErrorPage } from '#core/views'

const withTemplates = (templates: Record<string, string>, fn: () => void | Promise<void>): Promise<void> =>
  overrideSettings(
    {
      TEMPLATES: [
        {
          BACKEND: 'core.template.backends.django.DjangoTemplates',
          OPTIONS: {
            loaders: [['core.template.loaders.locmem.Loader', templates]],
            context_processors: ['core.template.context_processors.request'],
          },
        },
      ],
    },
    fn,
  )

describe('the default error pages', () => {
  const requests = new RequestFactory()
  before(() => setup())

  const tiny: readonly (readonly [status: number, body: string])[] = [
    [400, '<h1>Bad Request (400)</h1><p></p>'],
    [403, '<h1>403 Forbidden</h1><p></p>'],
    [404, '<h1>Not Found</h1><p>The requested resource was not found on this server.</p>'],
    [500, '<h1>Server Error (500)</h1><p></p>'],
    [503, '<h1>Service Unavailable (503)</h1><p></p>'],
  ]
  for (const [status, body] of tiny) {
    it(`are minimal for ${status} if the project has no template`, async () => {
      const request = await requests.get('/secret-path/')
      await withTemplates({}, () => {
        const page = defaultErrorPage(status, request, new Error('secret reason'))
        expect(page.status).to.equal(status)
        expect(page.text).to.contain(body).and.not.contain('secret')
        expect(page.headers.get('Content-Type')).to.equal('text/html; charset=utf-8')
      })
    })
  }

  it("are the project's templates if there are any", async () => {
    const request = await requests.get('/a/')
    const templates = {
      '404.html': '404 {{ request_path }} {{ exception }} {{ request.path }}',
      '403.html': '403 {{ exception }}',
      '500.html': '500 {{ exception }}{{ request.path }}',
      '400.html': '400 {{ exception }}{{ request.path }}',
    }
    await withTemplates(templates, () => {
      const text = (status: number, error: Error): string => defaultErrorPage(status, request, error).text
      expect(text(404, new Http404('no <poll>'))).to.equal('404 /a/ no &lt;poll&gt; /a/')
      expect(text(403, new PermissionDenied('not yours'))).to.equal('403 not yours')
      expect(text(500, new Error('secret'))).to.equal('500 ')
      expect(text(400, new Error('secret'))).to.equal('400 ')
    })
  })

  it('do not reveal the URL patterns', async () => {
    const request = await requests.get('/a/')
    await withTemplates({ '404.html': '{{ exception }}' }, () => {
      const error = Object.assign(new Http404("No URL pattern matches 'x'."), { tried: [] })
      expect(defaultErrorPage(404, request, error).text).to.equal('Resolver404')
    })
  })

  it('are minimal if the template fails, which is logged', async () => {
    const request = await requests.get('/a/')
    for (const source of ['{% extends "no.html" %}', '{% if %}']) {
      const records: LogRecord[] = []
      const release = captureLogs((record) => records.push(record))
      await withTemplates({ '500.html': source }, () => {
        expect(defaultErrorPage(500, request).text).to.contain('<h1>Server Error (500)</h1>')
      })
      release()
      expect(records.map(({ logger, message }) => `${logger}: ${message}`)).to.deep.equal([
        'django.request: The template 500.html cannot be rendered.',
      ])
    }
  })
})
