/** Deletes sessions that have expired; run it every day. */
import { settings } from '#core/conf'
import { openSessionStore } from '#core/contrib/sessions'
import { BaseCommand, CommandError, type CommonOptions } from '#core/management'

export default class Command extends BaseCommand {
  readonly help = 'Can be run as a cronjob or directly to clean out expired sessions.'

  async handle({ verbosity }: CommonOptions): Promise<void> {
    const store = openSessionStore()
    if (store.clearExpired === undefined) {
      throw new CommandError(`Session engine '${settings.SESSION_ENGINE}' doesn't support clearing expired sessions.`)
    }
    const deleted = await store.clearExpired()
    if (verbosity >= 2) this.stdout.write(`Deleted ${deleted} expired ${deleted === 1 ? 'session' : 'sessions'}.`)
  }
}
