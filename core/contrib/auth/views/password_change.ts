/** The views that change a password and confirm the change, and their form. */
import type { AuthUser } from '../types.ts'
import { type FieldsOptions, Form } from '../forms.ts'
import { passwordHelpTexts, validatePassword, ValidationError } from '../password_validation.ts'
import { type HttpRequest, HttpResponseRedirect, type View } from '#core/http'
import { reverse } from '#core/urls'
import { loginRequired } from '../decorators.ts'
import { updateSessionAuthHash } from '../login.ts'
import type { User } from '../models/user.ts'
import { throttleLogin } from '../throttle.ts'
import { page, viewOf } from './pages.ts'

// The two fields for a new password, and their validation.

export type NewPasswordNames = 'new_password1' | 'new_password2'

export const newPasswordFields = (): FieldsOptions<NewPasswordNames> => ({
  new_password1: {
    label: 'New password',
    type: 'password',
    autocomplete: 'new-password',
    help: passwordHelpTexts(),
  },
  new_password2: { label: 'New password confirmation', type: 'password', autocomplete: 'new-password' },
})

/**
 * Saves the new password.
 * @returns false if another request has changed the password since the user was read
 */
export async function saveNewPassword(form: Pick<NewPasswordForm, 'value'>, user: AuthUser): Promise<boolean> {
  const password = form.value('new_password1')
  if (user.replacePassword !== undefined) return user.replacePassword(password)
  await user.setPassword(password)
  await user.save({ updateFields: ['password'] })
  return true
}

/** A form that has at least these two fields. */
type NewPasswordForm = Pick<Form<NewPasswordNames>, 'value' | 'addError'>

/** Validates the new password and adds errors to the form. */
export async function checkNewPassword(form: NewPasswordForm, user: object): Promise<void> {
  const [first, second] = ['new_password1', 'new_password2'] as const
  const password = form.value(first)
  if (password === '' || form.value(second) === '') return
  if (password !== form.value(second)) {
    form.addError(second, 'The two password fields didn’t match.')
    return
  }
  try {
    await validatePassword(password, user)
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    form.addError(second, ...error.messages)
  }
}

type Names = 'old_password' | NewPasswordNames

const fields = (): FieldsOptions<Names> => ({
  old_password: { label: 'Old password', type: 'password', autocomplete: 'current-password', autofocus: true },
  ...newPasswordFields(),
})

const WRONG_OLD_PASSWORD = 'Your old password was entered incorrectly. Please enter it again.'

const TITLE = 'Password change'

const showForm = (request: HttpRequest, form: Form<Names>) =>
  page(request, 'registration/password_change_form.html', { form, title: TITLE })

/** Asks for the old password and a new one. The user's other sessions end; this one continues. */
export const passwordChangeView: View<object> = loginRequired(
  viewOf('passwordChangeView', {
    get: (request) => showForm(request, new Form(fields())),
    async post(request) {
      const user = request.user as User
      const form = new Form(fields(), request.POST)
      const old = form.value('old_password')
      const isRight = old === '' || (await throttleLogin(request, user.getUsername(), () => user.checkPassword(old)))
      if (!isRight) form.addError('old_password', WRONG_OLD_PASSWORD)
      await checkNewPassword(form, user)
      // Another request may have changed the password since it was checked.
      if (form.isValid && !(await saveNewPassword(form, user))) form.addError('old_password', WRONG_OLD_PASSWORD)
      if (!form.isValid) return showForm(request, form)
      await updateSessionAuthHash(request, user)
      return new HttpResponseRedirect(reverse('password_change_done'))
    },
  }),
)

export const passwordChangeDoneView: View<object> = loginRequired(
  viewOf('passwordChangeDoneView', {
    get: (request) => page(request, 'registration/password_change_done.html', { title: 'Password change successful' }),
  }),
)
