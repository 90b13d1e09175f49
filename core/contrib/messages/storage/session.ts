/** Stores messages in the session. Without a session, the error names the missing middleware. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { canonicalName } from '#core/utils'
import { parseJson } from '#core/serialization'
import { type Message, messagesFrom, type MessageStorage, type Retrieved, sessionText } from '../message.ts'

// The session of the request, or an error that names the missing middleware.

/** The part of a session that is needed here. */
interface MessageSession {
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

/** @throws ImproperlyConfigured if the request has no session */
function requireSession(request: HttpRequest): MessageSession {
  const { session } = request as { session?: MessageSession }
  if (session !== undefined) return session
  throw new ImproperlyConfigured(
    `MESSAGE_STORAGE '${settings.MESSAGE_STORAGE}' keeps messages in the session, but the request has none.` +
      ` ${whatToDo()} Or set MESSAGE_STORAGE to 'core.contrib.messages.storage.cookie.CookieStorage'.`,
  )
}

const KEY = '_messages'

export class SessionStorage implements MessageStorage {
  readonly #session: MessageSession

  /** @throws ImproperlyConfigured if the request has no session */
  constructor(request: HttpRequest) {
    this.#session = requireSession(request)
  }

  retrieve(): Retrieved {
    const stored = this.#session.get(KEY)
    return { messages: typeof stored === 'string' ? readText(stored) : undefined, complete: true }
  }

  store(messages: readonly Message[]): readonly Message[] {
    if (messages.length > 0) this.#session.set(KEY, sessionText(messages))
    else this.#session.remove(KEY)
    return []
  }
}

/** Decodes the session's value; undefined if another program stored something else there. */
function readText(text: string): readonly Message[] | undefined {
  try {
    return messagesFrom(parseJson(text))?.messages
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
