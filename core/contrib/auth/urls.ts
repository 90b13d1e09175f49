/** The URL patterns of this app, for `path('accounts/', include('core.contrib.auth.urls'))`. */
import { path } from '#core/urls'
import {
  loginView,
  logoutView,
  passwordChangeDoneView,
  passwordChangeView,
  passwordResetCompleteView,
  passwordResetConfirmView,
  passwordResetDoneView,
  passwordResetView,
} from './views/index.ts'

export const urlpatterns = [
  path('login/', loginView, { name: 'login' }),
  path('logout/', logoutView, { name: 'logout' }),
  path('password_change/', passwordChangeView, { name: 'password_change' }),
  path('password_change/done/', passwordChangeDoneView, { name: 'password_change_done' }),
  path('password_reset/', passwordResetView, { name: 'password_reset' }),
  path('password_reset/done/', passwordResetDoneView, { name: 'password_reset_done' }),
  path('reset/<uidb64>/<token>/', passwordResetConfirmView, { name: 'password_reset_confirm' }),
  path('reset/done/', passwordResetCompleteView, { name: 'password_reset_complete' }),
]
