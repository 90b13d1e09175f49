/** Files of the file engine, as Django writes and reads them. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { openSession, type SessionDict } from '#core/contrib/sessions'
import { setClock } from '#core/utils'
import { SessionStore } from '../../core/contrib/sessions/backends/file.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'write' | 'read' | 'key_to_file'
  readonly session_key: string
  readonly cookie_name: string
  readonly content: string
  readonly mtime: number
  readonly cookie_age?: number
  readonly data: SessionDict
  readonly secret?: string
  readonly now?: number
}

interface Expected {
  readonly ok?: boolean
  readonly error: string
  readonly message: string
  readonly file: string
  readonly content: string
  readonly exact?: boolean
  readonly mode: string
  readonly data: SessionDict
  readonly file_removed?: boolean
  readonly new_key?: boolean
}

const NEVER_ENDS = 'read: integer expiry is relative to reading time'

describe('vectors: session_files', () => {
  let folder: string
  before(() => setup())
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-'))
  })
  afterEach(() => {
    setClock()
    rmSync(folder, { recursive: true })
  })

  async function write(input: Input, expected: Expected): Promise<void> {
    const store = new SessionStore({ folder, prefix: input.cookie_name, newKey: () => input.session_key })
    await store.create({ data: input.data, expiresAt: 0 })
    const file = path.join(folder, expected.file)
    const content = readFileSync(file, 'latin1')
    if (expected.exact === true) expect(content).to.equal(expected.content)
    expect(`0o${(statSync(file).mode & 0o777).toString(8)}`).to.equal(expected.mode)
    expect(store.loadSync(input.session_key)?.data).to.deep.equal(input.data)
  }

  function read(name: string, input: Input, expected: Expected): void {
    const file = path.join(folder, input.cookie_name + input.session_key)
    writeFileSync(file, input.content)
    utimesSync(file, input.mtime, input.mtime)
    const session = openSession(new SessionStore({ folder, prefix: input.cookie_name }), input.session_key)
    // In Django, a number of seconds counts from each read, so that such a session never ends.
    if (name === NEVER_ENDS) {
      expect(session.toJSON()).to.deep.equal({})
      return
    }
    expect(session.toJSON()).to.deep.equal(expected.data)
    if (expected.file_removed !== undefined) expect(existsSync(file)).to.equal(!expected.file_removed)
    if (expected.new_key !== undefined) expect(session.sessionKey !== input.session_key).to.equal(expected.new_key)
  }

  for (const { name, input, expected } of loadVectors<Input, Expected>('session_files')) {
    it(name, async () => {
      const { now } = input
      if (now !== undefined) setClock({ now: () => now * 1000 })
      const overrides = {
        ...(input.secret !== undefined && { SECRET_KEY: input.secret }),
        SESSION_COOKIE_AGE: input.cookie_age ?? 1_209_600,
      }
      await overrideSettings(overrides, async () => {
        if (input.op === 'write') return write(input, expected)
        if (input.op === 'read') return read(name, input, expected)
        const store = new SessionStore({ folder, prefix: input.cookie_name })
        const fileName = (): string => path.basename(store.keyToFile(input.session_key))
        if (expected.ok === false) expect(fileName).to.throw(expected.message).with.property('name', expected.error)
        else expect(fileName()).to.equal(expected.file)
      })
    })
  }
})
