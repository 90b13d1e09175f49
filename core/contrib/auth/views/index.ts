/** The views of this app: login, logout, password change and password reset. */
export { loginView, logoutView } from './login.ts'
export { passwordChangeDoneView, passwordChangeView } from './password_change.ts'
export { passwordResetDoneView, passwordResetMailsSent, passwordResetView } from './password_reset.ts'
export { passwordResetCompleteView, passwordResetConfirmView } from './password_reset_confirm.ts'
