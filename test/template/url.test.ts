/** `{% url %}` prints the URL for a name, escaped like any other string. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { templatePosition } from '#core/template'
import { loadUrlconf } from '#core/urls'
import { failure, rendered } from './render.ts'

describe('the url tag', () => {
  before(() => setup())
  const withUrls = (fn: () => Promise<void>): Promise<void> =>
    overrideSettings({ ROOT_URLCONF: 'test.shortcuts.fixtures.urls' }, async () => {
      await loadUrlconf()
      await fn()
    })

  it('accepts arguments by position and by name, and variables', () =>
    withUrls(async () => {
      const source =
        "{% url 'about' %} {% url 'post' id %} {% url name pk=id|add:1 %} {% url 'post' pk=7 as link %}[{{ link }}]"
      expect(await rendered(source, { id: 5, name: 'post' })).to.equal('/about/ /posts/5/ /posts/6/ [/posts/7/]')
    }))

  it('fails with the name, and with its position in the template', () =>
    withUrls(async () => {
      const error = await failure("\n{% url 'nowhere' %}")
      expect(error).to.have.property('name', 'NoReverseMatch')
      expect(templatePosition(error)?.line).to.equal(2)
    }))
})
