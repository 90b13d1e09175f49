/** Serves the site in this process: runs the checks, opens the port, then prints the address. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { settings, settingsModule } from '#core/conf'
import type { GracefulServer } from '#core/handlers'
import { clock } from '#core/utils'
import { CommandError, type CommandIo, nuagesVersion } from '../base.ts'
import { runSystemChecks } from '../run_checks.ts'
import { styleFor } from '../terminal.ts'
import { type Address, urlOf } from './address.ts'
import { bannerDate, logRequests } from './request_log.ts'

export interface ServeOptions {
  readonly address: Address
  readonly skipChecks?: boolean | undefined
  readonly noColor?: boolean | undefined
  readonly forceColor?: boolean | undefined
  /** Whether to print messages: false for all workers but the first. */
  readonly announces: boolean
  /** Whether static files are served; by default, if DEBUG is on. */
  readonly serveStatic?: boolean | undefined
}

/** The port cannot be opened. Printed as `Error: …`, as in Django. */
export class PortError extends CommandError {
  override readonly name = 'Error'
}

const PORT_ERRORS: Readonly<Record<string, string>> = {
  EACCES: "You don't have permission to access that port.",
  EADDRINUSE: 'That port is already in use.',
  EADDRNOTAVAIL: "That IP address can't be assigned to.",
}

function portError(error: NodeJS.ErrnoException, { host }: Address): CommandError {
  const unknown = error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN'
  const message = unknown ? `Name or service not known: '${host}'` : PORT_ERRORS[error.code ?? '']
  return new PortError(message ?? error.message, { cause: error })
}

/** Opens the port. @returns the actual address  @throws PortError */
export async function listen(server: Server, address: Address): Promise<Address> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portError(error, address)))
    server.listen(address.port, address.host, resolve)
  })
  // For port 0, the operating system chooses a port.
  return { host: address.host, port: (server.address() as AddressInfo).port }
}

async function warnOfMigrations({ stdout, stderr, style }: CommandIo): Promise<void> {
  const { unappliedMigrations } = await import('#core/db')
  let pending: string[]
  try {
    pending = await unappliedMigrations()
  } catch (error) {
    // Parts of the site may work without the database. The others report the error themselves.
    stderr.write(style.WARNING(`\nThe migrations cannot be checked: ${(error as Error).message}`))
    return
  }
  if (pending.length === 0) return
  const labels = [...new Set(pending.map((name) => name.slice(0, name.indexOf('.'))))].toSorted()
  stdout.write(
    style.NOTICE(
      `\nYou have ${pending.length} unapplied migration(s). Your project may not work properly until you apply the` +
        ` migrations for app(s): ${labels.join(', ')}.`,
    ),
  )
  stdout.write(style.NOTICE("Run './manage.ts migrate' to apply them."))
}

async function prepare(io: CommandIo, { announces, skipChecks }: ServeOptions): Promise<void> {
  if (!settings.DEBUG && settings.ALLOWED_HOSTS.length === 0) {
    throw new CommandError('You must set settings.ALLOWED_HOSTS if DEBUG is False.')
  }
  if (!skipChecks) {
    if (announces) io.stdout.write('Performing system checks...\n\n')
    const silent = { ...io, stdout: { write() {} }, stderr: { write() {} } }
    await runSystemChecks(announces ? io : silent, { countIssues: announces })
  }
  if (announces) await warnOfMigrations(io)
}

function announce({ stdout }: CommandIo, address: Address): void {
  const quit = process.platform === 'win32' ? 'CTRL-BREAK' : 'CONTROL-C'
  stdout.write(
    [
      bannerDate(clock.now(), settings.TIME_ZONE),
      `Nuages version ${nuagesVersion()}, using settings '${settingsModule()}'`,
      `Starting development server at ${urlOf(address)}`,
      `Quit the server with ${quit}.`,
    ].join('\n'),
  )
}

/**
 * Serves the site of the loaded settings.
 * @throws CommandError if a check fails or the port cannot be opened; ImproperlyConfigured if a setting is invalid
 */
export async function serve(io: CommandIo, options: ServeOptions): Promise<GracefulServer> {
  await prepare(io, options)
  const { createApplication, GracefulServer } = await import('#core/handlers')
  const app = await createApplication({ serveStatic: options.serveStatic })
  const handle = app.callback()
  const server = createServer((request, response) => void handle(request, response))
  const graceful = new GracefulServer(server)
  logRequests(server, { style: styleFor(process.stderr, options), timeZone: settings.TIME_ZONE })
  const address = await listen(server, options.address)
  if (options.announces) announce(io, address)
  return graceful
}
