/** `user` and `perms` for every template that is rendered for a request. */
import type { HttpRequest } from '#core/http'
import { AnonymousUser } from './models/user.ts'
import type { RequestUser } from './request_user.ts'

/** A user's permissions in templates: `perms.polls`, `perms.polls.add_vote`, `'polls.add_vote' in perms`. */
class Permissions extends Map<string, unknown> {
  readonly #user: () => RequestUser
  /** The app label, as in `perms.polls`; undefined for all apps. */
  readonly #app: string | undefined

  constructor(user: () => RequestUser, app?: string) {
    super()
    this.#user = user
    this.#app = app
  }

  #loaded(): ReadonlySet<string> {
    const permissions = this.#user().loadedPermissions
    if (permissions !== undefined) return permissions
    throw new Error(
      'A template asks for `perms`, which are not read yet. In the view, before it renders:' +
        ' `await request.user.loadPermissions()`. Or put' +
        " 'core.contrib.auth.middleware.PermissionsMiddleware' into MIDDLEWARE, after AuthenticationMiddleware.",
    )
  }

  #isAlmighty(): boolean {
    const { isActive, isSuperuser } = this.#user()
    return isActive && isSuperuser
  }

  override has(name: string): boolean {
    const permissions = this.#loaded()
    if (this.#isAlmighty()) return true
    if (this.#app !== undefined) return permissions.has(`${this.#app}.${name}`)
    return name.includes('.') ? permissions.has(name) : new Permissions(this.#user, name).size > 0
  }

  override get(name: string): unknown {
    return this.#app === undefined && !name.includes('.') ? new Permissions(this.#user, name) : this.has(name)
  }

  /** Determines truth in templates: a non-empty map counts as true. */
  override get size(): number {
    const permissions = this.#loaded()
    if (this.#isAlmighty()) return 1
    const start = this.#app === undefined ? '' : `${this.#app}.`
    return [...permissions].filter((permission) => permission.startsWith(start)).length
  }
}

/** `user` and `perms`. Both are lazy: unless one is used, no work is done and `Vary: Cookie` is not added. */
export function auth(request: unknown): Record<string, unknown> {
  const asked = request as Partial<HttpRequest>
  const user = (): RequestUser => (asked.auser === undefined ? new AnonymousUser() : (asked.user as RequestUser))
  return { user, perms: new Permissions(user) }
}
