/** The lexer splits a source as Django does. */
import { expect } from 'chai'
import { tokenize, words } from '../../../core/template/syntax/lexer.ts'

const shown = (source: string): string[] =>
  tokenize(source).map(({ type, content, line }) => `${line} ${type} ${content}`)

describe('the lexer', () => {
  it('separates text, variables and tags, and records their lines', () => {
    expect(shown('a\n{{ b }}{% c d %}\n{{e}}')).to.deep.equal([
      '1 text a\n',
      '2 variable b',
      '2 tag c d',
      '2 text \n',
      '3 variable e',
    ])
  })

  it('omits comments, with any content', () => {
    expect(shown("a{# {{ b }} {% don't #}c")).to.deep.equal(['1 text a', '1 text c'])
  })

  it('respects quotation marks', () => {
    expect(shown('{{ x|default:"}}" }}')).to.deep.equal(['1 variable x|default:"}}"'])
    expect(shown(`{% trans '%}' %}`)).to.deep.equal([`1 tag trans '%}'`])
  })

  it('ignores an unclosed quotation mark', () => {
    expect(shown("{% trans it's %}a'b")).to.deep.equal(["1 tag trans it's", "1 text a'b"])
  })

  it('does not recognise a tag across lines', () => {
    expect(shown('{{ a\n}}')).to.deep.equal(['1 text {{ a\n}}'])
  })

  it('treats everything inside verbatim as text, up to the end with its name', () => {
    expect(shown('{% verbatim x %}{{ a }}{% endverbatim %}{# b #}{% endverbatim x %}{{ c }}')).to.deep.equal([
      '1 tag verbatim x',
      '1 text {{ a }}{% endverbatim %}{# b #}',
      '1 tag endverbatim x',
      '1 variable c',
    ])
  })

  it('splits a tag into words, but not inside quotation marks', () => {
    expect(words(`url 'a b' x|default:"c d" k='e f'`)).to.deep.equal(['url', "'a b'", 'x|default:"c d"', "k='e f'"])
  })
})
