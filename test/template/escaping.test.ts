/** No input of a client is rendered as HTML, unless the template allows it. */
import { expect } from 'chai'
import { conditionalEscape, escapeHtml, html, markSafe } from '#core/template'
import { rendered } from './render.ts'

const EVIL = `<script>alert("x" & 'y')</script>`
const ESCAPED = '&lt;script&gt;alert(&quot;x&quot; &amp; &#x27;y&#x27;)&lt;/script&gt;'

describe('escaping', () => {
  it("replaces Django's five characters, and no other", () => {
    expect(escapeHtml(`&<>"'/=\`é`)).to.equal('&amp;&lt;&gt;&quot;&#x27;/=`é')
  })

  it('leaves marked strings unchanged', () => {
    expect(String(conditionalEscape(markSafe('<b>')))).to.equal('<b>')
    expect(String(conditionalEscape('<b>'))).to.equal('&lt;b&gt;')
  })

  it('is applied by html`…` to every value that is not marked', () => {
    expect(String(html`<i title="${'"'}">${['<', markSafe('<br>')]}${null}${false}${0}</i>`)).to.equal(
      '<i title="&quot;">&lt;<br>0</i>',
    )
  })

  const escapes: readonly (readonly [what: string, source: string])[] = [
    ['of a variable', '{{ x }}'],
    ['of the result of a function', '{{ f }}'],
    ['of an attribute', '{{ o.x }}'],
    ['after default', '{{ no|default:x }}'],
    ['after a string filter', '{{ x|lower }}'],
    ['after first, of a list', '{{ list|first }}'],
    ['in join', '{{ list|join:"" }}'],
    ['of a variable that joins', '{{ pair|join:x }}'],
    ['in a loop', '{% for each in list %}{{ each }}{% endfor %}'],
    ['in with', '{% with y=x %}{{ y }}{% endwith %}'],
    ['in include', '{% include "part.html" with y=x only %}'],
    ['in a block of a child', '{% extends "base.html" %}{% block b %}{{ x }}{% endblock %}'],
    ['in firstof', '{% firstof no x %}'],
    ['in cycle', '{% cycle x "b" %}'],
    ['of string_if_invalid', '{{ missing }}'],
    ['in linebreaksbr', '{{ x|linebreaksbr }}'],
    ['of an escaped value, only once', '{{ x|escape|escape }}'],
    ['by force_escape', '{{ x|force_escape }}'],
    ['of the result of firstof', '{% firstof x as y %}{{ y }}'],
    ['of now', '{% now x2 %}'],
    ['of blocktranslate', '{% load i18n %}{% blocktranslate with y=x %}{{ y }}{% endblocktranslate %}'],
    ['of translate', '{% load i18n %}{% translate x %}'],
    [
      'within autoescape on, inside off',
      '{% autoescape off %}{% autoescape on %}{{ x }}{% endautoescape %}{% endautoescape %}',
    ],
  ]
  const templates = { 'part.html': '{{ y }}', 'base.html': '{% block b %}{% endblock %}' }
  for (const [where, source] of escapes) {
    it(`is applied ${where}`, async () => {
      const context = {
        x: EVIL,
        f: () => EVIL,
        o: { x: EVIL },
        list: [EVIL],
        pair: ['', ''],
        x2: EVIL.replace(/[a-zA-Z]/g, '\\$&'),
      }
      const setup = { templates, options: { string_if_invalid: EVIL } }
      const expected = source.includes('lower') ? ESCAPED.toLowerCase() : ESCAPED
      expect(await rendered(source, source.includes('missing') ? {} : { ...context, no: null }, setup)).to.equal(
        expected,
      )
    })
  }

  const raw: readonly (readonly [what: string, source: string])[] = [
    ['after safe', '{{ x|safe }}'],
    ['after safeseq and join', '{{ list|safeseq|join:"" }}'],
    ['within autoescape off', '{% autoescape off %}{{ x }}{% endautoescape %}'],
    ['of a marked string', '{{ marked }}'],
    [
      'in an include within autoescape off',
      '{% autoescape off %}{% include "part.html" with y=x %}{% endautoescape %}',
    ],
    ['of a string literal in the template', `{{ no|default:'<script>alert("x" & \\'y\\')</script>' }}`],
  ]
  for (const [where, source] of raw) {
    it(`is not applied ${where}`, async () => {
      const context = { x: EVIL, list: [EVIL], marked: markSafe(EVIL) }
      expect(await rendered(source, context, { templates })).to.equal(EVIL)
    })
  }

  it('is not applied if OPTIONS.autoescape is false', async () => {
    expect(await rendered('{{ x }}', { x: EVIL }, { options: { autoescape: false } })).to.equal(EVIL)
  })

  it('is applied after a filter that may create HTML from a marked string', async () => {
    expect(await rendered('{{ x|cut:"a" }}', { x: markSafe('<ab>') })).to.equal('&lt;b&gt;')
    expect(await rendered('{{ x|lower }}', { x: markSafe('<AB>') })).to.equal('<ab>')
  })

  it('prevents json_script from ending its element', async () => {
    expect(await rendered('{{ x|json_script:"i<d" }}', { x: { a: '</script><!-- &' } })).to.equal(
      '<script id="i&lt;d" type="application/json">{"a":"\\u003C/script\\u003E\\u003C!-- \\u0026"}</script>',
    )
  })

  it('prevents escapejs from ending its string or its element', async () => {
    expect(await rendered('{{ x|escapejs }}', { x: `'</script>"\n\\` })).to.equal(
      '\\u0027\\u003C/script\\u003E\\u0022\\u000A\\u005C',
    )
  })
})
