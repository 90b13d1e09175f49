/** `AnonymousUser`: who is not logged in. */
import type { UserLike } from '../types.ts'
import { getAllPermissions, hasModulePerms, hasPerm, hasPerms } from '../authentication.ts'

const NOBODY: ReadonlySet<string> = new Set()

export class AnonymousUser implements UserLike {
  readonly id = null
  readonly username = ''
  readonly firstName = ''
  readonly lastName = ''
  readonly email = ''
  readonly isStaff = false
  readonly isActive = false
  readonly isSuperuser = false
  readonly isAuthenticated = false
  readonly isAnonymous = true
  /** Backends may grant permissions to everybody, but templates do not see them. */
  readonly loadedPermissions = NOBODY

  getUsername(): string {
    return ''
  }

  getFullName(): string {
    return ''
  }

  hasPerm(permission: string, object?: unknown): Promise<boolean> {
    return hasPerm(this, permission, object)
  }

  hasPerms(permissions: readonly string[], object?: unknown): Promise<boolean> {
    return hasPerms(this, permissions, object)
  }

  hasModulePerms(appLabel: string): Promise<boolean> {
    return hasModulePerms(this, appLabel)
  }

  getAllPermissions(object?: unknown): Promise<Set<string>> {
    return getAllPermissions(this, object)
  }

  async loadPermissions(): Promise<ReadonlySet<string>> {
    return NOBODY
  }

  toString(): string {
    return 'AnonymousUser'
  }
}
