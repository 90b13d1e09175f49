/** The smallest store that fulfils the contract, as a starting point for a custom engine. */
import {
  type LoadedSession,
  newSessionKey,
  type SavedSession,
  SessionConflict,
  type SessionDict,
  SessionGone,
  type SessionRecord,
  type SessionStore,
} from '#core/contrib/sessions'
import { clock } from '#core/utils'
import { parseJson, stringifyJson } from '#core/serialization'

interface Kept {
  readonly text: string
  readonly expiresAt: number
}

export class MemoryStore implements SessionStore {
  readonly #kept = new Map<string, Kept>()

  #living(key: string): Kept | undefined {
    const kept = this.#kept.get(key)
    return kept !== undefined && kept.expiresAt > clock.now() ? kept : undefined
  }

  #mustBe(key: string, version: string): void {
    const kept = this.#living(key)
    if (kept === undefined) throw new SessionGone()
    if (kept.text !== version) throw new SessionConflict()
  }

  async load(key: string): Promise<LoadedSession | undefined> {
    const kept = this.#living(key)
    return kept && { data: parseJson(kept.text) as SessionDict, version: kept.text }
  }

  async create(record: SessionRecord): Promise<SavedSession> {
    const key = newSessionKey()
    this.#kept.set(key, { text: stringifyJson(record.data), expiresAt: record.expiresAt })
    return { key }
  }

  async update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    this.#mustBe(key, version)
    this.#kept.set(key, { text: stringifyJson(record.data), expiresAt: record.expiresAt })
    return { key }
  }

  async delete(key: string, version?: string): Promise<boolean> {
    if (version !== undefined && this.#living(key) !== undefined) this.#mustBe(key, version)
    return this.#kept.delete(key)
  }
}
