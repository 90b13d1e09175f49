/** The session that messages are kept in, or an error that says which line of MIDDLEWARE is missing. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { canonicalName } from '#core/utils'

/** As much of a session as messages need. */
export interface MessageSession {
  get(key: string): unknown
  set(key: string, value: unknown): unknown
  remove(key: string): unknown
}

const SESSIONS = 'core.contrib.sessions.middleware.SessionMiddleware'
const MESSAGES = 'core.contrib.messages.middleware.MessageMiddleware'

const place = (name: string): number =>
  settings.MIDDLEWARE.findIndex((entry) => typeof entry === 'string' && canonicalName(entry) === name)

function whatToDo(): string {
  const [sessions, messages] = [place(SESSIONS), place(MESSAGES)]
  const here = messages < 0 ? 'the middleware of the messages' : `MIDDLEWARE[${messages}], '${MESSAGES}'`
  return sessions < 0
    ? `Put '${SESSIONS}' into MIDDLEWARE, above ${here}.`
    : `Move MIDDLEWARE[${sessions}], '${SESSIONS}', above ${here}.`
}

/** @throws ImproperlyConfigured where the request has no session */
export function requireSession(request: HttpRequest): MessageSession {
  const { session } = request as { session?: MessageSession }
  if (session !== undefined) return session
  throw new ImproperlyConfigured(
    `MESSAGE_STORAGE '${settings.MESSAGE_STORAGE}' keeps messages in the session, but the request has none.` +
      ` ${whatToDo()} Or set MESSAGE_STORAGE to 'core.contrib.messages.storage.cookie.CookieStorage'.`,
  )
}
