/** The models of this app: users, groups, permissions. AUTH_USER_MODEL refers to these exports. */
export { AnonymousUser, sessionAuthHash, User } from './user.ts'
export { DuplicateUserError, managerOf, normalizeEmail, UserManager } from './user_manager.ts'
export { boolean, date, type Field, type Fields, Model, type ModelClass, number, text } from './model.ts'
export { Group, Links, Permission, PermissionManager } from './group.ts'
export { Manager, ObjectDoesNotExist, SeveralObjects, type Where } from './manager.ts'
