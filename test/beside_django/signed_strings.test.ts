/** Both sides reject the same signed strings: another key, another salt, too old, cut, changed, badly compressed. */
import { deflateRawSync, deflateSync } from 'node:zlib'
import { expect } from 'chai'
import { decodeSession, encodeSession } from '#core/contrib/sessions'
import { BadSignature, dumps, loads, SignatureExpired, Signer, TimestampSigner } from '#core/signing'
import { stopClock } from '#core/test'
import { parseJson, stringifyJson } from '#core/serialization'
import { databases } from '../services.ts'
import { inBesideDjango } from './beside.ts'
import { Generator, SEED } from './generated.ts'
import { mutationsOf } from './mutations.ts'
import { databaseEngine, onDatabase } from './shared_setups.ts'
import { Browser } from './browser.ts'

const [sqlite] = await databases('beside_judged')

const SALT = 'django.contrib.sessions.SessionStore'

/** Changes of each valid string. */
const MUTATIONS = 60

const b64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** A compressible string. */
const REPETITIVE = '{"items":["tea","tea","tea","tea","tea","tea","tea","tea","tea","tea","tea","tea"],"größe":1.0}'

/** Correctly signed, but not session data. */
const GARBAGE = [
  '',
  '.',
  'x',
  '=',
  '====',
  '.x',
  b64('no JSON'),
  b64('{"a":1'),
  b64('{"a":1}x'),
  b64("{'a':1}"),
  b64(Buffer.from([0xff, 0xfe, 0])),
  `.${b64('not compressed')}`,
  `.${b64(deflateSync(REPETITIVE).subarray(0, -8))}`,
  `.${b64(deflateRawSync(REPETITIVE))}`,
  `${b64('{"a":1}')}=`,
  b64('{"a": 1, "b": [1.0, 2]}'),
  b64('{"a":NaN}'),
  `.${b64(deflateSync('{"a":1}'))}`,
  `.${b64(deflateSync(REPETITIVE, { level: 9 }))}`,
]

type Judgement = readonly [unknown] | string

/** The errors that are distinguished. */
function classOf(name: string): string {
  return name === 'BadSignature' || name === 'SignatureExpired' ? name : 'something else'
}

function verdict(judge: () => unknown): Judgement {
  try {
    return [judge()]
  } catch (error) {
    if (error instanceof SignatureExpired) return 'SignatureExpired'
    return error instanceof BadSignature ? 'BadSignature' : 'something else'
  }
}

const compared = (verdicts: readonly Judgement[]): Judgement[] =>
  verdicts.map((each) => (typeof each === 'string' ? classOf(each) : each))

describe('signed strings shared with Django', function () {
  this.timeout(30_000)
  const beside = inBesideDjango(onDatabase(sqlite as never, 'db', databaseEngine), {
    // The cookie salt of Django 3.2.
    ours: { SIGNED_COOKIE_LEGACY_SALT_FALLBACK: true },
  })

  it('of sessions are accepted or rejected alike, after any change', async () => {
    const generator = new Generator(SEED)
    const generated = [...generator.sessions(10).map(({ text }) => text), REPETITIVE, '{}']
    const encoded = await beside.django.ask<string[]>('encode', { strings: generated })
    const strings = await beside.django.ask<string[]>('decode', { strings: encoded })
    encoded.push(...strings.map((text) => encodeSession(parseJson(text) as Record<string, unknown>)))
    expect(await beside.django.ask('decode', { strings: encoded })).to.deep.equal(
      encoded.map((text) => stringifyJson(decodeSession(text))),
    )
    expect(await beside.logged()).to.deep.equal({ django: [], nuages: [] })

    const mutated = encoded.flatMap((text) => mutationsOf(text, generator, MUTATIONS))
    const signer = new TimestampSigner({ salt: SALT })
    const stamp = signer.sign('').split(':')[1] ?? ''
    const plain = new Signer({ salt: SALT })
    const candidates = [
      ...mutated,
      ...GARBAGE.map((text) => signer.sign(text)),
      ...GARBAGE.map((text) => plain.sign(text)),
      plain.sign(`${b64('{"a":1}')}:!!`),
      plain.sign(`${b64('{"a":1}')}:${stamp}`),
      plain.sign(`${b64('{"a":1}')}:-1`),
      ...encoded.map((text) => new TimestampSigner({ salt: SALT, key: 'another key' }).sign(text.split(':')[0] ?? '')),
      ...encoded.map((text) => new TimestampSigner({ salt: 'another salt' }).sign(text.split(':')[0] ?? '')),
      '',
      ':',
      '::',
      'no session at all',
    ]
    const theirs = await beside.django.ask<string[]>('decode', { strings: candidates })
    for (const [i, text] of candidates.entries()) {
      expect([text, stringifyJson(decodeSession(text))]).to.deep.equal([text, theirs[i]])
    }
    expect(theirs.filter((text) => text !== '{}').length).to.be.above(5)
    expect(theirs.filter((text) => text === '{}').length).to.be.above(mutated.length * 0.9)
    const { django, nuages } = await beside.logged()
    expect(django).to.not.deep.equal([])
    expect(nuages).to.not.deep.equal([])
  })

  it('of one moment are identical, and have the same age for both', async () => {
    const { django } = beside
    const seconds = 1_800_000_000
    const values = ['', 'plain', 'Größe 🎉', 'a:b', 'x'.repeat(100)]
    const clock = stopClock(seconds * 1000)
    await django.ask('moment', { seconds })
    try {
      const theirs = await django.ask<string[]>('sign', { values, salt: 'shop' })
      const signer = new TimestampSigner({ salt: 'shop' })
      expect(values.map((value) => signer.sign(value))).to.deep.equal(theirs)
      const strings = ['{"a":[1.0,"é"]}', '[]', 'null', '"text"', '1e+16', '12345678901234567890']
      expect(
        strings.map((text) => dumps(text.startsWith('1e') ? 1e16 : parseJson(text), { salt: 'shop' })),
      ).to.deep.equal(await django.ask('dumps', { strings, salt: 'shop', compress: false }))
      for (const age of [-5, 0, 59.9, 60, 60.1, 3600]) {
        clock.moveTo(new Date((seconds + age) * 1000))
        await django.ask('moment', { seconds: seconds + age })
        const verdicts = await django.ask<Judgement[]>('unsign', { values: theirs, salt: 'shop', max_age: 60 })
        expect(theirs.map((value) => verdict(() => signer.unsign(value, { maxAge: 60 })))).to.deep.equal(
          compared(verdicts),
        )
        expect(typeof verdicts[0] === 'string').to.equal(age > 60)
      }
    } finally {
      clock.restore()
      await django.ask('moment', { seconds: null })
    }
  })

  it('of any values are accepted or rejected alike, after any change', async () => {
    const { django } = beside
    const generator = new Generator(SEED + 1)
    const strings = [...generator.sessions(5).map(({ text }) => text), REPETITIVE, '[1,2,3]']
    const good = [
      ...(await django.ask<string[]>('dumps', { strings, salt: 'shop', compress: true })),
      ...strings.map((text) => dumps(parseJson(text), { salt: 'shop', compress: true })),
    ]
    const signer = new TimestampSigner({ salt: 'shop' })
    const values = [
      ...good,
      ...good.flatMap((text) => mutationsOf(text, generator, MUTATIONS)),
      ...GARBAGE.map((text) => signer.sign(text)),
      dumps({}, { salt: 'another' }),
      dumps({}, { salt: 'shop', key: 'another' }),
    ]
    const theirs = compared(await django.ask<Judgement[]>('loads', { values, salt: 'shop', max_age: 60 }))
    for (const [i, value] of values.entries()) {
      const ours = verdict(() => stringifyJson(loads(value, { salt: 'shop', maxAge: 60 })))
      expect([value, ours]).to.deep.equal([value, theirs[i]])
    }
    expect(theirs.slice(0, good.length).every((each) => Array.isArray(each))).to.equal(true)
  })

  it('in cookies are read by us, by age and only by name; ours are read by a Django with their salt', async () => {
    const browser = new Browser(() => beside.django)
    const value = async (): Promise<unknown> => {
      const found = await Promise.all(
        (['django', 'nuages'] as const).map((side) => browser.json<{ value: unknown }>(browser.get(side, '/signed/'))),
      )
      expect(found[0]).to.deep.equal(found[1])
      return found[0]?.value
    }
    await browser.post('django', '/sign/', { value: 'tea for two' })
    expect(await value()).to.equal('tea for two')
    const good = browser.cookies.get('basket') as string
    for (const mutated of mutationsOf(good.replaceAll('"', ''), new Generator(SEED + 2), MUTATIONS)) {
      browser.cookies.set('basket', mutated)
      expect(await value(), mutated).to.equal(null)
    }
    browser.cookies.set('basket', good)
    const hours = 2 * 3_600_000
    await beside.django.ask('moment', { seconds: (Date.now() + hours) / 1000 })
    const clock = stopClock(Date.now() + hours)
    try {
      expect(await value()).to.equal(null)
    } finally {
      clock.restore()
      await beside.django.ask('moment', { seconds: null })
    }
    // The salt that newer releases join from salt and name; 3.2 joins them differently.
    await browser.post('nuages', '/sign/', { value: 'coffee' })
    const ours = browser.cookies.get('basket') as string
    const request = { value: ours, salt: 'django.http.cookies.v2:4:shopbasket' }
    expect(await beside.django.ask('unsign_cookie', request)).to.equal('coffee')
  })

  it('that name an unknown session get a new one on both sides, with a new key', async () => {
    const browser = new Browser(() => beside.django)
    await browser.get('django', '/visit/?item=tea')
    const key = browser.cookies.get('sessionid') as string
    const strange = [
      ...mutationsOf(key, new Generator(SEED + 3), 20).filter((each) => !/[:=]/.test(each)),
      'short',
      'x'.repeat(32),
      'x'.repeat(41),
      'x'.repeat(500),
      `${key} OR 1=1`,
      `../${key}`,
      `${key}%00`,
      key.toUpperCase(),
    ]
    for (const each of strange) {
      for (const side of ['django', 'nuages'] as const) {
        const other = new Browser(() => beside.django)
        other.cookies.set('sessionid', each)
        expect(await other.json(other.get(side, '/visit/?item=tea')), `${each} on ${side}`).to.deep.equal({
          visits: 1,
          items: 1,
        })
        expect(other.cookies.get('sessionid'))
          .to.match(/^[a-z0-9]{32}$/)
          .and.not.equal(each)
      }
    }
  })
})
