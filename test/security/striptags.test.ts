/** The filter striptags leaves no tag, and agrees with Django on ordinary HTML. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { stripTags } from '../../core/template/strip_tags.ts'
import { rendered } from '../template/render.ts'

const OPENS_TAG = /<[a-z/!?]/i

/** With the results of Django 3.2. */
const ORDINARY: readonly (readonly [string, string])[] = [
  ['<b>a</b> <i class="x">b</i><!-- c -->', 'a b'],
  ['a<p onclick="alert(\'<test>\')">c</p>b', 'acb'],
  ['<a title="x > y" href=\'q>r\'>t</a>', 't'],
  ['<p\n id=x>one</p >two<br/>three<br />', 'onetwothree'],
  ['a <!-- b > c --> d', 'a  d'],
  ['<!DOCTYPE html><?php x ?>y', 'y'],
  ['a < b, 1<2 and 3>2, <3', 'a < b, 1<2 and 3>2, <3'],
  ['5 > 4 &amp; 3 &lt; 4', '5 > 4 &amp; 3 &lt; 4'],
  ['<<b>script>x', 'x'],
  ['a<b and c>d', 'ad'],
  ['', ''],
]

describe('striptags', () => {
  for (const [source, expected] of ORDINARY) {
    it(`returns ${JSON.stringify(expected)} for ${JSON.stringify(source)}`, () =>
      expect(stripTags(source)).to.equal(expected))
  }

  it('lets no tag through, however deeply tags are nested in each other', () => {
    for (const depth of [1, 49, 50, 51, 100, 1000]) {
      const nested = `${'<i'.repeat(depth)}<img src=x onerror=alert(1)>${'>'.repeat(depth)}`
      expect(stripTags(nested), String(depth)).to.not.match(OPENS_TAG)
      const split = `${'<'.repeat(depth)}<b>${'img onerror=alert(1)>'.repeat(depth)}`
      expect(stripTags(split), String(depth)).to.not.match(OPENS_TAG)
      expect(stripTags(`${'<1><!--<!--'.repeat(depth)}<img onerror=alert(1)>`)).to.not.match(OPENS_TAG)
    }
  })

  it('keeps the text of an unclosed tag, without its bracket', () => {
    expect(stripTags('<img src=x onerror=alert(1)')).to.equal('img src=x onerror=alert(1)')
    expect(stripTags('a<<b')).to.equal('ab')
  })

  it('leaves nothing that starts a tag, for any input, and nothing to remove in its own result', () => {
    const piece = fc.constantFrom('<', '>', '!', '--', '/', '?', ' ', '"', "'", '=', 'a', 'b1', '<!--', '-->', '‹')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const result = stripTags(pieces.join(''))
        return !OPENS_TAG.test(result) && stripTags(result) === result
      }),
      { numRuns: 3000 },
    )
  })

  it('is used by the filter', async () =>
    expect(await rendered('{{ x|striptags|safe }}', { x: '<<i>img onerror=alert(1)>a' })).to.equal('a'))
})
