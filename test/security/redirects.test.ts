/** A redirect URL is checked as a browser parses it: the WHATWG rules ignore tabs and newlines. */
import { expect } from 'chai'
import { urlHasAllowedHostAndScheme } from '#core/web'

const ORIGIN = 'http://testserver'
const SLASHES = ['/', '\\']
const IGNORED = ['', '\t', '\n', '\r', '\t\n\r']

const browserHost = (url: string): string | undefined =>
  URL.canParse(url, `${ORIGIN}/accounts/login/`) ? new URL(url, `${ORIGIN}/accounts/login/`).host : undefined

describe('a redirect URL', () => {
  it('is refused if a browser would leave the host, with tabs and newlines anywhere between the slashes', () => {
    let left = 0
    for (const a of SLASHES)
      for (const x of IGNORED)
        for (const b of SLASHES)
          for (const y of IGNORED)
            for (const c of [...SLASHES, '']) {
              for (const rest of ['evil.example', 'evil.example/path', 'user@evil.example', '[::1]', 'data:', '..']) {
                const url = a + x + b + y + c + rest
                if (browserHost(url) === 'testserver') continue
                left++
                expect(urlHasAllowedHostAndScheme(url, 'testserver'), JSON.stringify(url)).to.equal(false)
              }
            }
    expect(left).to.be.greaterThan(1000)
  })

  it('is accepted if it stays on the host', () => {
    for (const url of [
      '/',
      '/shop/',
      '/a//b',
      '/?next=//evil.example',
      'shop/',
      '//testserver/x',
      'http://testserver/',
    ]) {
      expect(urlHasAllowedHostAndScheme(url, 'testserver'), url).to.equal(true)
    }
  })
})
