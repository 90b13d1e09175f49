/** The view that requests a password reset link, and the email with the link. */
import { type HttpRequest, HttpResponseRedirect, responseClosed, type View } from '#core/http'
import { EmailMessage } from '#core/mail'
import { renderToString } from '#core/template'
import { reverse } from '#core/urls'
import { backgroundWorkDone, inBackground } from '#core/concurrency'
import { getLogger } from '#core/utils'
import type { AuthUser } from '../types.ts'
import { loginNotRequired } from '../decorators.ts'
import { type FieldsOptions, Form } from '../forms.ts'
import { getUserModel } from '../authentication.ts'
import { defaultTokenGenerator, encodeUid } from '../tokens.ts'
import { page, siteOf, viewOf } from './pages.ts'

const log = getLogger('django.contrib.auth')

const FIELDS: FieldsOptions<'email'> = {
  email: { label: 'Email', type: 'email', autocomplete: 'email', maxLength: 254, autofocus: true },
}

const isAddress = (text: string): boolean =>
  text.length <= 254 && /^[^\s@<>()[\],;:\\"]+@[^\s@<>()[\],;:\\"]+$/.test(text)

/** Resolves when all requested emails are sent. For tests; a GracefulServer waits for them by itself. */
export const passwordResetMailsSent = (): Promise<void> => backgroundWorkDone()

const addressOf = (user: AuthUser): string =>
  String((user as unknown as Record<string, unknown>)[getUserModel().emailField])

async function sendLink(user: AuthUser, site: ReturnType<typeof siteOf>): Promise<void> {
  const email = addressOf(user)
  const token = defaultTokenGenerator.makeToken({ ...tokenParts(user), email })
  const context = { email, user, uid: encodeUid(user.id), token, ...site }
  const subject = renderToString('registration/password_reset_subject.txt', context).trim().replace(/\s+/g, ' ')
  const body = renderToString('registration/password_reset_email.html', context)
  // To the stored address: the submitted one might only look the same.
  await new EmailMessage({ subject, body, to: [email] }).send()
}

/** The attributes that a token depends on. Listed by name, because getters of a user class cannot be spread. */
export const tokenParts = (user: AuthUser) => ({
  id: user.id,
  password: user.password,
  lastLogin: user.lastLogin ?? null,
  email: addressOf(user),
  databaseAlias: (user as { databaseAlias?: string }).databaseAlias ?? 'default',
})

async function sendLinks(email: string, site: ReturnType<typeof siteOf>): Promise<void> {
  for (const user of await getUserModel().objects.findByEmail(email)) {
    if (user.hasUsablePassword()) await sendLink(user, site)
  }
}

const showForm = (request: HttpRequest, form: Form<'email'>) =>
  page(request, 'registration/password_reset_form.html', { form, title: 'Password reset' })

/**
 * Sends a link to the users with an email address. They are looked up after the response has been sent, so that neither
 * the response nor its timing reveals whether a user has the address.
 */
export const passwordResetView: View<object> = loginNotRequired(
  viewOf('passwordResetView', {
    get: (request) => showForm(request, new Form(FIELDS)),
    post(request) {
      const form = new Form(FIELDS, request.POST)
      const email = form.value('email')
      if (form.isValid && !isAddress(email)) form.addError('email', 'Enter a valid email address.')
      if (!form.isValid) return showForm(request, form)
      const site = siteOf(request)
      inBackground({ what: 'A mail to reset a password', log, after: responseClosed(request) }, () =>
        sendLinks(email, site),
      )
      return new HttpResponseRedirect(reverse('password_reset_done'))
    },
  }),
)

export const passwordResetDoneView: View<object> = loginNotRequired(
  viewOf('passwordResetDoneView', {
    get: (request) => page(request, 'registration/password_reset_done.html', { title: 'Password reset sent' }),
  }),
)
