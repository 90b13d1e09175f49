/** The models of this app, by the names that AUTH_USER_MODEL uses: users, groups, permissions. */
export { AnonymousUser } from './user.ts'
export { DuplicateUserError, managerOf, normalizeEmail, UserManager } from './user_manager.ts'
export { boolean, date, type Field, type Fields, Model, type ModelClass, number, text } from './model.ts'
export { Group, Links, Permission, PermissionManager } from './group.ts'
export { Manager, ObjectDoesNotExist, SeveralObjects, type Where } from './manager.ts'
export { sessionAuthHash, User } from './user.ts'
