/** `authenticate`: asks each backend in turn whose credentials these are. */
import { PermissionDenied } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import type { AuthUser, Credentials } from './contract.ts'
import { getBackends } from './registry.ts'
import { userLoginFailed } from './signals.ts'

const SECRET = /api|token|key|secret|password|signature/i
const STARS = '*'.repeat(20)

const withoutSecrets = (credentials: Credentials): Credentials =>
  Object.fromEntries(Object.entries(credentials).map(([name, value]) => [name, SECRET.test(name) ? STARS : value]))

/**
 * The user of these credentials, or null: `await authenticate(request, { username, password })`. The user is not logged
 * in by this.
 * @param request null outside a request
 */
export async function authenticate(request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null> {
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
  await userLoginFailed.send({ request, credentials: withoutSecrets(credentials) })
  return null
}
