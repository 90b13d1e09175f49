/** The views of the site under test. Each response says what the session holds, so that clients can keep books. */
import { USER_ID_KEY } from '../../core/contrib/sessions/index.ts'
import { type HttpRequest, HttpResponse, JsonResponse } from '../../core/http/index.ts'
import { path } from '../../core/urls/index.ts'

declare module '../../core/contrib/sessions/index.ts' {
  interface SessionData {
    /** The name of the client that the session belongs to. */
    owner?: string
    count?: number
  }
}

/** Needs no session. */
function plain(): HttpResponse {
  return new HttpResponse('plain')
}

/** Begins a session that belongs to the client `?name=`. */
function begin({ session, GET }: HttpRequest): JsonResponse {
  session.owner = GET.get('name') ?? ''
  return new JsonResponse({ owner: session.owner })
}

/** Adds one in a single step. */
async function count({ session }: HttpRequest): Promise<JsonResponse> {
  const counted = await session.atomic((found) => (found.count = (found.count ?? 0) + 1))
  return new JsonResponse({ count: counted, owner: session.owner ?? null })
}

/** Sets the key `?k=` to true. */
function set({ session, GET }: HttpRequest): JsonResponse {
  const name = GET.get('k') ?? ''
  session.set(name, true)
  return new JsonResponse({ set: name, owner: session.owner ?? null })
}

/** Logs the client `?name=` in, under a new session key. */
async function login({ session, GET }: HttpRequest): Promise<JsonResponse> {
  const name = GET.get('name') ?? ''
  await session.cycleKey()
  session.set(USER_ID_KEY, name)
  session.owner = name
  return new JsonResponse({ user: name })
}

async function logout({ session }: HttpRequest): Promise<JsonResponse> {
  await session.flush()
  return new JsonResponse({ user: null })
}

/** The whole session. */
function whoami({ session }: HttpRequest): JsonResponse {
  return new JsonResponse(session.toJSON())
}

export const urlpatterns = [
  path('plain', plain),
  path('begin', begin),
  path('count', count),
  path('set', set),
  path('login', login),
  path('logout', logout),
  path('whoami', whoami),
]
