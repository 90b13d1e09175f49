/** runserver: serves the site for development, and restarts when its code changes. */
import cluster from 'node:cluster'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import { currentProject } from '../project.ts'
import { type Address, parseAddress } from '../runserver/address.ts'
import type { GracefulServer } from '#core/handlers'
import { STOP_LIMIT, WORKER_FLAG } from '../runserver/worker.ts'
import { onStopSignal } from '../terminal.ts'

interface Options {
  readonly addrport?: string
  readonly noreload?: boolean
  readonly workers: string
  readonly ipv6?: boolean
  readonly noColor?: boolean
  readonly forceColor?: boolean
  readonly nostatic?: boolean
  readonly insecure?: boolean
}

function countOf(workers: string): number {
  const count = Number(workers)
  if (Number.isInteger(count) && count >= 1) return count
  throw new CommandError(`--workers should be a whole number, 1 or more, found "${workers}".`)
}

export default class RunServerCommand extends BaseCommand<Options> {
  readonly help = 'Serves the site for development, and loads its code anew when it changes.'
  // Only the serving processes load and check the project, not the supervisor.
  override readonly requiresSetup = false

  override addArguments(parser: ArgumentParser): void {
    parser.argument('[addrport]', 'Port, or address:port. Else PORT of the environment, else 127.0.0.1:8000.')
    parser.option('--noreload', 'Serve in one process that does not watch the code.')
    parser.option('--workers <count>', 'How many processes serve.', '1')
    parser.option('-6, --ipv6', 'Use an IPv6 address.')
    parser.option('--nothreading', 'Accepted for the sake of scripts made for Django; there are no threads.')
    parser.option('--nostatic', 'Do not serve static files at STATIC_URL.')
    parser.option('--insecure', 'Serve static files even if DEBUG is off.')
  }

  async handle(options: Options & CommonOptions): Promise<void> {
    const address = parseAddress(options.addrport, { ipv6: options.ipv6 === true })
    const workers = countOf(options.workers)
    if (cluster.isWorker && process.env[WORKER_FLAG] === 'true') await this.#work(address, options)
    else if (workers === 1 && options.noreload) await this.#serveAlone(address, options)
    else await this.#supervise(workers, options)
  }

  async #start(address: Address, announces: boolean, options: Options & CommonOptions): Promise<GracefulServer> {
    const [{ setup }, { serve }] = await Promise.all([import('#core/apps'), import('../runserver/serve.ts')])
    const { settings, start: root } = currentProject()
    await setup({ settings, root })
    const { skipChecks, noColor, forceColor, nostatic, insecure } = options
    const serveStatic = nostatic ? false : insecure || undefined
    return serve(this, { address, announces, skipChecks, noColor, forceColor, serveStatic })
  }

  async #work(address: Address, options: Options & CommonOptions): Promise<void> {
    const { work } = await import('../runserver/worker.ts')
    await work((announces) => this.#start(address, announces, options))
    await this.#close()
  }

  async #serveAlone(address: Address, options: Options & CommonOptions): Promise<void> {
    const server = await this.#start(address, true, options)
    await new Promise<void>((resolve) => {
      const forget = onStopSignal(
        () =>
          void server.stop({ grace: 0, limit: STOP_LIMIT }).then(() => {
            forget()
            resolve()
          }),
        () => process.exit(130),
      )
    })
    await this.#close()
  }

  async #close(): Promise<void> {
    const { closeServices } = await import('../project.ts')
    await closeServices()
  }

  async #supervise(workers: number, { noreload }: Options): Promise<void> {
    const { Supervisor } = await import('../runserver/supervisor.ts')
    const watched = noreload ? [] : [currentProject().root]
    const exitCode = await new Supervisor({ workers, watched }).run()
    // The worker has already printed the error.
    if (exitCode !== 0) process.exit(exitCode)
  }
}
