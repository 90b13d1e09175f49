/** Lists, describes and ends a user's sessions, with every session engine that stores records. */
import { createHash } from 'node:crypto'
import { apps } from '#core/apps'
import { functionOf, loadedFromSettings, loadNamed, settings } from '#core/conf'
import type { Session, SessionStore } from '#core/contrib/sessions'
import { ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { altersData } from '#core/utils'
import { userOf } from './indexed_store.ts'
import { SessionIndex } from './session_index.ts'

export interface Device {
  /** Identifies the session without revealing its key. */
  readonly id: string
  readonly userId: string
  /** When the session was first saved with this user. */
  readonly created: Date
  /** The result of SESSION_DEVICE_DESCRIPTION for the request; empty if it is not set. */
  readonly description: string
  /** Whether it is the session with the given `currentKey`. */
  readonly isCurrent: boolean
}

const APP = 'core.contrib.session_devices'

/** Maximum number of times the list is read again because sessions have concurrently moved to new keys. */
const MAX_ROUNDS = 100

/** The public id of a session, a hash from which the key cannot be computed. */
export const publicId = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 20)

export class Devices {
  readonly #store: () => SessionStore
  readonly #index = new SessionIndex()

  constructor(store: () => SessionStore) {
    this.#store = store
  }

  /** Whether the app is installed, so that the index is maintained. */
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

  /** The active sessions of a user, newest first. */
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

  /**
   * Ends one session of a user.
   * @param session the session of the calling view. If it is the one that ends, it is flushed, so that the view can
   *   still put a message into a new one.
   * @returns whether a session had this id
   */
  async end(userId: string | number, id: string, session?: Session): Promise<boolean> {
    return (await this.#endWhere(userId, (key) => publicId(key) === id, session)) > 0
  }

  /** Ends all sessions of a user except the one with `currentKey`. @returns the number of ended sessions */
  endOthers(userId: string | number, currentKey: string | null): Promise<number> {
    return this.#endWhere(userId, (key) => key !== currentKey)
  }

  /** Ends all sessions of a user. @param session as for `end` @returns the number of ended sessions */
  endAll(userId: string | number, session?: Session): Promise<number> {
    return this.#endWhere(userId, () => true, session)
  }

  /**
   * A concurrent request may move its session to a new key, which is indexed before it can be used. So the list is read
   * again until no session is left to end.
   */
  async #endWhere(userId: string | number, matches: (key: string) => boolean, session?: Session): Promise<number> {
    const store = this.#opened()
    let ended = 0
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const matching = (await this.#index.of(String(userId))).filter(({ key }) => matches(key))
      if (matching.length === 0) return ended
      for (const { key } of matching) {
        const isOwn = key === session?.sessionKey
        if (isOwn) await session?.flush()
        if (isOwn || (await store.delete(key))) ended++
        await this.#index.remove(key)
      }
    }
    return ended
  }
}

altersData(Devices.prototype, ['end', 'endOthers', 'endAll'])

/** The function that SESSION_DEVICE_DESCRIPTION names, or undefined. @throws ImproperlyConfigured for another value */
export const deviceDescription = loadedFromSettings('SESSION_DEVICE_DESCRIPTION', async () => {
  const name = settings.SESSION_DEVICE_DESCRIPTION
  if (name === null) return undefined
  const description = functionOf<(request: HttpRequest) => string>('a function of (request)')
  return loadNamed('SESSION_DEVICE_DESCRIPTION', name, description)
})
