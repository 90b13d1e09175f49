/** Public API of the auth app: users, login and logout, permissions, password hashing, and view decorators. */
export {
  authenticate,
  getBackends,
  getUserModel,
  userLoggedIn,
  userLoggedOut,
  userLoginFailed,
} from './authentication.ts'
export { AllowAllUsersModelBackend, ModelBackend } from './backends.ts'
export type { AuthBackend, AuthBackendClass, AuthUser, Credentials, UserClass, UserLike, UserObjects } from './types.ts'
export {
  loginNotRequired,
  type LoginOptions,
  loginRequired,
  permissionRequired,
  REDIRECT_FIELD_NAME,
  redirectToLogin,
  userPassesTest,
} from './decorators.ts'
export * from './hashers/index.ts'
export { getUser, login, logout, updateSessionAuthHash } from './login.ts'
export * from './models/index.ts'
export {
  CommonPasswordValidator,
  getPasswordValidators,
  MinimumLengthValidator,
  NumericPasswordValidator,
  passwordHelpTexts,
  type PasswordValidator,
  UserAttributeSimilarityValidator,
  validatePassword,
  ValidationError,
} from './password_validation.ts'
export type { RequestUser } from './request_user.ts'
export { throttleLogin, TooManyLoginAttempts } from './throttle.ts'
export {
  base36ToInt,
  decodeUid,
  defaultTokenGenerator,
  encodeUid,
  intToBase36,
  PasswordResetTokenGenerator,
  type TokenUser,
} from './tokens.ts'
export * from './views/index.ts'
