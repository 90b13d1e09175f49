/** What a check says: a level, a sentence, a hint, an id. */

export type CheckLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'

export const LEVELS: Readonly<Record<CheckLevel, number>> = {
  DEBUG: 10,
  INFO: 20,
  WARNING: 30,
  ERROR: 40,
  CRITICAL: 50,
}

export interface CheckDetails {
  /** What to do about it. */
  readonly hint?: string | undefined
  /** What the message is about; `?` in print when absent. */
  readonly obj?: string | undefined
  /** Stable id, Django's where Django has the check: `security.W012`. */
  readonly id: string
}

export class CheckMessage {
  readonly level: CheckLevel
  readonly message: string
  readonly hint: string | undefined
  readonly obj: string | undefined
  readonly id: string

  constructor(level: CheckLevel, message: string, { hint, obj, id }: CheckDetails) {
    this.level = level
    this.message = message
    this.hint = hint
    this.obj = obj
    this.id = id
  }

  /** Whether the message is at least as grave as `level`. */
  isAtLeast(level: CheckLevel): boolean {
    return LEVELS[this.level] >= LEVELS[level]
  }

  /** As Django prints it: `?: (security.W004) message`, then the hint on a line of its own. */
  toString(): string {
    const hint = this.hint === undefined ? '' : `\n\tHINT: ${this.hint}`
    return `${this.obj ?? '?'}: (${this.id}) ${this.message}${hint}`
  }
}

type MessageClass = new (message: string, details: CheckDetails) => CheckMessage

const ofLevel = (level: CheckLevel): MessageClass =>
  class extends CheckMessage {
    constructor(message: string, details: CheckDetails) {
      super(level, message, details)
    }
  }

export const Debug = ofLevel('DEBUG')
export const Info = ofLevel('INFO')
export const Warning = ofLevel('WARNING')
export const Error = ofLevel('ERROR')
export const Critical = ofLevel('CRITICAL')
