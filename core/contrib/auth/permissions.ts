/** What a user may do, as the backends say it. */
import { PermissionDenied } from '#core/exceptions'
import type { AuthBackend, UserLike } from './contract.ts'
import { getBackends } from './registry.ts'

/** Whether any backend says yes, before one forbids the question. */
async function anyBackend(ask: (backend: AuthBackend) => Promise<boolean> | undefined): Promise<boolean> {
  for (const backend of getBackends().values()) {
    try {
      if ((await ask(backend)) === true) return true
    } catch (error) {
      if (error instanceof PermissionDenied) return false
      throw error
    }
  }
  return false
}

const isAlmighty = ({ isActive, isSuperuser }: UserLike): boolean => isActive && isSuperuser

/** @param permission `app_label.codename` */
export async function hasPerm(user: UserLike, permission: string, object?: unknown): Promise<boolean> {
  return isAlmighty(user) || anyBackend((backend) => backend.hasPerm?.(user, permission, object))
}

export async function hasModulePerms(user: UserLike, appLabel: string): Promise<boolean> {
  return isAlmighty(user) || anyBackend((backend) => backend.hasModulePerms?.(user, appLabel))
}

/** Whether a user has all of some permissions. */
export async function hasPerms(user: UserLike, permissions: readonly string[], object?: unknown): Promise<boolean> {
  if (typeof permissions === 'string') throw new TypeError('hasPerms() takes a list of permissions, not one.')
  for (const permission of permissions) if (!(await hasPerm(user, permission, object))) return false
  return true
}

export async function getAllPermissions(user: UserLike, object?: unknown): Promise<Set<string>> {
  const all = new Set<string>()
  for (const backend of getBackends().values()) {
    for (const permission of (await backend.getAllPermissions?.(user, object)) ?? []) all.add(permission)
  }
  return all
}
