/** The page on which one changes one's password, and the page that says it is done. */
import { type HttpRequest, HttpResponseRedirect, type View } from '#core/http'
import { reverse } from '#core/urls'
import { loginRequired } from '../decorators.ts'
import { type FieldsOptions, Form } from '../forms.ts'
import { updateSessionAuthHash } from '../login.ts'
import type { User } from '../models/user.ts'
import { throttleLogin } from '../throttle.ts'
import { checkNewPassword, type NewPasswordNames, newPasswordFields, saveNewPassword } from './new_password.ts'
import { page, viewOf } from './pages.ts'

type Names = 'old_password' | NewPasswordNames

const fields = (): FieldsOptions<Names> => ({
  old_password: { label: 'Old password', type: 'password', autocomplete: 'current-password', autofocus: true },
  ...newPasswordFields(),
})

const WRONG_OLD_PASSWORD = 'Your old password was entered incorrectly. Please enter it again.'

const TITLE = 'Password change'

const showForm = (request: HttpRequest, form: Form<Names>) =>
  page(request, 'registration/password_change_form.html', { form, title: TITLE })

/** Asks for the old password and a new one. The user's other sessions end, this one goes on. */
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
