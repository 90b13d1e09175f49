/** Finds `scheme://user:password@host` in a string. */

/** What ends the part with user and password. */
const END = /[\s/?#]/g

/**
 * The string with the password of each URL in it replaced, in linear time.
 * @param end what ends the part with user and password; a global regular expression for one character
 */
export function maskUrlPasswords(text: string, mask: string, end = END): string {
  let out = ''
  let from = 0
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    if (!/[a-z\d+.-]/i.test(text[at - 1] ?? '')) continue
    const start = at + '://'.length
    end.lastIndex = start
    const userInfo = text.slice(start, end.exec(text)?.index ?? text.length)
    const [colon, sign] = [userInfo.indexOf(':'), userInfo.lastIndexOf('@')]
    if (colon < 0 || sign <= colon + 1) continue
    out += text.slice(from, start + colon + 1) + mask
    from = start + sign
  }
  return out + text.slice(from)
}
