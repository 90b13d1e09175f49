/** What others may want to hear of: somebody logged in, logged out, or tried to. */
import type { HttpRequest } from '#core/http'
import type { AuthUser, Credentials } from './contract.ts'

class AuthSignal<Event> {
  readonly #receivers = new Set<(event: Event) => Promise<void> | void>()

  /** Adds a receiver; adding it twice is the same as once. */
  connect(receiver: (event: Event) => Promise<void> | void): void {
    this.#receivers.add(receiver)
  }

  disconnect(receiver: (event: Event) => Promise<void> | void): void {
    this.#receivers.delete(receiver)
  }

  async send(event: Event): Promise<void> {
    for (const receiver of this.#receivers) await receiver(event)
  }
}

/** Sent after a login. */
export const userLoggedIn = new AuthSignal<{ readonly request: HttpRequest; readonly user: AuthUser }>()

/** Sent before the session of somebody who logs out ends; without a user when nobody was logged in. */
export const userLoggedOut = new AuthSignal<{ readonly request: HttpRequest; readonly user: AuthUser | null }>()

/** Sent when no backend knew the credentials, which come without what is secret in them. */
export const userLoginFailed = new AuthSignal<{
  readonly request: HttpRequest | null
  readonly credentials: Credentials
}>()
