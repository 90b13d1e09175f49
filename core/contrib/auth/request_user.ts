/** `request.user` and `request.auser()`: the user who sent a request. */
import { ImproperlyConfigured } from '#core/exceptions'
import { extendRequest, type HttpRequest } from '#core/http'
import { type Session, USER_ID_KEY } from '#core/contrib/sessions'
import { getUser } from './login.ts'
import { AnonymousUser, type User } from './models/user.ts'

/** A user or `AnonymousUser`; `isAuthenticated` tells them apart. */
export type RequestUser = User | AnonymousUser

declare module 'koa' {
  interface BaseRequest {
    /** The user who sent the request, or an AnonymousUser. Set by AuthenticationMiddleware. */
    user: RequestUser
    /** Loads the user if necessary: for views marked sessionExempt, and for middleware. */
    auser(): Promise<RequestUser>
  }
}

/** The loaded user of a request, or the error of loading it, which is thrown on access. */
type Known = { readonly user: RequestUser } | { readonly error: unknown }

class RequestUserState {
  readonly #request: HttpRequest
  #known: Known | undefined
  #reading: Promise<RequestUser> | undefined

  constructor(request: HttpRequest) {
    this.#request = request
  }

  set(user: RequestUser): void {
    this.#known = { user }
    this.#reading = undefined
  }

  get(): RequestUser {
    const { session } = this.#request
    // Marks the session as accessed: a response that depends on the user varies by the cookie.
    if (this.#known !== undefined || session.sessionKey === null) session.has(USER_ID_KEY)
    this.#known ??= session.sessionKey === null ? { user: new AnonymousUser() } : undefined
    if (this.#known === undefined) {
      throw new Error(
        'request.user is not loaded: the view is marked sessionExempt, or this runs before AuthenticationMiddleware' +
          ' has. Call `await request.auser()` instead.',
      )
    }
    if ('error' in this.#known) throw this.#known.error
    return this.#known.user
  }

  async read(): Promise<RequestUser> {
    if (this.#known !== undefined && 'user' in this.#known) return this.#known.user
    this.#reading ??= getUser(this.#request).then((user) => (user as User | null) ?? new AnonymousUser())
    const user = await this.#reading
    this.#known ??= { user }
    return user
  }

  /** Loads the user for a view. An error is deferred until the view accesses the user, so that others still work. */
  async prepare(): Promise<void> {
    try {
      await this.read()
    } catch (error) {
      this.#known = { error }
    }
  }
}

const STATE = Symbol('nuages.user')

type Holder = HttpRequest & { [STATE]?: RequestUserState }

const stateOf = (request: HttpRequest): RequestUserState =>
  ((request as Holder)[STATE] ??= new RequestUserState(request))

const attributes: ThisType<HttpRequest> & { user: RequestUser; auser: () => Promise<RequestUser> } = {
  get user(): RequestUser {
    return stateOf(this).get()
  },
  set user(user: RequestUser) {
    stateOf(this).set(user)
  },
  auser(): Promise<RequestUser> {
    return stateOf(this).read()
  },
}

/**
 * Adds `user` and `auser` to a request.
 * @param prepare whether to load the user now, so that `request.user` works synchronously
 * @returns a promise if the user has to be loaded
 */
export function giveUser(request: HttpRequest, prepare: boolean): Promise<void> | undefined {
  if ((request.session as Session | undefined) === undefined) {
    throw new ImproperlyConfigured(
      'AuthenticationMiddleware finds the user by the session, and this request has none. In MIDDLEWARE, put' +
        " 'core.contrib.sessions.middleware.SessionMiddleware' before 'core.contrib.auth.middleware.AuthenticationMiddleware'.",
    )
  }
  extendRequest(request, 'auser', attributes, ['user'])
  // Without a session cookie the user is anonymous, and the store is not accessed.
  return prepare && request.session.sessionKey !== null ? stateOf(request).prepare() : undefined
}
