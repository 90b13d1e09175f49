/** extends, block and include combine templates as in Django. */
import { expect } from 'chai'
import { engineOf, failure, rendered } from '../render.ts'

const templates = {
  'base.html':
    '<{% block title %}base{% endblock %}|{% block body %}{% block inner %}inner{% endblock %}{% endblock body %}>',
  'middle.html': '{% extends "base.html" %}ignored{% block title %}middle-{{ block.super }}{% endblock %}',
  'child.html':
    '{% extends parent %}{% block title %}child-{{ block.super }}{% endblock %}{% if no %}{% block inner %}in{% endblock %}{% endif %}',
  'dashes.html':
    '{% block extra-js %}a{% endblock %}{% block extra_js %}b{% endblock %}{% block 1.x %}c{% endblock extra-js %}',
  'part.html': '[{{ a }}{{ b }}{% cycle "x" "y" %}]',
  'folder/page.html': '{% extends "./layout.html" %}{% block x %}{% include "../part.html" with a=1 %}{% endblock %}',
  'folder/layout.html': '({% block x %}{% endblock %})',
  'loop.html': '{% for n in list %}{% block item %}{{ n }}{% endblock %}{% endfor %}',
  'loop_child.html': '{% extends "loop.html" %}{% block item %}<{{ forloop.counter }}{{ block.super }}>{% endblock %}',
  'nested.html':
    '{% with a=1 %}{% autoescape off %}{% block x %}{{ a }}{{ h }}{% endblock %}{% endautoescape %}{% endwith %}',
  'self.html': '{% extends "self.html" %}',
  'broken.html': 'one\n{% if %}',
  'deep.html': '{% extends "failing.html" %}',
  'failing.html': 'a\n\n{{ fail }}',
}

describe('template inheritance', () => {
  const cases: readonly (readonly [what: string, name: string, context: Record<string, unknown>, expected: string])[] =
    [
      ['a block without a child is its own content', 'base.html', {}, '<base|inner>'],
      ['a child replaces blocks, and nothing else of it is printed', 'middle.html', {}, '<middle-base|inner>'],
      [
        'block.super is the block of the parent, over several steps',
        'child.html',
        { parent: 'middle.html' },
        '<child-middle-base|in>',
      ],
      [
        'a parent may be a variable, or the first that exists',
        'child.html',
        { parent: ['no.html', 'base.html'] },
        '<child-base|in>',
      ],
      ['names are seen from the template that names them', 'folder/page.html', {}, '([1x])'],
      ['a block within a loop sees the loop', 'loop_child.html', { list: ['a', 'b'] }, '<1a><2b>'],
      ['a block sees the variables around it', 'nested.html', { h: '<' }, '1<'],
    ]
  for (const [what, name, context, expected] of cases) {
    it(what, async () => {
      expect((await engineOf({ templates })).getTemplate(name).render(context)).to.equal(expected)
    })
  }

  it('a block may have any name', async () => {
    const source = templates['dashes.html'].replace('endblock extra-js', 'endblock 1.x')
    expect(await rendered(source)).to.equal('abc')
    expect(
      await rendered('{% extends "d" %}{% block extra-js %}A{% endblock %}', {}, { templates: { d: source } }),
    ).to.equal('Abc')
  })

  it('block.super keeps its HTML', async () => {
    const base = { b: '{% block x %}<b>&amp;{% endblock %}' }
    expect(
      await rendered('{% extends "b" %}{% block x %}{{ block.super }}{% endblock %}', {}, { templates: base }),
    ).to.equal('<b>&amp;')
  })

  it('block.super renders nested blocks in an included template, too', async () => {
    const base = { b: '{% block x %}[{% block y %}Y{% endblock %}]{% endblock %}', part: '{{ block.super }}' }
    const source = '{% extends "b" %}{% block x %}{% include "part" %}{% endblock %}'
    expect(await rendered(source, {}, { templates: base })).to.equal('[Y]')
  })

  it('tags and blocks may be nested a hundred deep', async () => {
    const nested = (open: string, close: string): string => open.repeat(100) + 'x' + close.repeat(100)
    const blocks =
      Array.from({ length: 100 }, (_, i) => `{% block b${i} %}`).join('') + 'x' + '{% endblock %}'.repeat(100)
    for (const source of [nested('{% if 1 %}', '{% endif %}'), nested('{% for n in "1" %}', '{% endfor %}'), blocks]) {
      expect(await rendered(source)).to.equal('x')
    }
  })

  it('include shares the variables, and its own are local', async () => {
    expect(await rendered('{% include "part.html" with b=2 %}{{ b }}', { a: 1 }, { templates })).to.equal('[12x]')
  })

  it('include … only shares nothing except its arguments', async () => {
    expect(await rendered('{% include "part.html" with b=2 only %}', { a: 1 }, { templates })).to.equal('[2x]')
    expect(await rendered('{% include "part.html" only %}', { a: 1, b: 2 }, { templates })).to.equal('[x]')
  })

  it('include accepts a variable, a list, or a template object from the view', async () => {
    const engine = await engineOf({ templates })
    const source = engine.fromString('{% include name with a=1 %}')
    expect(source.render({ name: 'part.html' })).to.equal('[1x]')
    expect(source.render({ name: ['no.html', 'part.html'] })).to.equal('[1x]')
    expect(source.render({ name: engine.getTemplate('part.html') })).to.equal('[1x]')
  })

  it('include has its own blocks and cycles', async () => {
    const source =
      '{% extends "base.html" %}{% block title %}{% include "base.html" %}{% endblock %}{% block inner %}X{% endblock %}'
    expect(await rendered(source, {}, { templates })).to.equal('<<base|inner>|X>')
    expect(
      await rendered('{% for x in l %}{% include "part.html" %}{% endfor %}', { l: [1, 2] }, { templates }),
    ).to.equal('[x][x]')
  })

  const mistakes: readonly (readonly [source: string, said: string])[] = [
    ['{{ x }}{% extends "base.html" %}', "'extends' must be the first tag"],
    ['{% extends %}', "'extends' takes the name of one template"],
    ['{% extends missing %}', 'missing should be the name of a template'],
    ['{% extends "no.html" %}', "There is no template 'no.html'. Tried:\n  memory: no.html (does not exist)"],
    ['{% include "no.html" %}', "There is no template 'no.html'"],
    ['{% include "part.html" with %}', "'include' takes 'with name=value' and 'only'"],
    ['{% include "part.html" foo=1 %}', "'include' takes 'with name=value' and 'only'"],
    ['{% include "../../x.html" %}', 'leads out of the template folders'],
    ['{% block a %}{% endblock %}{% block a %}{% endblock %}', "There are two blocks named 'a'"],
    ['{% block a %}{% endblock b %}', "'endblock b' ends the block 'a' of line 1"],
    ['{% block %}{% endblock %}', "'block' takes one name"],
    ['{% include "broken.html" %}', 'broken.html, line 2: The condition ends'],
  ]
  for (const [source, said] of mistakes) {
    it(`report the error in ${source}`, async () => {
      expect((await failure(source, {}, { templates })).message).to.contain(said)
    })
  }
})
