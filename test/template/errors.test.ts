/** An error in a template has its name, its line, and instructions. */
import { expect } from 'chai'
import { TemplateDoesNotExist, templatePosition, TemplateSyntaxError } from '#core/template'
import { engineOf, failure } from './render.ts'

describe('an error of a template', () => {
  const mistakes: readonly (readonly [source: string, said: string])[] = [
    ['a\n\n{% nope %}', "<string>, line 3: There is no tag 'nope'. Is its library loaded?"],
    ['{% iff x %}', "<string>, line 1: There is no tag 'iff'. Did you mean 'if'? Is its library loaded?"],
    ['{% if x %}\n{% endfor %}', "<string>, line 2: There is no tag 'endfor'. 'if' of line 1 is not closed yet."],
    ['a\n{% if x %}\n', "<string>, line 2: 'if' is not closed. Looked for: elif, else, endif."],
    ['{{ x|uper }}', "<string>, line 1: There is no filter 'uper'. Did you mean 'upper'? Is its library loaded?"],
    ['{{ x y }}', "<string>, line 1: ' y' in 'x y' cannot be understood."],
    ['{{ x|default: "y" }}', '<string>, line 1: \' "y"\' in \'x|default: "y"\' cannot be understood.'],
    ['{{ x|default: }}', "<string>, line 1: 'x|default:' ends where a variable or a constant is expected."],
    ['{{ }}', '<string>, line 1: These braces are empty.'],
    ['{% %}', '<string>, line 1: This tag is empty.'],
    ['{{ "x }}', `<string>, line 1: '"x' in '"x' cannot be understood.`],
    ['{{ x; y }}', "<string>, line 1: '; y' in 'x; y' cannot be understood."],
  ]
  for (const [source, message] of mistakes) {
    it(`in ${JSON.stringify(source)} is a TemplateSyntaxError`, async () => {
      const error = await failure(source)
      expect(error).to.be.instanceOf(TemplateSyntaxError)
      expect(error.message).to.contain(message)
    })
  }

  it('that is thrown by code is that error, with the position in the innermost template', async () => {
    const thrown = new RangeError('from the view')
    const fail = (): never => {
      throw thrown
    }
    const templates = { base: '{% block a %}{% endblock %}', part: 'x\n{{ fail }}' }
    const source =
      '{% extends "base" %}\n{% block a %}{% for x in "ab" %}{% include "part" %}{% endfor %}{% endblock %}'
    expect(await failure(source, { fail }, { templates })).to.equal(thrown)
    expect(templatePosition(thrown)).to.deep.equal({ template: 'part', file: undefined, line: 2 })
  })

  it('in block.super, and in a block after a successful one, is passed on unchanged', async () => {
    const thrown = new RangeError('late')
    const fail = (): never => {
      throw thrown
    }
    const templates = { base: '{% block a %}a{% endblock %}{% block b %}{{ fail }}{% endblock %}' }
    const source = '{% extends "base" %}{% block b %}{{ block.super }}{% endblock %}'
    expect(await failure(source, { fail }, { templates })).to.equal(thrown)
    expect(await failure(templates.base, { fail })).to.equal(thrown)
  })

  it('of extends, and of a block that a child replaces, has the line of its tag', async () => {
    const templates = { base: '{% block a %}{% endblock %}', broken: '\n\n{% block a %}{{ fail }}{% endblock %}' }
    const fail = (): never => {
      throw new Error('no')
    }
    const positionOf = async (source: string): Promise<unknown> => {
      const position = templatePosition(await failure(source, { fail }, { templates }))
      return position && [position.template, position.line]
    }
    expect(await positionOf('\n{% extends missing %}')).to.deep.equal(['<string>', 2])
    expect(await positionOf('\n{% extends "nowhere" %}')).to.deep.equal(['<string>', 2])
    expect(await positionOf('{% extends "base" %}\n{% block a %}\n\n{{ fail }}{% endblock %}')).to.deep.equal([
      '<string>',
      4,
    ])
    expect(await positionOf('{% extends "broken" %}{% block a %}\n{{ block.super }}{% endblock %}')).to.deep.equal([
      'broken',
      3,
    ])
  })

  it('is an Error, also when code throws undefined', async () => {
    const fail = (): never => {
      // oxlint-disable-next-line typescript/only-throw-error
      throw undefined
    }
    const error = await failure('\n{{ fail }}', { fail })
    expect(error).to.be.instanceOf(Error).with.property('message', "A template's value threw undefined.")
    expect(templatePosition(error)?.line).to.equal(2)
  })

  it('leaves the engine unchanged: the next rendering succeeds', async () => {
    const engine = await engineOf()
    const template = engine.fromString(
      '{% autoescape off %}{% with a=1 %}{{ f }}{% endwith %}{% endautoescape %}{{ x }}{{ a }}',
    )
    const fail = (): never => {
      throw new Error('no')
    }
    expect(() => template.render({ f: fail })).to.throw('no')
    expect(template.render({ f: 'f', x: '<' })).to.equal('f&lt;')
  })

  it('for a missing template lists every path that was tried', async () => {
    const { Engines } = await import('#core/template')
    const entry = {
      BACKEND: 'core.template.backends.django.DjangoTemplates',
      DIRS: ['a', '/b'],
      APP_DIRS: true,
    }
    const engines = await Engines.load([entry, { ...entry, NAME: 'second', DIRS: ['c'], APP_DIRS: false }], {
      root: '/r',
      apps: ['/app'],
    })
    const search = (): unknown => engines.select(['x.html', '../../etc/passwd'])
    expect(search)
      .to.throw(TemplateDoesNotExist, "There is no template 'x.html, ../../etc/passwd'. Tried:")
      .with.property('message')
      .that.equals(
        [
          "There is no template 'x.html, ../../etc/passwd'. Tried:",
          '/r/a/x.html (does not exist)',
          '/b/x.html (does not exist)',
          '/app/templates/x.html (does not exist)',
          '/r/c/x.html (does not exist)',
        ].join('\n  '),
      )
  })

  it('for a missing template without loaders reports that', async () => {
    const { Engines } = await import('#core/template')
    const engines = await Engines.load([{ BACKEND: 'core.template.backends.django.DjangoTemplates' }], {
      root: '/r',
      apps: [],
    })
    expect(() => engines.select(['x.html'])).to.throw('TEMPLATES has neither DIRS nor APP_DIRS')
  })
})
