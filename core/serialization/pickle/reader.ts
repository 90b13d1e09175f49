/**
 * Reads pickles of plain values, in all protocols. Opcodes that name a global or call something are refused, so that no
 * code is executed. https://github.com/python/cpython/blob/main/Lib/pickletools.py describes the opcodes.
 */
import { Buffer, isUtf8 } from 'node:buffer'
import { MOST_LEVELS, setOwn } from '../json.ts'
import { MOST_DIGITS, pickledFloat, pickledPart } from './writer.ts'
import { floatText, noteSpelling, spellingOf } from '../numbers.ts'

/** The bytes are not a pickle, or an incomplete one. */
export class BrokenPickle extends Error {
  override readonly name = 'BrokenPickle'
}

/** A valid pickle that has more than plain values or exceeds a limit. Another program may need it. */
export class RefusedPickle extends Error {
  override readonly name = 'RefusedPickle'
}

/** Opcodes that name a global, call something, or refer to data outside the pickle. */
const REFUSED: Readonly<Record<number, string>> = {
  0x50: 'PERSID',
  0x51: 'BINPERSID',
  0x52: 'REDUCE',
  0x62: 'BUILD',
  0x63: 'GLOBAL',
  0x69: 'INST',
  0x6f: 'OBJ',
  0x81: 'NEWOBJ',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x92: 'NEWOBJ_EX',
  0x93: 'STACK_GLOBAL',
  0x97: 'NEXT_BUFFER',
  0x98: 'READONLY_BUFFER',
}

const HIGHEST_PROTOCOL = 5

/** Maximum size in bytes of an integer with MOST_DIGITS digits. */
const MOST_INTEGER_BYTES = Math.ceil((MOST_DIGITS * Math.log2(10)) / 8)

/** Maximum size in bytes of a value with all repeated references expanded, as the writer would write it. */
const MOST_EXPANDED = 64 * 1024 * 1024
/** Size of a value in addition to its characters. */
const VALUE_SIZE = 32

/** A float that JavaScript would format differently. Replaced by a number when it is stored in its container. */
class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

const isDict = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Whether JavaScript may move a key to the front, as it does with integer-like keys. */
function isNumberLike(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 0x30 && first <= 0x39 && /^(?:0|[1-9]\d{0,9})$/.test(key)
}

/** Whether an error message may include a name: only identifiers, because anything else could be data. */
const isName = (text: unknown): text is string => typeof text === 'string' && /^[A-Za-z_][\w.]{0,99}$/.test(text)

const broken = (what: string): BrokenPickle => new BrokenPickle(`This is no pickle: ${what}.`)

const toBuffer = (bytes: string): Buffer => Buffer.from(bytes, 'latin1')

/** Decodes UTF-8 in which, as in Python, lone surrogates are encoded as three bytes. */
function decodeText(bytes: string): string {
  let isAscii = true
  for (let i = 0; i < bytes.length && isAscii; i++) isAscii = bytes.charCodeAt(i) < 0x80
  if (isAscii) return bytes
  const buffer = toBuffer(bytes)
  if (isUtf8(buffer)) return buffer.toString('utf8')
  const parts = bytes.split(/(\xed[\xa0-\xbf][\x80-\xbf])/)
  return parts.map((part, i) => (i % 2 === 1 ? surrogate(part) : strictText(part))).join('')
}

const surrogate = (bytes: string): string =>
  String.fromCharCode(0xd000 | ((bytes.charCodeAt(1) & 0x3f) << 6) | (bytes.charCodeAt(2) & 0x3f))

function strictText(bytes: string): string {
  const buffer = toBuffer(bytes)
  if (!isUtf8(buffer)) throw broken('a text in it is not UTF-8')
  return buffer.toString('utf8')
}

/** Decodes strings of protocol 0: Latin-1, with \u and \U for other characters. Any other backslash is literal. */
function decodeRawText(line: string): string {
  if (!line.includes('\\')) return line
  return line.replace(/\\\\|\\u([\dA-Fa-f]{4})|\\U([\dA-Fa-f]{8})|\\[uU]/g, (found, short?: string, long?: string) => {
    if (found === '\\\\') return found
    const code = Number.parseInt(short ?? long ?? '', 16)
    if (!(code <= 0x10ffff)) throw broken('a text in it has an escape that is none')
    return String.fromCodePoint(code)
  })
}

function integerOf(text: string): number | bigint {
  if (!/^[+-]?\d+$/.test(text)) throw broken('a number in it is none')
  if (text.length > MOST_DIGITS) throw new RefusedPickle('This pickle has a number of too many digits.')
  const value = Number(text)
  return Number.isSafeInteger(value) ? value + 0 : BigInt(text)
}

const FLOATS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
}

/** A plain number if JavaScript formats it as Python's JSON does, otherwise a Float. */
function floatOf(value: number): number | Float {
  if (Number.isInteger(value) || !Number.isFinite(value)) return new Float(value)
  const size = Math.abs(value)
  return size < 1e-4 ? new Float(value) : value
}

class PickleReader {
  readonly #bytes: string
  #at: number
  readonly #stack: unknown[] = []
  readonly #marks: number[] = []
  /** Position of the latest mark. Nothing below it can be popped. */
  #floor = 0
  readonly #memo: unknown[] = []
  /** Memo entries whose indices are not consecutive. */
  #farMemo: Map<number, unknown> | undefined
  #containers = 0
  /** Whether a container may be referenced several times, or contain itself. */
  #shares = false
  /** Total length of the strings that were referenced again. */
  #repeated = 0
  /** Which spellings have been recorded so far. Usually none, so that lookups can be skipped. */
  #hasOrder = false
  #hasNumbers = false
  #hasKeys = false
  #hasTuples = false

  constructor(bytes: string, start: number) {
    this.#bytes = bytes
    this.#at = start
  }

  /** The index after the pickle. */
  get end(): number {
    return this.#at
  }

  read(): unknown {
    for (;;) {
      const opcode = this.#byte()
      if (opcode === 0x2e) return this.#result()
      this.#do(opcode)
    }
  }

  #result(): unknown {
    const value = this.#pop()
    if (this.#repeated > MOST_EXPANDED) throw tooLarge()
    if (this.#shares || this.#containers > MOST_LEVELS) {
      new Extent(MOST_EXPANDED + VALUE_SIZE * this.#bytes.length).add(value)
    }
    return value instanceof Float ? value.value : value
  }

  // One branch for each opcode. The most frequent ones come first.
  // oxlint-disable-next-line complexity
  #do(opcode: number): void {
    switch (opcode) {
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(decodeText(this.#take(this.#byte())))
      case 0x94: // MEMOIZE
        return this.#put(this.#memo.length + (this.#farMemo?.size ?? 0))
      case 0x68: // BINGET
        return this.#get(this.#byte())
      case 0x71: // BINPUT
        return this.#put(this.#byte())
      case 0x4b: // BININT1
        return this.#push(this.#byte())
      case 0x7d: // EMPTY_DICT
        return this.#open({})
      case 0x28: // MARK
        this.#marks.push(this.#stack.length)
        this.#floor = this.#stack.length
        return
      case 0x75: // SETITEMS
        return this.#setItems(this.#mark())
      case 0x73: // SETITEM
        return this.#setItems(this.#stack.length - 2)
      case 0x4e: // NONE
        return this.#push(null)
      case 0x88: // NEWTRUE
        return this.#push(true)
      case 0x89: // NEWFALSE
        return this.#push(false)
      case 0x58: // BINUNICODE
        return this.#push(decodeText(this.#take(this.#unsigned(4))))
      case 0x4d: // BININT2
        return this.#push(this.#unsigned(2))
      case 0x4a: // BININT
        return this.#push(this.#unsigned(4) | 0)
      case 0x47: // BINFLOAT
        return this.#push(floatOf(toBuffer(this.#take(8)).readDoubleBE()))
      case 0x5d: // EMPTY_LIST
        return this.#open([])
      case 0x65: // APPENDS
        return this.#append(this.#mark())
      case 0x61: // APPEND
        return this.#append(this.#stack.length - 1)
      case 0x29: // EMPTY_TUPLE
        return this.#tuple(this.#stack.length)
      case 0x74: // TUPLE
        return this.#tuple(this.#mark())
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#tuple(this.#stack.length - (opcode - 0x84))
      case 0x95: // FRAME
        return this.#frame(this.#unsigned(8))
      case 0x80: // PROTO
        return this.#protocol(this.#byte())
      default:
        return this.#doRarely(opcode)
    }
  }

  // oxlint-disable-next-line complexity
  #doRarely(opcode: number): void {
    switch (opcode) {
      case 0x8a: // LONG1
        return this.#long(this.#byte())
      case 0x8b: // LONG4
        return this.#long(this.#unsigned(4))
      case 0x6a: // LONG_BINGET
        return this.#get(this.#unsigned(4))
      case 0x72: // LONG_BINPUT
        return this.#put(this.#unsigned(4))
      case 0x43: // SHORT_BINBYTES
        return this.#push(new Uint8Array(toBuffer(this.#take(this.#byte()))))
      case 0x42: // BINBYTES
        return this.#push(new Uint8Array(toBuffer(this.#take(this.#unsigned(4)))))
      case 0x8e: // BINBYTES8
        return this.#push(new Uint8Array(toBuffer(this.#take(this.#unsigned(8)))))
      case 0x96: // BYTEARRAY8
        return this.#byteArray(new Uint8Array(toBuffer(this.#take(this.#unsigned(8)))))
      case 0x8d: // BINUNICODE8
        return this.#push(decodeText(this.#take(this.#unsigned(8))))
      case 0x8f: // EMPTY_SET
        return this.#open(new Set())
      case 0x90: // ADDITEMS
        return this.#addItems(this.#mark())
      case 0x91: // FROZENSET
        return this.#frozenSet(this.#mark())
      case 0x56: // UNICODE
        return this.#push(decodeRawText(this.#line()))
      case 0x46: // FLOAT
        return this.#push(this.#floatLine(this.#line()))
      case 0x49: // INT
        return this.#push(this.#integerLine(this.#line()))
      case 0x4c: // LONG
        return this.#push(integerOf(this.#line().replace(/L$/, '')))
      case 0x53: // STRING
        return this.#push(this.#quoted(this.#line()))
      case 0x54: // BINSTRING
        return this.#push(this.#ascii(this.#take(this.#unsigned(4))))
      case 0x55: // SHORT_BINSTRING
        return this.#push(this.#ascii(this.#take(this.#byte())))
      case 0x67: // GET
        return this.#get(this.#index(this.#line()))
      case 0x70: // PUT
        return this.#put(this.#index(this.#line()))
      case 0x64: // DICT
        return this.#dict(this.#mark())
      case 0x6c: // LIST
        return this.#list(this.#mark())
      case 0x30: // POP
        return this.#drop()
      case 0x31: // POP_MARK
        this.#stack.length = this.#mark()
        return
      case 0x32: // DUP
        return this.#repeat(this.#top())
      default:
        throw this.#refusal(opcode)
    }
  }

  #refusal(opcode: number): Error {
    const name = REFUSED[opcode]
    if (name === undefined) return broken(`0x${opcode.toString(16).padStart(2, '0')} is no instruction of one`)
    const global = this.#global(name)
    const what = global === undefined ? '' : `, which names the global '${global}'`
    return new RefusedPickle(
      `This pickle has the instruction ${name}${what}. Only plain values are read: text, numbers, true, false, None, bytes, lists, tuples, sets and dicts.`,
    )
  }

  /** The dotted name of the global that an opcode refers to, if it is known. */
  #global(name: string): string | undefined {
    let names: unknown[] = []
    if (name === 'STACK_GLOBAL') names = this.#stack.slice(-2)
    else if (name === 'GLOBAL' || name === 'INST') {
      names = this.#bytes
        .slice(this.#at, this.#at + 300)
        .split('\n')
        .slice(0, 2)
    }
    return names.length === 2 && names.every(isName) ? names.join('.') : undefined
  }

  // Reading bytes

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw broken('it is cut off')
    return this.#bytes.charCodeAt(this.#at++)
  }

  #take(length: number): string {
    const end = this.#at + length
    if (end > this.#bytes.length) throw broken('it is cut off')
    const bytes = this.#bytes.slice(this.#at, end)
    this.#at = end
    return bytes
  }

  /** A little-endian integer. A length beyond 2^53 may be inexact, but always exceeds the size of the pickle. */
  #unsigned(size: number): number {
    let value = 0
    let weight = 1
    for (let i = 0; i < size; i++, weight *= 256) value += this.#byte() * weight
    return value
  }

  #line(): string {
    const end = this.#bytes.indexOf('\n', this.#at)
    if (end < 0) throw broken('it is cut off')
    const line = this.#bytes.slice(this.#at, end)
    this.#at = end + 1
    return line
  }

  #protocol(version: number): void {
    if (version > HIGHEST_PROTOCOL)
      throw new RefusedPickle(`This is a pickle of protocol ${version}, which is not known.`)
  }

  #frame(length: number): void {
    if (this.#at + length > this.#bytes.length) throw broken('it is cut off')
  }

  // The stack

  #push(value: unknown): void {
    this.#stack.push(value)
  }

  /** Pushes a container, which may contain others. */
  #open(container: object): void {
    this.#containers++
    this.#stack.push(container)
  }

  #top(): unknown {
    if (this.#stack.length <= this.#floor) throw broken('it takes what is not there')
    return this.#stack.at(-1)
  }

  #pop(): unknown {
    const value = this.#top()
    this.#stack.length--
    return value
  }

  /** Removes the top value, or the mark if there is no value above it. */
  #drop(): void {
    if (this.#marks.length > 0 && this.#stack.length === this.#floor) this.#mark()
    else this.#pop()
  }

  /** Removes the latest mark. @returns its position in the stack */
  #mark(): number {
    const mark = this.#marks.pop()
    if (mark === undefined) throw broken('it takes what is not there')
    this.#floor = this.#marks.at(-1) ?? 0
    return mark
  }

  /** Pops the values from a position of the stack. */
  #from(start: number): unknown[] {
    if (start < this.#floor) throw broken('it takes what is not there')
    return this.#stack.splice(start)
  }

  /** The container for the values from a position of the stack: the value below them. */
  #below(start: number): unknown {
    if (start <= this.#floor) throw broken('it takes what is not there')
    return this.#stack[start - 1]
  }

  // The memo

  #index(text: string): number {
    if (!/^\d{1,10}$/.test(text)) throw broken('a place in its memo is no number')
    return Number(text)
  }

  #put(index: number): void {
    const value = this.#top()
    if (index === this.#memo.length) this.#memo.push(value)
    else if (index < this.#memo.length) this.#memo[index] = value
    else (this.#farMemo ??= new Map()).set(index, value)
  }

  #get(index: number): void {
    const value = index < this.#memo.length ? this.#memo[index] : this.#farMemo?.get(index)
    if (value === undefined) throw broken('it takes what is not there')
    this.#repeat(value)
  }

  #repeat(value: unknown): void {
    if (typeof value === 'string') this.#repeated += value.length
    else if (typeof value === 'object' && value !== null) this.#shares = true
    this.#stack.push(value)
  }

  // Numbers and strings

  #long(size: number): void {
    if (size > MOST_INTEGER_BYTES) throw new RefusedPickle('This pickle has a number of too many digits.')
    const digits = Buffer.from(toBuffer(this.#take(size)).toReversed()).toString('hex')
    const value = BigInt.asIntN(size * 8, BigInt(`0x${digits || '0'}`))
    this.#push(BigInt.asIntN(54, value) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value)
  }

  #integerLine(line: string): boolean | number | bigint {
    return line === '01' ? true : line === '00' ? false : integerOf(line)
  }

  #floatLine(line: string): number | Float {
    const value =
      FLOATS[line] ?? (/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(line) ? Number(line) : undefined)
    if (value === undefined) throw broken('a number in it is none')
    return floatOf(value)
  }

  /** A string of Python 2, which Python 3 reads as ASCII. */
  #ascii(bytes: string): string {
    if (/[^\0-\x7f]/.test(bytes)) throw broken('a text in it is not ASCII')
    return bytes
  }

  #quoted(line: string): string {
    const found = /^(['"])(.*)\1$/s.exec(line)
    if (found === null) throw broken('a text in it has no quotes')
    const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' }
    const text = (found[2] as string).replace(/\\(?:x([\da-fA-F]{2})|(.))/gs, (_, hex?: string, one?: string) =>
      hex === undefined ? (ESCAPES[one as string] ?? (one as string)) : String.fromCharCode(Number.parseInt(hex, 16)),
    )
    return this.#ascii(text)
  }

  // Containers

  #byteArray(bytes: Uint8Array): void {
    noteSpelling(bytes).kind = 'bytearray'
    this.#push(bytes)
  }

  #tuple(start: number): void {
    const items = this.#from(start)
    for (let i = 0; i < items.length; i++) items[i] = this.#placed(items[i], items, String(i))
    noteSpelling(items).kind = 'tuple'
    this.#hasTuples = true
    this.#open(items)
  }

  #list(start: number): void {
    const items = this.#from(start)
    this.#open([])
    for (const item of items) this.#stack.push(item)
    this.#append(start + 1)
  }

  #append(start: number): void {
    const list = this.#below(start)
    if (!Array.isArray(list) || (this.#hasTuples && spellingOf(list)?.kind === 'tuple')) {
      throw broken('it appends to what is no list')
    }
    for (let i = start; i < this.#stack.length; i++) {
      const item = this.#stack[i]
      list.push(item instanceof Float ? this.#placed(item, list, String(list.length)) : item)
    }
    this.#stack.length = start
  }

  #addItems(start: number): void {
    const set = this.#below(start)
    if (!(set instanceof Set) || spellingOf(set)?.kind === 'frozenset') throw broken('it adds to what is no set')
    this.#fill(set, this.#from(start))
  }

  #frozenSet(start: number): void {
    const set = new Set()
    this.#fill(set, this.#from(start))
    noteSpelling(set).kind = 'frozenset'
    this.#open(set)
  }

  #fill(set: Set<unknown>, items: readonly unknown[]): void {
    for (const item of items) {
      if (!isHashable(item)) throw broken('a set in it has an item that no set can have')
      set.add(item instanceof Float ? this.#placed(item, set, String(item.value)) : item)
    }
  }

  #dict(start: number): void {
    const items = this.#from(start)
    this.#open({})
    for (const item of items) this.#stack.push(item)
    this.#setItems(start + 1)
  }

  #setItems(start: number): void {
    const dict = this.#below(start)
    const stack = this.#stack
    if (!isDict(dict)) throw broken('it sets a key of what is no dict')
    if ((stack.length - start) % 2 !== 0) throw broken('a key in it has no value')
    for (let i = start; i < stack.length; i += 2) {
      const key = stack[i]
      const name = typeof key === 'string' && !this.#hasKeys ? key : this.#keyName(dict, key)
      const value = stack[i + 1]
      if (this.#hasOrder || isNumberLike(name)) this.#keepOrder(dict, name)
      if (this.#hasNumbers) spellingOf(dict)?.numbers?.delete(name)
      setOwn(dict, name, value instanceof Float ? this.#placed(value, dict, name) : value)
    }
    stack.length = start
  }

  #keepOrder(dict: Record<string, unknown>, name: string): void {
    const known = spellingOf(dict)?.order
    if (known === undefined) {
      if (!isNumberLike(name)) return
      this.#hasOrder = true
      const names = Object.keys(dict)
      noteSpelling(dict).order = Object.hasOwn(dict, name) ? names : [...names, name]
    } else if (!Object.hasOwn(dict, name)) known.push(name)
  }

  /** The JavaScript key for a key of any type. Its pickle is recorded if it is not a string. */
  #keyName(dict: Record<string, unknown>, key: unknown): string {
    if (Array.isArray(key)) new Extent(MOST_KEY).add(key)
    const name = nameOfKey(key)
    const known = spellingOf(dict)?.keys?.get(name)
    const pickle = typeof key === 'string' ? undefined : pickledKey(key)
    if (Object.hasOwn(dict, name) && known !== pickle) {
      throw new RefusedPickle(
        'This pickle has a dict with two keys that JavaScript cannot tell apart, such as 1 and "1".',
      )
    }
    if (pickle !== undefined) {
      this.#hasKeys = true
      const spelling = noteSpelling(dict)
      ;(spelling.keys ??= new Map()).set(name, pickle)
    }
    return name
  }

  /** The value to store in a container. The spelling of a Float is recorded for the container. */
  #placed(value: unknown, container: object, key: string): unknown {
    if (!(value instanceof Float)) return value
    this.#hasNumbers = true
    const spelling = noteSpelling(container)
    // A Set does not distinguish -0 from 0.
    const number = container instanceof Set ? value.value + 0 : value.value
    ;(spelling.numbers ??= new Map()).set(key, { text: floatText(value.value), value: number })
    return number
  }
}

const isHashable = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  value instanceof Float ||
  ['tuple', 'frozenset'].includes(spellingOf(value)?.kind ?? '') ||
  (value instanceof Uint8Array && spellingOf(value) === undefined)

/** Maximum expanded size of a key that is a tuple. */
const MOST_KEY = 10_000

function nameOfKey(key: unknown): string {
  if (key instanceof Float) return floatText(key.value)
  if (typeof key !== 'object' || key === null) return String(key)
  if (key instanceof Uint8Array) return `b'${Buffer.from(key).toString('latin1')}'`
  if (Array.isArray(key) && isHashable(key)) return `(${key.map(nameOfKey).join(', ')})`
  throw isHashable(key)
    ? new RefusedPickle('This pickle has a dict with a frozenset for a key, which JavaScript has no name for.')
    : broken('a dict in it has a key that no dict can have')
}

/** The pickle of a key, without the PROTO and STOP opcodes. */
const pickledKey = (key: unknown): string => (key instanceof Float ? pickledFloat(key.value) : pickledPart(key))

const tooLarge = (): RefusedPickle =>
  new RefusedPickle('This pickle repeats its parts so often that it could not be written out again.')

/** Measures the expanded size of a value: a container that is referenced several times counts each time. */
class Extent {
  #left: number
  readonly #above = new Set<object>()

  constructor(most: number) {
    this.#left = most
  }

  add(value: unknown): void {
    this.#left -= VALUE_SIZE
    if (typeof value === 'string') this.#left -= value.length
    else if (value instanceof Uint8Array) this.#left -= value.length
    else if (typeof value === 'object' && value !== null && !(value instanceof Float)) this.#container(value)
    if (this.#left < 0) throw tooLarge()
  }

  #container(value: object): void {
    if (this.#above.has(value)) throw new RefusedPickle('This pickle has a container that contains itself.')
    if (this.#above.size >= MOST_LEVELS) {
      throw new RefusedPickle(`This pickle has containers more than ${MOST_LEVELS} levels deep.`)
    }
    this.#above.add(value)
    if (Array.isArray(value) || value instanceof Set) for (const item of value) this.add(item)
    else {
      for (const [key, item] of Object.entries(value)) {
        this.#left -= key.length
        this.add(item)
      }
    }
    this.#above.delete(value)
  }
}

/**
 * Reads the pickle that begins at an index of a byte string.
 * @returns its value, and the index after it
 * @throws BrokenPickle, RefusedPickle
 */
export function readPickle(bytes: string, start = 0): { readonly value: unknown; readonly end: number } {
  const reader = new PickleReader(bytes, start)
  const value = reader.read()
  return { value, end: reader.end }
}

/**
 * Reads a pickle, a byte string. Types and spellings that JavaScript does not have are recorded for the containing
 * object, so that unchanged values are written as they were read: see numbers.ts.
 * @throws BrokenPickle if it is not a pickle; RefusedPickle if it has more than plain values or exceeds a limit
 */
export function loadsPickle(bytes: string): unknown {
  const { value, end } = readPickle(bytes)
  if (end < bytes.length) throw broken('something follows behind its end')
  return value
}
