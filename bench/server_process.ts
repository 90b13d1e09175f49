/** Controls the process of a measured server: starts it on its core, queries its usage, stops it. */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { built } from './build.ts'
import { children, cores, hasEnded, pinned, tailOf } from './processes.ts'
import type { FromServer, ToServer, Usage } from './server.ts'
import { type Store, Unavailable } from './stores.ts'
import type { Target } from './targets.ts'

/** Maximum time to wait for a message of the process, in milliseconds. */
const TIMEOUT = 30_000

/** Environment variables that would affect the measurement. */
const FOREIGN = /^(NUAGES_|BENCH_|DATABASE_URL$|CACHE_URL$)/

export function environment(target: Target, store: Store): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name))
  return {
    ...Object.fromEntries(inherited),
    NODE_ENV: 'production',
    BENCH_STORE: target.store ?? '',
    BENCH_LOCATION: store.location,
    BENCH_SETTINGS: JSON.stringify({ ...store.settings, ...target.settings }),
  }
}

export class ServerProcess {
  readonly #child: ChildProcess
  readonly #errors: () => string
  #port = 0

  private constructor(target: Target, store: Store, checkout?: string) {
    const [server, listener] = [built('server.ts', checkout), built(target.server, checkout)]
    const command = pinned(cores.server, process.execPath, server, listener)
    const env = environment(target, store)
    this.#child = children.start(command, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#errors = tailOf(this.#child.stderr)
  }

  /**
   * @param checkout the directory of another checkout of the repository, whose server is started instead of this one's
   * @throws Unavailable with the server's message if it does not start
   */
  static async start(target: Target, store: Store, checkout?: string): Promise<ServerProcess> {
    const server = new ServerProcess(target, store, checkout)
    try {
      const message = await server.#next()
      if ('failed' in message) throw new Unavailable(message.failed)
      server.#port = 'port' in message ? message.port : 0
      return server
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  get port(): number {
    return this.#port
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  usage(): Promise<Usage> {
    return this.#ask('usage')
  }

  /** The usage after a garbage collection. */
  collected(): Promise<Usage> {
    return this.#ask('collect')
  }

  async #ask(question: ToServer): Promise<Usage> {
    if (!hasEnded(this.#child)) this.#child.send(question, () => {})
    const message = await this.#next()
    if (!('usage' in message)) throw new Error('The server answered something else than what it has used.')
    return message.usage
  }

  /** Waits until all requests have finished, including those whose client has disconnected. @returns the usage */
  async settled(): Promise<Usage> {
    const deadline = performance.now() + TIMEOUT
    for (;;) {
      const usage = await this.usage()
      if (usage.connections === 0) return usage
      if (performance.now() > deadline) throw new Error(`${usage.connections} requests were never answered.`)
      await pause(10)
    }
  }

  async stop(): Promise<void> {
    await children.stop(this.#child)
  }

  #next(): Promise<FromServer> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer)
        child.off('message', onMessage)
        child.off('close', onClose)
        act()
      }
      const onMessage = (message: unknown) => settle(() => resolve(message as FromServer))
      const onClose = () => settle(() => reject(new Error(`The server ended. ${this.#errors()}`.trim())))
      const timer = setTimeout(
        () =>
          settle(() => reject(new Error(`The server said nothing for ${TIMEOUT / 1000} seconds. ${this.#errors()}`))),
        TIMEOUT,
      )
      child.once('message', onMessage)
      child.once('close', onClose)
      if (hasEnded(child)) onClose()
    })
  }
}
