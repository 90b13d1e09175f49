/** The login and logout views. */
import { settings } from '#core/conf'
import { type HttpRequest, HttpResponseRedirect, type View } from '#core/http'
import { resolveUrl } from '#core/shortcuts'
import { authenticate } from '../authentication.ts'
import { type AuthUser, MAX_USERNAME_LENGTH, normalizeUsername } from '../types.ts'
import { loginNotRequired } from '../decorators.ts'
import { type FieldsOptions, Form } from '../forms.ts'
import { login, logout } from '../login.ts'
import { afterLogin, nextUrl, page, siteOf, viewOf } from './pages.ts'

type Names = 'username' | 'password'

const FIELDS: FieldsOptions<Names> = {
  username: {
    label: 'Username',
    autocomplete: 'username',
    autofocus: true,
    maxLength: MAX_USERNAME_LENGTH,
    strip: true,
  },
  password: { label: 'Password', type: 'password', autocomplete: 'current-password' },
}

/** One message for all failures, so that it does not reveal which usernames exist. */
const WRONG = 'Please enter a correct username and password. Note that both fields may be case-sensitive.'

const showLogin = (request: HttpRequest, form: Form<Names>) =>
  page(request, 'registration/login.html', { form, next: nextUrl(request), ...siteOf(request) })

async function userOf(request: HttpRequest, form: Form<Names>): Promise<AuthUser | null> {
  if (!form.isValid) return null
  const [username, password] = [normalizeUsername(form.value('username')), form.value('password')]
  const user = await authenticate(request, { username, password })
  if (user === null) form.nonFieldErrors.push(WRONG)
  return user
}

/** Asks for username and password, and redirects to `next` or LOGIN_REDIRECT_URL. */
export const loginView: View<object> = loginNotRequired(
  viewOf('loginView', {
    get: (request) => showLogin(request, new Form(FIELDS)),
    async post(request) {
      const form = new Form(FIELDS, request.POST)
      const user = await userOf(request, form)
      if (user === null) return showLogin(request, form)
      await login(request, user)
      return new HttpResponseRedirect(afterLogin(request))
    },
  }),
)

/** Logs the user out on POST and redirects to `next` or LOGOUT_REDIRECT_URL, or confirms the logout on a page. */
export const logoutView: View<object> = loginNotRequired(
  viewOf('logoutView', {
    async post(request) {
      const next = nextUrl(request)
      await logout(request)
      if (next !== '') return new HttpResponseRedirect(next)
      if (settings.LOGOUT_REDIRECT_URL !== null)
        return new HttpResponseRedirect(resolveUrl(settings.LOGOUT_REDIRECT_URL))
      return page(request, 'registration/logged_out.html', { title: 'Logged out', ...siteOf(request) })
    },
  }),
)
