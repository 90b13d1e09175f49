/** The lexer cuts a source where Django cuts it. */
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

  it('leaves comments out, whatever they hold', () => {
    expect(shown("a{# {{ b }} {% don't #}c")).to.deep.equal(['1 text a', '1 text c'])
  })

  it('respects quotation marks', () => {
    expect(shown('{{ x|default:"}}" }}')).to.deep.equal(['1 variable x|default:"}}"'])
    expect(shown(`{% trans '%}' %}`)).to.deep.equal([`1 tag trans '%}'`])
  })

  it('takes a quotation mark that is not closed for none', () => {
    expect(shown("{% trans it's %}a'b")).to.deep.equal(["1 tag trans it's", "1 text a'b"])
  })

  it('knows no tag that goes over the end of a line', () => {
    expect(shown('{{ a\n}}')).to.deep.equal(['1 text {{ a\n}}'])
  })

  it('takes everything within verbatim for text, up to the end of its name', () => {
    expect(shown('{% verbatim x %}{{ a }}{% endverbatim %}{# b #}{% endverbatim x %}{{ c }}')).to.deep.equal([
      '1 tag verbatim x',
      '1 text {{ a }}{% endverbatim %}{# b #}',
      '1 tag endverbatim x',
      '1 variable c',
    ])
  })

  it('splits a tag into words, but not within quotation marks', () => {
    expect(words(`url 'a b' x|default:"c d" k='e f'`)).to.deep.equal(['url', "'a b'", 'x|default:"c d"', "k='e f'"])
  })
})
