/** What apps want done before and after each `migrate`: Django's pre_migrate and post_migrate. */

export interface MigrateEvent {
  /** Label of the app. */
  readonly app: string
  /** The alias in DATABASES. */
  readonly alias: string
  readonly verbosity: number
}

type Receiver = (event: MigrateEvent) => Promise<void> | void

class MigrateSignal {
  readonly #receivers = new Set<Receiver>()

  /** Adds a receiver; it is called once for each installed app. Adding it twice is the same as once. */
  connect(receiver: Receiver): void {
    this.#receivers.add(receiver)
  }

  disconnect(receiver: Receiver): void {
    this.#receivers.delete(receiver)
  }

  async send(event: MigrateEvent): Promise<void> {
    for (const receiver of this.#receivers) await receiver(event)
  }
}

/** Sent before the first migration, also when there is none to apply. */
export const preMigrate = new MigrateSignal()

/** Sent after the last migration: the place for rows that an app needs. */
export const postMigrate = new MigrateSignal()
