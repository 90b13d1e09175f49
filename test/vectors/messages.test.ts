/** Message cookies and the strings that sessions keep: written as Django writes them, and read whichever side wrote them. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { getCookieSigner } from '#core/signing'
import { markSafe, SafeString } from '#core/template'
import { setClock } from '#core/utils'
import { stringifyJson } from '#core/serialization'
import { createMessage, elementOf, type Message, sessionText } from '../../core/contrib/messages/message.ts'
import { decodeCookie, encodeCookie, fitCookie } from '../../core/contrib/messages/storage/cookie.ts'
import { loadVectors } from './load.ts'

interface Given {
  readonly level: number
  readonly message: string
  readonly safe: boolean
  readonly extra_tags: string | null
}

interface Input {
  readonly op: 'encode' | 'decode' | 'session_encode' | 'store' | 'tags'
  readonly layout?: '3.2' | 'current'
  readonly messages?: readonly Given[]
  readonly cookie?: string
  readonly secret?: string
  readonly now?: number
  readonly remove_oldest?: boolean
  readonly level?: number
  readonly extra_tags?: string
}

interface Expected {
  readonly cookie?: string
  readonly exact?: boolean
  readonly json?: string
  readonly messages?: readonly Given[]
  readonly text?: string
  readonly kept?: number
  readonly unstored?: number
  readonly ends_with_marker?: boolean
  readonly tags?: string
  readonly level_tag?: string
}

/** The older format omits empty tags, and the newer one those that are null. */
const made = ({ messages = [], layout }: Input): Message[] =>
  messages.map(({ level, message, safe, extra_tags: tags }) =>
    createMessage(level, safe ? markSafe(message) : message, layout === '3.2' && tags === '' ? null : tags),
  )

const plain = ({ level, message, extraTags }: Message): Given => ({
  level,
  message: message.toString(),
  safe: message instanceof SafeString,
  extra_tags: extraTags,
})

const unsealed = (cookie: string): unknown[] =>
  getCookieSigner('django.contrib.messages').unsignObject(cookie) as unknown[]

const operations: Readonly<Record<Input['op'], (input: Input, expected: Expected) => void>> = {
  encode(input, expected) {
    const messages = made(input)
    const cookie = encodeCookie(messages)
    expect(stringifyJson(messages.map(elementOf))).to.equal(expected.json)
    expect(stringifyJson(unsealed(cookie))).to.equal(expected.json)
    if (expected.exact) expect(cookie).to.equal(expected.cookie)
    else expect(cookie).to.match(/^\./)
    expect(decodeCookie(expected.cookie as string)?.messages.map(plain)).to.deep.equal(messages.map(plain))
  },
  decode({ cookie }, expected) {
    expect((decodeCookie(cookie as string)?.messages ?? []).map(plain)).to.deep.equal(expected.messages)
  },
  session_encode(input, expected) {
    expect(sessionText(made(input))).to.equal(expected.text)
  },
  store(input, expected) {
    const messages = made({ ...input, layout: '3.2' })
    const { value, left } = fitCookie(messages, input.remove_oldest ? 'newest' : 'oldest')
    const kept = expected.kept as number
    const places = input.remove_oldest ? messages.slice(messages.length - kept) : messages.slice(0, kept)
    expect(left.length).to.equal(expected.unstored)
    expect(decodeCookie(value)?.messages.map(plain)).to.deep.equal(places.map(plain))
    expect(decodeCookie(value)?.complete).to.equal(!expected.ends_with_marker)
    expect(value.length).to.be.at.most(2048)
  },
  tags({ level = 0, extra_tags: extraTags = '' }, expected) {
    const message = createMessage(level, 'x', extraTags)
    expect([message.tags, message.levelTag]).to.deep.equal([expected.tags, expected.level_tag])
  },
}

describe('vectors: messages', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input, Expected>('messages')) {
    it(name, async () => {
      const { now, secret } = input
      if (now !== undefined) setClock({ now: () => now * 1000 })
      const run = (): void => operations[input.op](input, expected)
      if (secret === undefined) run()
      else await overrideSettings({ SECRET_KEY: secret, SECRET_KEY_FALLBACKS: [] }, run)
    })
  }
})
