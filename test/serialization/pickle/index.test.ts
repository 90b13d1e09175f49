/** Pickles of plain values are read and written unchanged; all others are refused, and nothing in one is executed. */
import { expect } from 'chai'
import { NotJson, parseJson, stringifyJson } from '#core/serialization'
import {
  BrokenPickle,
  copyPlain,
  dumpsPickle,
  loadsPickle,
  plainText,
  RefusedPickle,
} from '../../../core/serialization/pickle/index.ts'

const four = (length: number): string =>
  String.fromCharCode(length & 255, (length >> 8) & 255, (length >> 16) & 255, length >>> 24)

const eight = (length: number): string => four(length) + '\0\0\0\0'

/** A pickle that is read and written again, as JSON. */
const jsonOf = (pickle: string): string => stringifyJson(loadsPickle(pickle))

describe('pickles', () => {
  it('are written in ASCII if the value is ASCII', () => {
    const session = {
      _auth_user_id: '7',
      n: 5,
      big: 300,
      t: true,
      f: false,
      z: null,
      cart: ['a', 1.5],
      none: [],
      d: {},
    }
    expect(dumpsPickle(session)).to.equal(
      '}(V_auth_user_id\nV7\nVn\nK\x05Vbig\nI300\nVt\nI01\nVf\nI00\nVz\nNVcart\n](Va\nF1.5\neVnone\n]Vd\n}u.',
    )
  })

  it('have protocol 4 if something is not ASCII', () => {
    expect(dumpsPickle('é')).to.equal('\x80\x04\x8c\x02\xc3\xa9.')
    expect(dumpsPickle(new Uint8Array([0, 255]))).to.equal('\x80\x04C\x02\0\xff.')
    expect(dumpsPickle(new Set([1]))).to.equal('\x80\x04\x8f(K\x01\x90.')
    expect(dumpsPickle('two\nlines')).to.equal('\x80\x04\x8c\x09two\nlines.')
  })

  it('are the same for the same value, every time', () => {
    const value = { a: [1, 'b', { c: 2.5 }], é: null }
    expect(dumpsPickle(structuredClone(value))).to.equal(dumpsPickle(value))
  })

  const kept: Readonly<Record<string, [pickle: string, json: string]>> = {
    'floats that are whole': ['](F1.0\nK\x01F-0.0\nF1e16\ne.', '[1.0,1,-0.0,1e+16]'],
    'small floats': ['](F1e-05\nF1.5e-7\nF0.1\ne.', '[1e-05,1.5e-07,0.1]'],
    'NaN and infinities': ['](Fnan\nFinf\nF-inf\ne.', '[NaN,Infinity,-Infinity]'],
    'large whole numbers': [
      '](L12345678901234567890L\nI-98765432109876543210\ne.',
      '[12345678901234567890,-98765432109876543210]',
    ],
    'the order of number-like keys': ['}(Vb\nK\x01V2\nK\x02V10\nK\x03V1\nK\x04u.', '{"b":1,"2":2,"10":3,"1":4}'],
    'keys that are not strings': ['}(K\x05K\x01NK\x02I01\nK\x03F1.5\nK\x04u.', '{"5":1,"null":2,"true":3,"1.5":4}'],
    'keys that are tuples': ['}((K\x01Va\ntK\x01u.', '{"(1, a)":1}'],
    'lists that are tuples': ['](K\x01(K\x02K\x03t)e.', '[1,[2,3],[]]'],
    'dangerous names': ['}(V__proto__\n}(Vx\nK\x01uVconstructor\nK\x02u.', '{"__proto__":{"x":1},"constructor":2}'],
  }
  for (const [what, [pickle, json]] of Object.entries(kept)) {
    it(`keep ${what}, and are the same in JSON as Python writes it`, () => {
      const value = loadsPickle(pickle)
      const written = dumpsPickle(value)
      expect(stringifyJson(value)).to.equal(json)
      // A loss in the first writing would show in JSON, or in the second.
      expect(stringifyJson(loadsPickle(written))).to.equal(json)
      expect(dumpsPickle(loadsPickle(written))).to.equal(written)
    })
  }

  it('leave the siblings of a changed value unchanged', () => {
    const data = loadsPickle('}(VA\nF1.0\nK\x02(K\x03tVn\nK\x04u.') as Record<string, unknown>
    data.n = 5
    data.added = true
    delete data.gone
    expect(dumpsPickle(data)).to.equal('}(VA\nF1.0\nK\x02(K\x03tVn\nK\x05Vadded\nI01\nu.')
  })

  it('contain what was read from JSON, and the other way round', () => {
    const data = parseJson('{"2":1.0,"1":1E+2,"n":-0,"big":12345678901234567890}')
    expect(stringifyJson(loadsPickle(dumpsPickle(data)))).to.equal(
      '{"2":1.0,"1":100.0,"n":0,"big":12345678901234567890}',
    )
  })

  it('keep bytes, sets and frozen sets, which JSON cannot hold', () => {
    for (const pickle of ['\x80\x04](C\x02\0\xff\x8f(K\x01F2.0\n\x90(Va\n\x91e.', '\x80\x05\x96\x01\0\0\0\0\0\0\0x.']) {
      expect(dumpsPickle(loadsPickle(pickle))).to.equal(pickle)
      expect(() => jsonOf(pickle)).to.throw(NotJson)
      expect(plainText(loadsPickle(pickle))).to.equal(pickle)
    }
  })

  it('are copied with their original spelling', () => {
    const value = loadsPickle('}(VA\nF1.0\nK\x02(K\x03tu.') as { A: number }
    const copy = copyPlain(value)
    value.A = 7
    expect(dumpsPickle(copy)).to.equal('}(VA\nF1.0\nK\x02(K\x03tu.')
  })

  const same: Readonly<Record<string, [value: unknown, ...pickles: string[]]>> = {
    text: [
      'é',
      '\x80\x04\x8c\x02\xc3\xa9.',
      `X${four(2)}\xc3\xa9.`,
      `\x80\x04\x8d${eight(2)}\xc3\xa9.`,
      'V\\u00e9\n.',
      'V\xe9\n.',
    ],
    'strings of Python 2': ['a\n', "S'a\\n'\n.", 'S"a\\x0a"\n.', `T${four(2)}a\n.`, 'U\x02a\n.'],
    'characters beyond the first plane': ['\u{1f642}', '\x8c\x04\xf0\x9f\x99\x82.', 'V\\U0001f642\n.'],
    'half a pair': ['\ud800', '\x8c\x03\xed\xa0\x80.', 'V\\ud800\n.'],
    'a backslash': ['\\u0041', 'V\\u005cu0041\n.', '\x8c\x06\\u0041.'],
    'whole numbers': [-2, 'J\xfe\xff\xff\xff.', 'I-2\n.', 'L-2L\n.', '\x8a\x01\xfe.', `\x8b${four(1)}\xfe.`],
    'nothing of a number': [0, '\x8a\0.', `\x8b${four(0)}.`, 'K\0.', 'M\0\0.'],
    'numbers with a fraction': [1.5, 'F1.5\n.', 'G\x3f\xf8\0\0\0\0\0\0.'],
    true: [true, 'I01\n.', '\x88.'],
    lists: [
      [1, 2],
      '](K\x01K\x02e.',
      '(lK\x01aK\x02a.',
      '(K\x01K\x02l.',
      ']K\x01aK\x02a.',
      '\x80\x05\x95\x08\0\0\0\0\0\0\0]\x94(K\x01K\x02e.',
    ],
    dicts: [{ a: 1 }, '}(Va\nK\x01u.', '(dVa\nK\x01s.', '(Va\nK\x01d.', '}Va\nK\x01s.'],
    tuples: [[1, 2], '(K\x01K\x02t.', 'K\x01K\x02\x86.'],
    'what was meant before': [
      ['a', 'a', 'a'],
      '](Va\np0\ng0\nh\0e.',
      '](Va\nq\x05h\x05j\x05\0\0\0e.',
      '](Va\n\x94h\0h\0e.',
      '](Va\nr\x09\0\0\0h\x09h\x09e.',
      '](Va\n22e.',
    ],
    'what was taken back': [1, 'K\x01K\x020.', 'K\x01(K\x02K\x031.', 'K\x01(0.'],
    bytes: [new Uint8Array([65]), 'C\x01A.', `B${four(1)}A.`, `\x8e${eight(1)}A.`],
  }
  for (const [what, [value, ...pickles]] of Object.entries(same)) {
    it(`are read in all forms of ${what}`, () => {
      for (const pickle of pickles) expect(loadsPickle(pickle), JSON.stringify(pickle)).to.deep.equal(value)
    })
  }

  const calls: Readonly<Record<string, [opcode: string, pickle: string, global?: string]>> = {
    'a call of a global': ['GLOBAL', "cos\nsystem\n(S'true'\ntR.", 'os.system'],
    'a global of protocol 4': ['STACK_GLOBAL', '\x80\x04\x8c\x08datetime\x8c\x08datetime\x93.', 'datetime.datetime'],
    'an instance': ['INST', '(ios\nsystem\n.', 'os.system'],
    'a call': ['REDUCE', '))R.'],
    'a state': ['BUILD', ')}b.'],
    'an object': ['OBJ', '()o.'],
    'a new object': ['NEWOBJ', '))\x81.'],
    'a new object with names': ['NEWOBJ_EX', '))}\x92.'],
    'an extension': ['EXT1', '\x82\x01.'],
    'a reference from outside': ['PERSID', 'P1\n.'],
    'a reference from outside in binary': ['BINPERSID', 'K\x01Q.'],
    'a buffer from outside': ['NEXT_BUFFER', '\x80\x05\x97.'],
    'a global whose name may be data': ['STACK_GLOBAL', '\x8c\x05a b@c\x8c\x05x\ny z\x93.'],
  }
  for (const [what, [opcode, pickle, global]] of Object.entries(calls)) {
    it(`are refused for ${what}`, () => {
      const read = (): unknown => loadsPickle(pickle)
      const named = global === undefined ? '' : `, which names the global '${global}'`
      expect(read).to.throw(RefusedPickle, `has the instruction ${opcode}${named}. Only`)
    })
  }

  it('do not repeat data in the error message', () => {
    const pickle = '](Vsecret-value\nV4111 1111\n\x93.'
    expect(() => loadsPickle(pickle)).to.throw(RefusedPickle, /^(?!.*(?:secret|4111))/)
  })

  const levels = (count: number): string => `${']'.repeat(count)}${'a'.repeat(count - 1)}.`
  const doubling = `](](${'K\x01'.repeat(2)}e\x94${Array.from({ length: 40 }, (_, i) => `](h${String.fromCharCode(i)}h${String.fromCharCode(i)}e\x94`).join('')}e.`

  const harmful: Readonly<Record<string, string>> = {
    'contain themselves': ']q\0h\0a.',
    'contain themselves indirectly': '}q\0Va\n]q\x01h\0as.',
    'double again and again': doubling,
    'repeat a long string very often': `](X${four(100_000)}${'x'.repeat(100_000)}q\0${'h\0'.repeat(1000)}e.`,
    'are deeper than Python allows': levels(1001),
    'are deep tuples': `)${'\x85'.repeat(100_000)}.`,
    'have a key that doubles again and again': `})${'q\0h\0\x86'.repeat(60)}K\x01s.`,
    'have a very deep key': `})${'\x85'.repeat(100_000)}K\x01s.`,
    'have a number of a million digits': `L${'9'.repeat(1_000_000)}L\n.`,
    'have a number of a million bytes': `\x8b${four(1_000_000)}${'\x01'.repeat(1_000_000)}.`,
    'have two keys of one name': '}(K\x01Va\nV1\nVb\nu.',
    'have two keys of one name, the string first': '}(V1\nVb\nK\x01Va\nu.',
    'have a future protocol': '\x80\x06N.',
  }
  for (const [what, pickle] of Object.entries(harmful)) {
    it(`are refused if they ${what}`, () => {
      expect(() => loadsPickle(pickle)).to.throw(RefusedPickle)
    })
  }

  it('are read at the maximum depth, and written again', () => {
    const pickle = levels(1000)
    expect(dumpsPickle(loadsPickle(dumpsPickle(loadsPickle(pickle))))).to.have.length(pickle.length + 999)
  })

  it('may reference one value from several places', () => {
    const value = loadsPickle('](]q\0h\0h\0e.') as unknown[]
    expect(value).to.deep.equal([[], [], []])
    expect(dumpsPickle(value)).to.equal('](]]]e.')
  })

  const broken: Readonly<Record<string, string>> = {
    nothing: '',
    'no end': 'K\x01',
    'an end without a value': '.',
    'a length beyond its end': `X${four(100)}abc.`,
    'an absurd length': `\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa.`,
    'an absurd length of bytes': `\x8e\xff\xff\xff\xff\xff\xff\xff\xffa.`,
    'a frame beyond its end': '\x80\x04\x95\xff\0\0\0\0\0\0\0N.',
    'something behind its end': 'N.N.',
    'no instruction': '\xfe.',
    'a value taken from below a mark': 'K\x01(0(\x85.',
    'a key without a value': '}(Va\nu.',
    'an item for a value that is not a list': '}Va\na.',
    'an item for a tuple': ')Va\na.',
    'a key in a list': ']Va\nVb\ns.',
    'a list for a key': '}]K\x01s.',
    'a list in a set': '\x8f(]\x90.',
    'a memo that was never set': 'h\x07.',
    'a string that is not UTF-8': '\x8c\x01\xff.',
    'an invalid escape': 'V\\u12\n.',
    'a string of Python 2 that is not ASCII': 'U\x01\xff.',
    'a string without quotes': 'Sabc\n.',
    'an invalid number': 'Iabc\n.',
    'an invalid float': 'F1.5x\n.',
  }
  for (const [what, pickle] of Object.entries(broken)) {
    it(`are broken with ${what}`, () => {
      expect(() => loadsPickle(pickle)).to.throw(BrokenPickle, /^This is no pickle: /)
    })
  }

  it('are broken if they are truncated anywhere', () => {
    const whole = dumpsPickle({ a: [1, 'é', 300, 1.5, 2n ** 80n, new Uint8Array([1])], b: { c: null } })
    for (let length = 0; length < whole.length; length++) {
      expect(() => loadsPickle(whole.slice(0, length)), String(length)).to.throw(BrokenPickle)
    }
  })

  const refused: Readonly<Record<string, unknown>> = {
    'a.b is NaN': { b: Number.NaN },
    'a.b[1] is Infinity': { b: [1, Number.POSITIVE_INFINITY] },
    'a.f is a function': { f: () => 1 },
    'a.d is a Date': { d: new Date(0) },
    'a.m is a Map': { m: new Map() },
    'a[0] is undefined': [undefined],
    'a.s is Symbol(s)': { s: Symbol('s') },
  }
  for (const [message, value] of Object.entries(refused)) {
    it(`are not written because ${message}`, () => {
      expect(() => dumpsPickle(value, 'a')).to.throw(NotJson, `${message}, which JSON cannot hold.`)
    })
  }

  it('are not written for a value that contains itself, or is nested too deeply', () => {
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(() => dumpsPickle(loop, 'a')).to.throw(NotJson, 'a.self contains itself')
    let deep: unknown = 1
    for (let i = 0; i < 1001; i++) deep = [deep]
    expect(() => dumpsPickle(deep, 'a')).to.throw(NotJson, 'more than 1000 levels deep')
    expect(() => dumpsPickle({ n: 10n ** 4300n }, 'a')).to.throw(NotJson, 'a.n has more than 4300 digits')
  })

  it('support whole numbers of any size that Python accepts', () => {
    for (let bits = 0n; bits < 140n; bits++) {
      for (const value of [1n << bits, (1n << bits) - 1n, -(1n << bits), -(1n << bits) - 1n]) {
        expect(BigInt(loadsPickle(dumpsPickle(value)) as bigint | number)).to.equal(value)
      }
    }
    const largest = 10n ** 4300n - 1n
    expect(loadsPickle(dumpsPickle(-largest))).to.equal(-largest)
  })
})
