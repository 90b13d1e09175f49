/** System checks: messages, the registry, and the runner. Modules register their own checks with `register`. */
import { settings } from '#core/conf'

// What a check says: a level, a sentence, a hint, an id.

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

/** Looks at one thing and says what is wrong with it; nothing when all is well. */
export type Check = (options: CheckOptions) => CheckMessage[] | Promise<CheckMessage[]>

export interface CheckOptions {
  /** Aliases of databases that may be connected to; none unless asked for. */
  readonly databases?: readonly string[]
}

interface Registered {
  readonly check: Check
  readonly tags: readonly string[]
  readonly deploy: boolean
  readonly serving: boolean
}

export class CheckRegistry {
  readonly #checks = new Map<Check, Registered>()

  /**
   * Adds a check; adding it twice is the same as once.
   * @param tags by which `check --tag` selects it
   * @param options.deploy true for a check that runs under `check --deploy` only
   * @param options.serving true for a check of what only a server needs; other commands skip it
   */
  register(check: Check, tags: string | readonly string[], { deploy = false, serving = false } = {}): void {
    this.#checks.set(check, { check, tags: typeof tags === 'string' ? [tags] : tags, deploy, serving })
  }

  /** All tags, of deployment checks too where asked for, in alphabetical order. */
  tags({ deploy = false } = {}): string[] {
    const registered = [...this.#checks.values()].filter((each) => deploy || !each.deploy)
    return [...new Set(registered.flatMap((each) => each.tags))].toSorted()
  }

  /** Runs the checks and gives their messages, those of SILENCED_SYSTEM_CHECKS included. */
  async run({
    tags,
    deploy = false,
    serving = true,
    ...options
  }: CheckOptions & { tags?: readonly string[]; deploy?: boolean; serving?: boolean } = {}): Promise<CheckMessage[]> {
    const messages: CheckMessage[] = []
    for (const registered of this.#checks.values()) {
      if (registered.deploy && !deploy) continue
      if (registered.serving && !serving) continue
      // As in Django, checks of databases run only where a database was named.
      if (tags === undefined && registered.tags.includes('database') && options.databases === undefined) continue
      if (tags !== undefined && !tags.some((tag) => registered.tags.includes(tag))) continue
      messages.push(...(await registered.check(options)))
    }
    return messages
  }
}

export const isSilenced = (message: CheckMessage): boolean => settings.SILENCED_SYSTEM_CHECKS.includes(message.id)

/** The checks of this process. */
export const checks = new CheckRegistry()

export const register = checks.register.bind(checks)
export const runChecks = checks.run.bind(checks)
