/** The tags that print or create a value, and those that change their content. */
import { expect } from 'chai'
import { overrideSettings } from '#core/conf'
import { setClock } from '#core/utils'
import { failure, rendered } from '../render.ts'

const people = [
  { name: 'Ann', from: { city: 'Rome' } },
  { name: 'Bob', from: { city: 'Rome' } },
  { name: 'Cid', from: { city: 'Oslo' } },
]

const cases: readonly (readonly [what: string, source: string, expected: string])[] = [
  ['with names values', '{% with a=name|upper b=2 %}{{ a }}{{ b }}{% endwith %}{{ a }}', 'ANN2'],
  ['with has its old form', '{% with name as a %}{{ a }}{% endwith %}', 'Ann'],
  ['comment hides whatever it holds', 'a{% comment "note" %}{% nonsense %}{{ }}{% endcomment %}b', 'ab'],
  [
    'verbatim prints its content unchanged',
    '{% verbatim %}{{ a }}{% if %}{# c #}{% endverbatim %}',
    '{{ a }}{% if %}{# c #}',
  ],
  [
    'spaceless removes only spaces between tags',
    '{% spaceless %} <p>\n <b> x </b> </p> {% endspaceless %}',
    '<p><b> x </b></p>',
  ],
  ['filter filters its content', '{% filter lower|cut:"b" %}A{{ name }}B{% endfilter %}', 'aann'],
  ['templatetag prints braces', '{% templatetag openblock %}{% templatetag closevariable %}', '{%}}'],
  [
    'widthratio measures',
    '{% widthratio 175 200 100 %} {% widthratio 1 0 9 %} {% widthratio 1 2 9 as w %}{{ w }}',
    '88 0 5',
  ],
  [
    'regroup puts neighbours together',
    '{% regroup people by from.city as cities %}{% for c in cities %}{{ c.grouper }}:{% for p in c.list %}{{ p.name }} {% endfor %}{% endfor %}',
    'Rome:Ann Bob Oslo:Cid ',
  ],
  [
    'csrf_token prints a hidden field',
    '{% csrf_token %}',
    '<input type="hidden" name="csrfmiddlewaretoken" value="a&lt;b">',
  ],
  [
    'csrf_token works in an include that is given nothing',
    '{% include "form" only %}',
    '<input type="hidden" name="csrfmiddlewaretoken" value="a&lt;b">',
  ],
  ['load loads a library', '{% load i18n %}{% translate "Hi" %}', 'Hi'],
  ['load loads parts of a library', '{% load translate from i18n %}{% translate "Hi" as x %}{{ x }}!', 'Hi!'],
  [
    'blocktranslate counts',
    '{% load i18n %}{% blocktranslate count n=2 with who=name %}{{ who }} has one{% plural %}{{ who }} has {{ n }}{% endblocktranslate %}',
    'Ann has 2',
  ],
  [
    'blocktranslate trims lines',
    '{% load i18n %}{% blocktranslate trimmed %}\n  a\n   b\n{% endblocktranslate %}',
    'a b',
  ],
  ['querystring changes the query of the request', '{% querystring page=3 b=None %}', '?a=1&amp;page=3'],
]

describe('value tags', () => {
  const context = { name: 'Ann', people, csrf_token: () => 'a<b' }
  const request = { GET: new URLSearchParams('a=1&page=2&b=x') }
  for (const [what, source, expected] of cases) {
    it(what, async () => {
      expect(await rendered(source, context, { request, templates: { form: '{% csrf_token %}' } })).to.equal(expected)
    })
  }

  it('csrf_token prints nothing if there is no token', async () => {
    expect(await rendered('{% csrf_token %}')).to.equal('')
    expect(await rendered('{% csrf_token %}', {}, { request: {} })).to.equal('')
  })

  it('csrf_token reads the token from the request', async () => {
    const request = { csrfToken: () => 'TOKEN' }
    expect(await rendered('{% csrf_token %}{{ csrf_token }}', {}, { request })).to.contain('value="TOKEN">TOKEN')
  })

  it('now prints the time of TIME_ZONE in a format', async () => {
    setClock({ now: () => Date.UTC(2024, 1, 29, 23, 5) })
    try {
      await overrideSettings({ TIME_ZONE: 'Asia/Tokyo' }, async () => {
        expect(await rendered('{% now "Y-m-d H:i" %} {% now "DATE_FORMAT" as day %}{{ day }}')).to.equal(
          '2024-03-01 08:05 March 1, 2024',
        )
      })
    } finally {
      setClock()
    }
  })

  it('static and similar tags use the prefixes', async () => {
    const source =
      '{% load static %}{% static "a b/c.css" %} {% static file as f %}{{ f }} {% get_static_prefix %} {% get_media_prefix %}'
    const output = (): Promise<string> => rendered(source, { file: 'x&y.css' })
    await overrideSettings({ STATIC_URL: 'static/', MEDIA_URL: '/media/' }, async () => {
      expect(await output()).to.equal('/static/a%20b/c.css /static/x%26y.css /static/ /media/')
    })
    await overrideSettings({ STATIC_URL: 'https://cdn.example/s/', FORCE_SCRIPT_NAME: '/app' }, async () => {
      expect(await output()).to.equal(
        'https://cdn.example/s/a%20b/c.css https://cdn.example/s/x%26y.css https://cdn.example/s/ ',
      )
    })
    await overrideSettings({ STATIC_URL: 'static/', FORCE_SCRIPT_NAME: '/app' }, async () => {
      expect(await rendered('{% static "x.css" %}')).to.equal('/app/static/x.css')
    })
  })

  const mistakes: readonly (readonly [source: string, said: string])[] = [
    ['{% load nope %}', "There is no template library 'nope'. There are: i18n, l10n and static."],
    ['{% load i8n %}', "Did you mean 'i18n'?"],
    ['{% load nope from i18n %}', "The library 'i18n' has no tag or filter 'nope'."],
    ['{% translate "x" %}', "There is no tag 'translate'"],
    ['{% with %}{% endwith %}', "'with' takes one or more variables in the form name=value."],
    ['{% autoescape maybe %}{% endautoescape %}', "'autoescape' takes 'on' or 'off'."],
    ['{% filter escape %}{% endfilter %}', "'filter escape' is not permitted."],
    ['{% now %}', "'now' takes one format"],
    ['{% regroup a by b %}', "'regroup' has the form"],
    ['{% templatetag x %}', "'templatetag' takes one of openblock,"],
    ['{% comment %}', "'comment' is not closed. Looked for: endcomment."],
    ['{% verbatim %}{{ x }}', "'verbatim' is not closed. Looked for: endverbatim."],
    ['{% widthratio 1 %}', "'widthratio' takes a value"],
    ['{% static a=1 "b" %}', `The positional argument '"b"' follows an argument with a name.`],
  ]
  for (const [source, said] of mistakes) {
    it(`report the error in ${source}`, async () => expect((await failure(source)).message).to.contain(said))
  }
})
