/** Two fields for a new password, and what it has to be like. */
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
