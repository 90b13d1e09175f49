/** The view behind the emailed link, which sets a new password without the old one. */
import { devices } from '#core/contrib/session_devices'
import { settings } from '#core/conf'
import {
  addNeverCacheHeaders,
  type HttpRequest,
  type HttpResponseBase,
  HttpResponseRedirect,
  type View,
} from '#core/http'
import { resolveUrl } from '#core/shortcuts'
import { reverse } from '#core/urls'
import type { AuthUser } from '../types.ts'
import { loginNotRequired } from '../decorators.ts'
import { Form } from '../forms.ts'
import { sessionOf } from '../login.ts'
import { getUserModel } from '../authentication.ts'
import { clearFailures } from '../throttle.ts'
import { decodeUid, defaultTokenGenerator, type TokenUser } from '../tokens.ts'
import { checkNewPassword, newPasswordFields, type NewPasswordNames, saveNewPassword } from './password_change.ts'
import { page, viewOf } from './pages.ts'
import { tokenParts } from './password_reset.ts'

/** Replaces the token in the URL, so that it does not leak through the Referer header. */
const IN_SESSION = 'set-password'
/** Django's session key. */
const TOKEN_KEY = '_password_reset_token'

interface Link {
  readonly uidb64: string
  readonly token: string
}

async function userOf({ uidb64 }: Link): Promise<AuthUser | null> {
  const id = decodeUid(uidb64)
  return id === undefined ? null : getUserModel().objects.findById(id)
}

/** Checked instead of an unknown user, so that the check takes the same time. */
const NO_USER: TokenUser = { id: '', password: '' }

const isValidToken = (user: AuthUser | null, token: unknown): user is AuthUser =>
  typeof token === 'string' &&
  defaultTokenGenerator.checkToken(user === null ? NO_USER : tokenParts(user), token) &&
  user !== null

const showForm = (request: HttpRequest, form: Form<NewPasswordNames> | null): HttpResponseBase =>
  page(request, 'registration/password_reset_confirm.html', {
    form,
    title: form === null ? 'Password reset unsuccessful' : 'Enter new password',
    validlink: form !== null,
  })

/** Stores the token of the URL in the session and redirects to a URL without it. */
async function hideToken(request: HttpRequest, { token }: Link): Promise<HttpResponseBase> {
  ;(await sessionOf(request)).set(TOKEN_KEY, token)
  const path = request.getFullPath()
  const at = path.lastIndexOf(token)
  return new HttpResponseRedirect(path.slice(0, at) + IN_SESSION + path.slice(at + token.length))
}

async function setNewPassword(request: HttpRequest, user: AuthUser): Promise<HttpResponseBase> {
  const form = new Form(newPasswordFields(), request.POST)
  await checkNewPassword(form, user)
  if (!form.isValid) return showForm(request, form)
  // A link works once: of two concurrent requests with it, the later one finds a changed password.
  if (!(await saveNewPassword(form, user))) return showForm(request, null)
  const session = await sessionOf(request)
  session.remove(TOKEN_KEY)
  // The page for too many attempts links here, so that the user can log in without waiting.
  await clearFailures(request, user.getUsername())
  // Sessions from before the reset end immediately.
  if (devices.isInstalled) await devices.endAll(String(user.id), session)
  return new HttpResponseRedirect(reverse('password_reset_complete'))
}

async function handleLink(request: HttpRequest, link: Link): Promise<HttpResponseBase> {
  const user = await userOf(link)
  if (link.token !== IN_SESSION) {
    return isValidToken(user, link.token) ? hideToken(request, link) : showForm(request, null)
  }
  if (!isValidToken(user, (await sessionOf(request)).get(TOKEN_KEY))) return showForm(request, null)
  return request.method === 'POST' ? setNewPassword(request, user) : showForm(request, new Form(newPasswordFields()))
}

/** Asks for a new password twice if the link is valid. */
export const passwordResetConfirmView: View<{ uidb64: string; token: string }> = loginNotRequired(
  async function passwordResetConfirmView(request: HttpRequest, link: Link) {
    const page = (): Promise<HttpResponseBase> => handleLink(request, link)
    const response = await viewOf('passwordResetConfirmView', { get: page, post: page })(request, {})
    addNeverCacheHeaders(response)
    return response
  },
)

export const passwordResetCompleteView: View<object> = loginNotRequired(
  viewOf('passwordResetCompleteView', {
    get: (request) =>
      page(request, 'registration/password_reset_complete.html', {
        title: 'Password reset complete',
        login_url: resolveUrl(settings.LOGIN_URL),
      }),
  }),
)
