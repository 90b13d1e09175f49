/** Encoded session data, as Django writes and reads it. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { decodeSession, encodeSession, type SessionDict } from '#core/contrib/sessions'
import { captureLogs, setClock } from '#core/utils'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'encode' | 'decode'
  readonly data: SessionDict
  readonly text: string
  readonly secret: string
  readonly fallback_keys?: string[]
  readonly salt: string
  readonly now?: number
}

interface Expected {
  readonly text: string
  readonly exact?: boolean
  readonly data: SessionDict
  readonly log?: string | null
}

describe('vectors: session_encode', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input, Expected>('session_encode')) {
    it(name, async () => {
      const { now } = input
      if (now !== undefined) setClock({ now: () => now * 1000 })
      const keys = { SECRET_KEY: input.secret, SECRET_KEY_FALLBACKS: input.fallback_keys ?? [] }
      await overrideSettings(keys, () => {
        if (input.op === 'encode') {
          const text = encodeSession(input.data, input.salt)
          if (expected.exact === true) expect(text).to.equal(expected.text)
          for (const each of [text, expected.text]) expect(decodeSession(each, input.salt)).to.deep.equal(input.data)
          return
        }
        const logged: string[] = []
        const release = captureLogs(({ logger, message }) => logged.push(`${logger}: ${message}`))
        try {
          expect(decodeSession(input.text, input.salt)).to.deep.equal(expected.data)
        } finally {
          release()
        }
        if (expected.log === undefined) return
        expect(logged).to.deep.equal(
          expected.log === null ? [] : [`django.security.SuspiciousSession: ${expected.log}`],
        )
      })
    })
  }
})
