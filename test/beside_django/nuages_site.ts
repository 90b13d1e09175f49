/** The views of this side of the site; django_site/site_urls.py has the same at the same URLs. */
import { authenticate, login, logout, updateSessionAuthHash, type User } from '#core/contrib/auth'
import { addMessage, getMessages } from '#core/contrib/messages'
import { type HttpRequest, HttpResponse, JsonResponse } from '#core/http'
import { getToken } from '#core/middleware'
import { path } from '#core/urls'

const nameOf = ({ user }: HttpRequest): string | null => (user.isAuthenticated ? user.username : null)

const who = (request: HttpRequest): HttpResponse => new JsonResponse({ user: nameOf(request) })

const field = (request: HttpRequest, name: string): string => request.POST.get(name) ?? ''

async function logIn(request: HttpRequest): Promise<HttpResponse> {
  const credentials = { username: field(request, 'username'), password: field(request, 'password') }
  const user = await authenticate(request, credentials)
  if (user !== null) await login(request, user)
  return who(request)
}

async function logOut(request: HttpRequest): Promise<HttpResponse> {
  await logout(request)
  return who(request)
}

async function changePassword(request: HttpRequest): Promise<HttpResponse> {
  const user = request.user as User
  await user.setPassword(field(request, 'password'))
  await user.save()
  await updateSessionAuthHash(request, user)
  return who(request)
}

function visit({ session, GET }: HttpRequest): HttpResponse {
  const visits = (session.get('visits') ?? 0) + 1
  const cart = session.setDefault<string>('cart', { items: [] }) as { items: unknown[] }
  session.set('visits', visits)
  cart.items.push(GET.get('item'))
  return new JsonResponse({ visits, items: cart.items.length })
}

async function end({ session }: HttpRequest): Promise<HttpResponse> {
  await session.flush()
  return new HttpResponse('ended')
}

function addMessages(request: HttpRequest): HttpResponse {
  const [levels, strings, tags] = [
    request.POST.getAll('level'),
    request.POST.getAll('text'),
    request.POST.getAll('tags'),
  ]
  for (const [i, level] of levels.entries()) {
    addMessage(request, Number(level), strings[i] ?? '', { extraTags: tags[i] ?? '' })
  }
  return new HttpResponse('added')
}

const listMessages = (request: HttpRequest): HttpResponse =>
  new JsonResponse({
    messages: Array.from(getMessages(request), ({ level, message, tags }) => [level, message.toString(), tags]),
  })

function signed(request: HttpRequest): HttpResponse {
  const value = request.getSignedCookie('basket', { default: '', salt: 'shop', maxAge: 3600 })
  return new JsonResponse({ value: value === '' ? null : value })
}

function sign(request: HttpRequest): HttpResponse {
  const response = new HttpResponse('signed')
  response.setSignedCookie('basket', field(request, 'value'), { salt: 'shop' })
  return response
}

export const urlpatterns = [
  path('login/', logIn),
  path('logout/', logOut),
  path('who/', who),
  path('password/', changePassword),
  path('visit/', visit),
  path('end/', end),
  path('messages/add/', addMessages),
  path('messages/', listMessages),
  path('token/', (request: HttpRequest) => new JsonResponse({ token: getToken(request) })),
  path('guarded/', () => new HttpResponse('let through')),
  path('signed/', signed),
  path('sign/', sign),
]
