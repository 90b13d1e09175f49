/** A cheap hasher that records its passwords, and that can be held so that several requests meet. */
import { PBKDF2PasswordHasher } from '#core/contrib/auth'
import { hashingConcurrency } from '../../core/contrib/auth/hashers/limiter.ts'

export const RECORDING = 'test.security.hashers.RecordingHasher'

/** Lengths of the passwords that were hashed since the list was emptied. */
export const hashed: number[] = []

let gate: { readonly count: number; readonly open: () => void; readonly opened: Promise<void> } | undefined
let arrived = 0

/** Holds each hash until `count` of them have begun, or as many as may run concurrently; the later ones go through. */
export function holdUntil(count: number): void {
  arrived = 0
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  gate = { count: Math.min(count, hashingConcurrency()), open, opened }
}

/** The number of hashes that have started since `holdUntil`. */
export const held = (): number => arrived

export function holdNoMore(): void {
  gate?.open()
  gate = undefined
}

export class RecordingHasher extends PBKDF2PasswordHasher {
  override readonly iterations: number = 10

  /** New hashes wait; verifying one does not. */
  override async encode(password: string, salt: string, iterations?: number): Promise<string> {
    hashed.push(password.length)
    if (iterations === undefined && gate !== undefined) {
      arrived += 1
      if (arrived >= gate.count) gate.open()
      await gate.opened
    }
    return super.encode(password, salt, iterations)
  }
}

/** The hasher before its iterations were raised: its hashes are renewed at the next login. */
export class FormerHasher extends RecordingHasher {
  override readonly iterations: number = 4
}
