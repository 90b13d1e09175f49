/** Lists and ends sessions of a user: `sessions list USER`, `sessions show USER ID`, `sessions end USER [ID]`. */
import { devices } from '#core/contrib/session_devices'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '#core/management'
import { escapeControls } from '#core/utils'

interface Options {
  readonly action: string
  readonly user: string
  readonly id?: string
}

export default class Command extends BaseCommand<Options> {
  readonly help = 'Lists, shows and ends the sessions of a user.'

  override addArguments(parser: ArgumentParser): void {
    parser.argument('<action>', 'list, show or end')
    parser.argument('<user>', 'The id of the user.')
    parser.argument('[id]', 'The id of a session, as list prints it; end without it ends all.')
  }

  async handle({ action, user, id, verbosity }: Options & CommonOptions): Promise<void> {
    if (action === 'list') return this.#list(user)
    if (action === 'show') return this.#show(user, id)
    if (action !== 'end') throw new CommandError(`'${action}' is none of list, show and end.`)
    const ended = id === undefined ? await devices.endAll(user) : Number(await devices.end(user, id))
    if (id !== undefined && ended === 0) throw this.#unknown(user, id)
    if (verbosity >= 1) this.stdout.write(`Ended ${ended} ${ended === 1 ? 'session' : 'sessions'}.`)
  }

  async #list(user: string): Promise<void> {
    const found = await devices.list(user)
    for (const { id, created, description } of found) {
      this.stdout.write(escapeControls(`${id}  ${created.toISOString()}  ${description}`.trimEnd()))
    }
    if (found.length === 0) this.stdout.write(`User ${user} has no sessions.`)
  }

  async #show(user: string, id: string | undefined): Promise<void> {
    if (id === undefined) throw new CommandError('show needs the id of a session, as list prints it.')
    const found = (await devices.list(user)).find((each) => each.id === id)
    if (found === undefined) throw this.#unknown(user, id)
    this.stdout.write(`Session: ${found.id}`)
    this.stdout.write(`User: ${found.userId}`)
    this.stdout.write(`Since: ${found.created.toISOString()}`)
    this.stdout.write(`Device: ${escapeControls(found.description) || '(not noted)'}`)
  }

  #unknown(user: string, id: string): CommandError {
    return new CommandError(`User ${user} has no session ${id}. ./manage.ts sessions list ${user} lists them.`)
  }
}
