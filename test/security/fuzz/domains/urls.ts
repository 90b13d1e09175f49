/** URLs: encoded, split, and checked for safe redirects as a browser would parse them. */
import * as fc from 'fast-check'
import {
  escapeLeadingSlashes,
  escapeUriPath,
  iriToUri,
  quoteUri,
  splitUrl,
  urlHasAllowedHostAndScheme,
} from '#core/web'
import { type AnyDomain, domain, ensure } from '../domain.ts'
import { hostile, shortOf, wellFormed } from '../strings.ts'

const WORDS = [
  'http://',
  'https://',
  'http:',
  '//',
  '/',
  '\\',
  'testserver',
  'evil.example',
  '@',
  ':80',
  '?',
  '#',
  '[',
  ']',
  '[::1]',
  '..',
  '.',
  '%2f',
  '%09',
  '\t',
  '\n',
  'javascript:',
  'data:',
  ' ',
  '\0',
  '\x1f',
  '。',
  '／',
  '\u200b',
]

const ORIGIN = 'http://testserver'

/** Browsers follow the WHATWG rules: an allowed URL must stay on the host there. */
function redirect(url: string): void {
  if (!urlHasAllowedHostAndScheme(url, 'testserver')) return
  const seen = URL.canParse(url, `${ORIGIN}/accounts/login/`) ? new URL(url, `${ORIGIN}/accounts/login/`) : undefined
  // A browser does not follow a URL that it cannot parse.
  if (seen === undefined) return
  ensure(seen.hostname === 'testserver', `a browser would leave for ${seen.host}`)
  ensure(seen.protocol === 'http:' || seen.protocol === 'https:', `a browser would follow ${seen.protocol}`)
}

const ASCII = /^[!-~]*$/

function encode(text: string): void {
  for (const encoded of [iriToUri(text), quoteUri(text), escapeUriPath(text)]) {
    ensure(ASCII.test(encoded), 'the result is not ASCII without spaces')
  }
  ensure(!escapeLeadingSlashes(escapeUriPath(text)).startsWith('//'), 'the path would be taken for a host')
  if (wellFormed(text) === text) ensure(decodeURIComponent(quoteUri(text)) === text, 'the quoted text is another')
}

export const urlDomains: readonly AnyDomain[] = [
  domain({
    name: 'redirect-urls',
    kind: 'in process',
    inputs: { short: 3000, long: 900_000 },
    arbitrary: fc.oneof({ arbitrary: shortOf(WORDS), weight: 4 }, { arbitrary: hostile({ words: WORDS }), weight: 1 }),
    check: redirect,
  }),
  domain({
    name: 'url-encoding',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    arbitrary: hostile({ words: WORDS }),
    check: encode,
  }),
  domain({
    name: 'url-parts',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    arbitrary: fc.oneof(hostile({ words: WORDS }), shortOf(WORDS, 12)),
    check(text) {
      const parts = splitUrl(text)
      if (parts !== undefined) ensure(!/[/?#]/.test(parts.netloc), 'the host holds a part of the path')
    },
  }),
]
