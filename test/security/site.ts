/** A site over https with users, with the settings of docs/topics/security.md, and its browsers. */
import { loginRequired, User } from '#core/contrib/auth'
import { messages } from '#core/contrib/messages'
import { devices } from '#core/contrib/session_devices'
import { newSessionKey } from '#core/contrib/sessions'
import type { Settings } from '#core/conf'
import { type HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse, type View } from '#core/http'
import { include, path } from '#core/urls'
import { Client, type ClientResponse } from '#core/test'
import { withUsers } from '../contrib/auth/installed.ts'
import { STRICT } from './settings.ts'

export const COOKIE = STRICT.SESSION_COOKIE_NAME
export const PASSWORD = 'correct horse battery'
export const NEW_PASSWORD = 'staple of another stable'

const me: View<object> = loginRequired((request: HttpRequest) => new HttpResponse(String(request.user)))

const mine: View<object> = loginRequired(
  async ({ user, session }: HttpRequest) =>
    new JsonResponse({ devices: await devices.list(String((user as User).id), session.sessionKey) }),
)

/** Ends the other sessions, or the one with the given `id`, after the password was entered again. */
const end: View<object> = loginRequired(async (request: HttpRequest) => {
  const user = request.user as User
  if (!(await user.checkPassword(request.POST.get('password') ?? ''))) return new HttpResponseForbidden('Who are you?')
  const id = request.POST.get('id')
  if (id === null) await devices.endOthers(String(user.id), request.session.sessionKey)
  else await devices.end(String(user.id), id)
  return new HttpResponse('ended')
})

/** Text that cannot be compressed. */
const noise = (keys: number): string => Array.from({ length: keys }, newSessionKey).join('')

function fill(request: HttpRequest): HttpResponse {
  request.session.set('filled', noise(3000))
  for (let i = 0; i < 100; i++) messages.info(request, noise(30))
  return new HttpResponse('full')
}

export const urlpatterns = [
  path('accounts/', include('core.contrib.auth.urls')),
  path('me', me),
  path('devices', mine),
  path('devices/end', end),
  path('fill', fill),
  path('open', () => new HttpResponse('open')),
  path('failing', () => {
    throw new Error('The view failed.')
  }),
]

/** A browser on the site: over https, and with the token of the page in each form. */
export class Browser {
  readonly client = new Client(undefined, { enforceCsrfChecks: true })

  get key(): string | undefined {
    return this.client.cookies.get(COOKIE)
  }

  get(address: string, headers: Record<string, string> = {}): Promise<ClientResponse> {
    return this.client.get(address, { secure: true, headers })
  }

  /** The token of the form on a page. */
  async token(form = '/accounts/login/'): Promise<string> {
    const { text } = await this.get(form)
    return /name="csrfmiddlewaretoken" value="(\w+)"/.exec(text)?.[1] ?? ''
  }

  /** Sends a form of the site. */
  async submit(address: string, data: Record<string, string>, form?: string): Promise<ClientResponse> {
    return this.client.post(address, {
      secure: true,
      headers: { origin: 'https://testserver' },
      data: { csrfmiddlewaretoken: await this.token(form), ...data },
    })
  }

  login(password = PASSWORD): Promise<ClientResponse> {
    return this.submit('/accounts/login/', { username: 'ada', password })
  }

  changePassword(old_password: string): Promise<ClientResponse> {
    const data = { old_password, new_password1: NEW_PASSWORD, new_password2: NEW_PASSWORD }
    return this.submit('/accounts/password_change/', data, '/accounts/password_change/')
  }

  /** The user that the site shows; undefined if it redirects to the login page. */
  async who(): Promise<string | undefined> {
    const { status, text } = await this.get('/me')
    return status === 200 ? text : undefined
  }
}

/** A browser with the session cookie of another: a thief's, or the same one later. */
export function copyOf({ key }: Browser): Browser {
  const copy = new Browser()
  if (key !== undefined) copy.client.cookies.set(COOKIE, key)
  return copy
}

export async function loggedIn(): Promise<Browser> {
  const browser = new Browser()
  await browser.login()
  return browser
}

/** Runs `fn` on the site, with one user, ada. */
export function onSite<T>(fn: (ada: User) => Promise<T>, settings: Settings = {}): Promise<T> {
  return withUsers(async () => fn(await User.objects.createUser('ada', 'ada@example.com', PASSWORD)), {
    ...STRICT,
    DEBUG: false,
    ALLOWED_HOSTS: ['testserver'],
    ROOT_URLCONF: 'test.security.site',
    LOGIN_REDIRECT_URL: '/me',
    EMAIL_BACKEND: 'core.mail.backends.locmem.EmailBackend',
    TEMPLATES: [
      {
        BACKEND: 'core.template.backends.django.DjangoTemplates',
        APP_DIRS: true,
        OPTIONS: { context_processors: ['core.template.context_processors.csp'] },
      },
    ],
    ...settings,
  })
}
