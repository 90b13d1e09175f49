/** The views of the site on which both modes are compared. */
import { getMessages, messages } from '#core/contrib/messages'
import type { Session } from '#core/contrib/sessions'
import {
  Http404,
  type HttpRequest,
  HttpResponse,
  HttpResponseRedirect,
  JsonResponse,
  StreamingHttpResponse,
} from '#core/http'
import { render } from '#core/shortcuts'
import { include, path, rePath, reverse } from '#core/urls'
import { outcome } from './scenario.ts'

/** A step of a view in its session: the name of a method, or of one of these below, with arguments. */
export type SessionOperation = readonly [name: string, ...args: readonly unknown[]]

const OPERATIONS: Readonly<Record<string, (session: Session, ...args: never[]) => unknown>> = {
  get: (session, key: string) => session.get(key),
  set: (session, key: string, value: unknown) => void session.set(key, value),
  remove: (session, key: string) => session.remove(key),
  has: (session, key: string) => session.has(key),
  pop: (session, key: string) => session.pop(key),
  setDefault: (session, key: string, value: unknown) => session.setDefault(key, value),
  keys: (session) => session.keys().toSorted(),
  /** Changes a list or an object inside the session, without a call to it. */
  nested(session, key: string, value: unknown) {
    const held = session.get(key)
    if (Array.isArray(held)) held.push(value)
    else if (typeof held === 'object' && held !== null) Object.assign(held, { inside: value })
  },
  clear: (session) => session.clear(),
  flush: (session) => session.flush(),
  cycleKey: (session) => session.cycleKey(),
  save: (session) => session.save(),
  load: (session) => session.load(),
  setExpiry: (session, expiry: number | null) => session.setExpiry(expiry),
  getExpiryAge: (session) => session.getExpiryAge(),
  modified: (session) => session.modified,
  isEmpty: (session) => session.isEmpty(),
  increment: (session, key: string) =>
    session.atomic((each) => {
      each.set(key, (Number(each.get(key)) || 0) + 1)
    }),
  fail() {
    throw new Error('The view fails.')
  },
}

/** Does what the body asks for. Errors are results, but for the one that is asked for. */
async function operate(request: HttpRequest): Promise<HttpResponse> {
  const results: unknown[] = []
  for (const [name, ...args] of request.json<SessionOperation[]>()) {
    if (name === 'fail') OPERATIONS.fail?.(request.session)
    results.push(await outcome(() => OPERATIONS[name]?.(request.session, ...(args as never[]))))
  }
  return new JsonResponse(results)
}

const echo = (request: HttpRequest, params: object): HttpResponse =>
  new JsonResponse({
    params,
    cookies: request.COOKIES,
    get: [...request.GET],
    post: [...request.POST],
    host: request.getHost(),
    uri: request.buildAbsoluteUri(),
    route: request.resolverMatch?.viewName,
  })

function count(request: HttpRequest): HttpResponse {
  request.session.set('count' as never, (((request.session.get('count') as number) || 0) + 1) as never)
  return new HttpResponse(String(request.session.get('count')))
}

async function form(request: HttpRequest): Promise<HttpResponse> {
  if (request.method !== 'POST') return render(request, 'comparison/form.html', {})
  messages.success(request, `Thank you, ${request.POST.get('name') ?? ''}.`)
  return new HttpResponseRedirect(reverse('thanks'))
}

const thanks = (request: HttpRequest): HttpResponse => new JsonResponse([...getMessages(request)].map(String))

function signed(request: HttpRequest): HttpResponse {
  const seen = request.getSignedCookie('seen', { default: 'nothing' })
  return new HttpResponse(seen).setSignedCookie('seen', `${seen}+`, { maxAge: 1000 })
}

async function* pieces(): AsyncGenerator<string> {
  for (const piece of ['one ', 'two ', 'three']) yield piece
}

export const urlpatterns = [
  path('', echo, { name: 'index' }),
  path('operate/', operate),
  path('count/', count),
  path('form/', form),
  path('thanks/', thanks, { name: 'thanks' }),
  path('signed/', signed),
  path('stream/', () => new StreamingHttpResponse(pieces())),
  path('fail/', () => {
    throw new Error('The view fails.')
  }),
  path('missing/', () => {
    throw new Http404('Nothing here.')
  }),
  path('nothing/', (() => undefined) as unknown as () => HttpResponse),
  path('items/<int:pk>/', echo, { name: 'item' }),
  path('items/new/', echo, { name: 'new' }),
  rePath(/^old\/(?<year>\d{4})\/$/, echo, { name: 'old' }),
  path('in/', include([[path('', echo, { name: 'index' }), path('<slug:s>/', echo, { name: 'one' })], 'inner'])),
]
