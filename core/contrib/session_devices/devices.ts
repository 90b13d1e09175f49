/** Lists a user's sessions and ends them, on every engine that keeps records, and describes their devices. */
import { createHash } from 'node:crypto'
import { apps } from '#core/apps'
import { functionOf, loadedFromSettings, loadNamed, settings } from '#core/conf'
import type { SessionStore } from '#core/contrib/sessions'
import { ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { altersData } from '#core/utils'
import { userOf } from './indexed_store.ts'
import { SessionIndex } from './session_index.ts'

export interface Device {
  /** Tells sessions apart; says nothing of the session's key. */
  readonly id: string
  readonly userId: string
  /** When the session was first seen with this user. */
  readonly created: Date
  /** What SESSION_DEVICE_DESCRIPTION made of the request; empty unless that is set. */
  readonly description: string
  /** Whether it is the session of the key that was given. */
  readonly isCurrent: boolean
}

const APP = 'core.contrib.session_devices'

/** How often the list is read again because sessions moved to new keys meanwhile. */
const MOST_ROUNDS = 100

/** A public id of a session. The key cannot be computed from it. */
export const publicId = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 20)

export class Devices {
  readonly #store: () => SessionStore
  readonly #index = new SessionIndex()

  constructor(store: () => SessionStore) {
    this.#store = store
  }

  /** Whether the project keeps the index. */
  get isInstalled(): boolean {
    return apps.isInstalled(APP)
  }

  #opened(): SessionStore {
    if (!this.isInstalled) {
      throw new ImproperlyConfigured(
        `A user's sessions are known only where INSTALLED_APPS has '${APP}'. Add it, and migrate.`,
      )
    }
    return this.#store()
  }

  /** A user's living sessions, the latest first. */
  async list(userId: string | number, currentKey: string | null = null): Promise<Device[]> {
    const store = this.#opened()
    const devices: Device[] = []
    for (const { key, created, description } of await this.#index.of(String(userId))) {
      const loaded = await store.load(key)
      if (loaded === undefined || userOf(loaded.data) !== String(userId)) {
        await this.#index.remove(key)
        continue
      }
      const isCurrent = key === currentKey
      devices.push({ id: publicId(key), userId: String(userId), created: new Date(created), description, isCurrent })
    }
    return devices
  }

  /** Ends one session of a user. @returns whether there was one of that id */
  async end(userId: string | number, id: string): Promise<boolean> {
    return (await this.#endWhere(userId, (key) => publicId(key) === id)) > 0
  }

  /** Ends all sessions of a user but the one of `currentKey`. @returns how many there were */
  endOthers(userId: string | number, currentKey: string | null): Promise<number> {
    return this.#endWhere(userId, (key) => key !== currentKey)
  }

  /** Ends all sessions of a user. @returns how many there were */
  endAll(userId: string | number): Promise<number> {
    return this.#endWhere(userId, () => true)
  }

  /**
   * A request that is under way may move its session to a new key meanwhile, which is noted before it can be used.
   * So the list is read again until there is nothing left to end.
   */
  async #endWhere(userId: string | number, isMeant: (key: string) => boolean): Promise<number> {
    const store = this.#opened()
    let ended = 0
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const meant = (await this.#index.of(String(userId))).filter(({ key }) => isMeant(key))
      if (meant.length === 0) return ended
      for (const { key } of meant) {
        if (await store.delete(key)) ended++
        await this.#index.remove(key)
      }
    }
    return ended
  }
}

altersData(Devices.prototype, ['end', 'endOthers', 'endAll'])

/** @throws ImproperlyConfigured when the setting names no function */
export const deviceDescription = loadedFromSettings('SESSION_DEVICE_DESCRIPTION', async () => {
  const name = settings.SESSION_DEVICE_DESCRIPTION
  if (name === null) return undefined
  const description = functionOf<(request: HttpRequest) => string>('a function of (request)')
  return loadNamed('SESSION_DEVICE_DESCRIPTION', name, description)
})
