/** The checks of URLs report errors and suspicious patterns with Django's ids. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { runChecks } from '#core/checks'
import { overrideSettings, type Settings } from '#core/conf'
import '#core/urls'

async function found(urlconf: string, others: Settings = {}): Promise<string[]> {
  const settings = { ROOT_URLCONF: `test.urls.fixtures.${urlconf}`, ...others }
  return overrideSettings(settings, async () => (await runChecks({ tags: ['urls'] })).map(String))
}

describe('checks of urls', () => {
  before(() => setup())

  it('report nothing for correct patterns', async () => {
    expect(await found('site')).to.deep.equal([])
  })

  it('report invalid patterns, views and handlers', async () => {
    const messages = await found('wrong_entries')
    const ids = messages.map((message) => /\((.*?)\)/.exec(message)?.[1])
    expect(ids).to.deep.equal(['urls.E004', 'urls.E004', 'urls.E009', 'urls.E007', 'urls.E008'])
    expect(messages[0]).to.include("HINT: Try removing the string 'polls'.")
    expect(messages[2]).to.include(
      "Your URL pattern 'd/' [name='d'] has an invalid view, pass Detail.asView() instead of Detail.",
    )
    expect(messages[3]).to.include(
      'The custom handler403 view the function handler403 does not take the correct number of arguments',
    )
    expect(messages[4]).to.include(
      'The custom handler404 view "test.urls.fixtures.views.nothingHere" could not be imported.',
    )
  })

  it('report patterns that are probably unintended', async () => {
    expect(await found('suspicious')).to.deep.equal([
      "?: (urls.W002) Your URL pattern '/slash/' has a route beginning with a '/'. Remove this slash as it is unnecessary. If this pattern is targeted in an include(), ensure the include() pattern has a trailing '/'.",
      "?: (2_0.W001) Your URL pattern '^caret' has a route that contains '(?P<', begins with a '^', or ends with a '$'. A regular expression needs rePath().",
      "?: (urls.W003) Your URL pattern 'colon/' [name='a:b'] has a name including a ':'. Remove the colon, to avoid ambiguous namespace references.",
      "?: (urls.W001) Your URL pattern '^inner/$' uses include with a route ending with a '$'. Remove the dollar from the route to avoid problems including URLs.",
      "?: (urls.W005) URL namespace 'same' isn't unique. You may not be able to reverse all URLs in this namespace",
    ])
  })

  it('accept a leading slash if APPEND_SLASH is off', async () => {
    expect((await found('suspicious', { APPEND_SLASH: false })).join()).not.to.include('W002')
  })

  it('report URLs in settings without a trailing slash', async () => {
    expect(await found('site', { STATIC_URL: 'static', MEDIA_URL: '/media' })).to.deep.equal([
      '?: (urls.E006) The STATIC_URL setting must end with a slash.',
      '?: (urls.E006) The MEDIA_URL setting must end with a slash.',
    ])
  })
})
