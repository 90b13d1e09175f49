/** `authenticate`: asks each backend in turn whose credentials these are. */
import { PermissionDenied } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { isSecretName, MASK } from '#core/utils'
import type { AuthUser, Credentials } from './contract.ts'
import { getBackends, getUserModel } from './registry.ts'
import { userLoginFailed } from './signals.ts'
import { throttleLogin } from './throttle.ts'

const withoutSecrets = (credentials: Credentials): Credentials =>
  Object.fromEntries(Object.entries(credentials).map(([name, value]) => [name, isSecretName(name) ? MASK : value]))

async function findUser(request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null> {
  for (const [name, backend] of getBackends()) {
    try {
      const user = await backend.authenticate?.(request, credentials)
      if (user === undefined || user === null) continue
      user.backend = name
      return user
    } catch (error) {
      if (!(error instanceof PermissionDenied)) throw error
      break
    }
  }
  return null
}

/** The name of the user in the credentials. */
function nameIn(credentials: Credentials): string | undefined {
  const names = [credentials.username, credentials[getUserModel().usernameField], credentials.email]
  return names.find((name) => typeof name === 'string')
}

/**
 * The user of these credentials, or null: `await authenticate(request, { username, password })`. The user is not logged
 * in by this. In a request, failures are counted and limited by LOGIN_THROTTLE.
 * @param request null outside a request
 * @throws TooManyLoginAttempts when too many have failed, whether or not these credentials are right
 */
export async function authenticate(request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null> {
  const find = (): Promise<AuthUser | null> => findUser(request, credentials)
  const user = request === null ? await find() : await throttleLogin(request, nameIn(credentials), find)
  if (user === null) await userLoginFailed.send({ request, credentials: withoutSecrets(credentials) })
  return user
}
