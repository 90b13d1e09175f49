/** Tags check their arguments when the template is compiled, not when the page is rendered. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type Library, type Template, TemplateSyntaxError } from '#core/template'
import { importModule } from '#core/utils'
import type { DjangoTemplates } from '../../../core/template/backends/django.ts'
import { DEFAULT_BUILTINS } from '../../../core/template/libraries.ts'
import { engineOf } from '../render.ts'

const LOAD = '{% load i18n l10n %}'

const refused: readonly (readonly [source: string, said: string])[] = [
  ['{% url %}', "'url' takes at least one argument, a URL pattern name."],
  ['{% url as link %}', "'url' takes at least one argument, a URL pattern name."],
  ['{% url pk=1 %}', "'url' takes at least one argument, a URL pattern name."],
  ['{% static %}', "'static' takes at least one argument, the path of a file."],
  ['{% static as file %}', "'static' takes at least one argument, the path of a file."],
  ['{% get_static_prefix "x" %}', "'get_static_prefix' takes no arguments but 'as variable'."],
  ['{% get_media_prefix x=1 %}', "'get_media_prefix' takes no arguments but 'as variable'."],
  ['{% autoescape on off %}{% endautoescape %}', "'autoescape' takes 'on' or 'off'."],
  ['{% block %}{% endblock %}', "'block' takes one name."],
  ['{% block a %}{% endblock a b %}', "'endblock a b' ends the block 'a' of line 2."],
  ['{% cycle %}', "'cycle' needs at least one value."],
  ['{% cycle "a" "b" as c loud %}', "After its name 'cycle' takes 'silent', found 'loud'."],
  ['{% extends %}', "'extends' takes the name of one template."],
  ['{% extends "../x.html" %}', "'../x.html' in <string> leads out of the template folders."],
  ['{% filter %}{% endfilter %}', 'cannot be understood.'],
  ['{% firstof %}', "'firstof' needs at least one value."],
  ['{% firstof as x %}', "'firstof' needs at least one value."],
  ['{% for %}{% endfor %}', "should have the form 'for x in list'"],
  ['{% if %}{% endif %}', 'The condition ends where a value is expected.'],
  ['{% if a %}{% else if b %}{% endif %}', "'else if b' should be 'else', or 'elif' with a condition."],
  ['{% if a %}{% elif %}{% endif %}', 'The condition ends where a value is expected.'],
  ['{% if a %}{% endif a %}', "'endif a' should be 'endif'."],
  ['{% include %}', "'include' needs the name of a template."],
  ["{% include './../x.html' %}", "'./../x.html' in <string> leads out of the template folders."],
  ['{% load from i18n %}', "There is no template library 'from'."],
  ['{% now %}', "'now' takes one format"],
  ['{% now "Y" "m" %}', "'now' takes one format"],
  ['{% querystring a b %}', "'querystring' takes one query, and variables in the form name=value."],
  ['{% regroup %}', "'regroup' has the form"],
  ['{% resetcycle %}', 'There is no cycle to reset.'],
  ['{% cycle "a" "b" as c %}{% resetcycle c d %}', "'resetcycle' takes at most one name."],
  ['{% templatetag %}', "'templatetag' takes one of openblock,"],
  ['{% templatetag openblock closeblock %}', "'templatetag' takes one of openblock,"],
  ['{% widthratio 1 2 %}', "'widthratio' takes a value, its maximum and a width."],
  ['{% widthratio 1 2 width=3 %}', "'=3' in 'width=3' cannot be understood."],
  ['{% with %}{% endwith %}', "'with' takes one or more variables in the form name=value."],
  ['{% translate %}', "'translate' needs a string."],
  ['{% trans %}', "'trans' needs a string."],
  ['{% translate "a" as %}', "'translate' needs a word after 'as'."],
  ['{% translate "a" context %}', "'translate' needs a word after 'context'."],
  [
    '{% translate "a" "b" %}',
    `'"b"' is not an option of translate. There are 'noop', 'context "…"' and 'as variable'.`,
  ],
  ['{% blocktranslate foo %}{% endblocktranslate %}', "'foo' is not an option of blocktranslate."],
  ['{% blocktranslate with %}{% endblocktranslate %}', "'blocktranslate' needs a word after 'with'."],
  ['{% blocktranslate with trimmed %}{% endblocktranslate %}', "'with' in blocktranslate needs a variable"],
  ['{% blocktranslate count n %}{% endblocktranslate %}', "'count' in blocktranslate needs a variable"],
  ['{% blocktranslate asvar %}{% endblocktranslate %}', "'blocktranslate' needs a word after 'asvar'."],
  ['{% blocktrans count n=1 %}{% endblocktrans %}', "'count' in blocktrans and {% plural %} need each other."],
  ['{% blocktrans %}{% plural %}{% endblocktrans %}', "'count' in blocktrans and {% plural %} need each other."],
  ['{% get_current_language %}', "'get_current_language' takes 'as variable'."],
  ['{% get_current_language as a b %}', "'get_current_language' takes 'as variable'."],
  ['{% localize maybe %}{% endlocalize %}', "'localize' takes 'on' or 'off'."],
]

function renderIfCompiled(engine: DjangoTemplates, source: string): void {
  let template: Template
  try {
    template = engine.fromString(source)
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return
    throw error
  }
  template.render()
}

describe('the arguments of tags', () => {
  before(() => setup())

  for (const [source, said] of refused) {
    it(`are refused when the template is compiled: ${source}`, async () => {
      const engine = await engineOf()
      // `extends` must be the first tag.
      const whole = source.startsWith('{% extends') ? `\n${source}` : `${LOAD}\n${source}`
      expect(() => engine.fromString(whole))
        .to.throw(TemplateSyntaxError, said)
        .with.nested.property('position.line', 2)
    })
  }

  it('are never reported as missing when the page is rendered', async () => {
    const engine = await engineOf()
    const names = [...DEFAULT_BUILTINS, 'core.template.templatetags.i18n', 'core.template.templatetags.l10n']
    for (const name of names) {
      const library = (await importModule(name, { setting: 'builtins', root: process.cwd() })) as Library
      for (const tag of Object.keys({ ...library.tags, ...library.compilers })) {
        for (const source of [`{% ${tag} %}`, `{% ${tag} %}{% end${tag} %}`]) {
          expect(() => renderIfCompiled(engine, LOAD + source), source).not.to.throw()
        }
      }
    }
  })

  it('may be checked by a custom tag', async () => {
    const engine = await engineOf({ options: { libraries: { checked: 'fixtures.checked' } } })
    expect(engine.fromString('{% load checked %}{% pair "a" b="c" %}').render()).to.equal('ac')
    expect(() => engine.fromString('{% load checked %}\n{% pair "a" c="c" %}')).to.throw(
      TemplateSyntaxError,
      '<string>, line 2: \'pair\' takes a value and b, found "a", c.',
    )
  })
})
