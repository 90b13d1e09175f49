/** Two fields for a new password, and what it has to be like. */
import type { AuthUser } from '../contract.ts'
import type { FieldsOptions, Form } from '../forms.ts'
import { passwordHelpTexts, validatePassword, ValidationError } from '../password_validation.ts'

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
 * @returns false where another request has changed the password since the user was read
 */
export async function saveNewPassword(form: Pick<NewPasswordForm, 'value'>, user: AuthUser): Promise<boolean> {
  const password = form.value('new_password1')
  if (user.replacePassword !== undefined) return user.replacePassword(password)
  await user.setPassword(password)
  await user.save({ updateFields: ['password'] })
  return true
}

/** A form with these two fields, and perhaps others. */
type NewPasswordForm = Pick<Form<NewPasswordNames>, 'value' | 'addError'>

/** Notes in the form what is wrong with the new password. */
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
