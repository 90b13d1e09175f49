/** `redirect` leads where Django's leads. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { redirect, type RedirectTarget, type RedirectToOptions, resolveUrl } from '#core/shortcuts'
import { loadUrlconf } from '#core/urls'
import { about } from './fixtures/urls.ts'

const withUrls = (fn: () => void): Promise<void> =>
  overrideSettings({ ROOT_URLCONF: 'test.shortcuts.fixtures.urls' }, async () => {
    await loadUrlconf()
    fn()
  })

describe('redirect', () => {
  before(() => setup())

  const cases: readonly (readonly [what: string, to: RedirectTarget, options: RedirectToOptions, location: string])[] =
    [
      ['to a path', '/somewhere/?a=b', {}, '/somewhere/?a=b'],
      ['to a relative URL', './next', {}, './next'],
      ['to a URL elsewhere', 'https://example.com/x', {}, 'https://example.com/x'],
      ['to a string with a dot, which is not a name', 'example.com', {}, 'example.com'],
      ['to a name', 'about', {}, '/about/'],
      ['to a name with arguments', 'post', { args: [5] }, '/posts/5/'],
      ['to a name with named arguments and a query', 'post', { kwargs: { pk: 7 }, query: { a: '1' } }, '/posts/7/?a=1'],
      ['to a view', about, {}, '/about/'],
      ['to an object with its own page', { getAbsoluteUrl: () => '/own/' }, {}, '/own/'],
    ]
  for (const [what, to, options, location] of cases) {
    it(what, () =>
      withUrls(() => {
        const response = redirect(to, options)
        expect(response.headers.get('Location')).to.equal(location)
        expect(response.status).to.equal(302)
        expect(resolveUrl(to, options)).to.equal(location)
      }),
    )
  }

  it('can be permanent, and can keep the method', () => {
    expect(redirect('/x/', { permanent: true }).status).to.equal(301)
    expect(redirect('/x/', { preserveRequest: true }).status).to.equal(307)
    expect(redirect('/x/', { permanent: true, preserveRequest: true }).status).to.equal(308)
  })

  it('throws for a name that cannot be resolved', () =>
    withUrls(() => {
      expect(() => redirect('nowhere')).to.throw("Reverse for 'nowhere' not found")
      expect(() => redirect('post')).to.throw("Reverse for 'post' with no arguments not found")
    }))

  it('refuses a scheme that runs code', () =>
    withUrls(() => {
      expect(() => redirect('javascript:alert(1.5)')).to.throw("Unsafe redirect to URL with protocol 'javascript'")
    }))
})
