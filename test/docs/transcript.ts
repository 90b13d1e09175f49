/** Follows the instructions of a page in a clone: writes its files, runs its commands, compares their output. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { freePort, Running } from '../management/processes.ts'
import type { Block } from './markdown.ts'

/** A command of a `console` block, and its expected output. */
interface Step {
  readonly command: string
  readonly printed: string[]
}

function stepsOf(text: string): Step[] {
  const steps: Step[] = []
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), printed: [] })
    else steps.at(-1)?.printed.push(line)
  }
  return steps
}

/** Replaces what differs between runs: dates, durations, ports, keys. */
const steady = (text: string): string =>
  text
    .replace(/^[A-Z][a-z]+ \d+, \d{4} - [\d:]{8}$/gm, '<date>')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replace(/ \(\d+m?s\)$/gm, '')
    .replace(/sessionid=\w+/g, 'sessionid=<key>')
    .replace(/expires=[^;]+/g, 'expires=<date>')
    .replace(/^Date: .*$/gm, 'Date: <date>')

/** The visible lines; `…` in the page matches any number of lines. */
function expectPrinted(command: string, actual: string, printed: readonly string[]): void {
  const expected = steady(printed.join('\n')).trimEnd()
  const parts = expected.split(/^…$/m).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  const shown = steady(actual).trimEnd()
  if (parts.length === 1) expect(shown, command).to.equal(expected)
  else expect(shown, command).to.match(new RegExp(`^${parts.join('[\\s\\S]*')}$`))
}

/** `A=1 B=2 ./manage.ts check "two words"`, split into its parts. */
function words(command: string): { env: Record<string, string>; argv: string[] } {
  const all = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((found) => found[1] ?? (found[2] as string))
  const first = all.findIndex((word) => !/^[A-Z_]+=/.test(word))
  const env = all.slice(0, first).map((word) => word.split('=', 2) as [string, string])
  return { env: Object.fromEntries(env), argv: all.slice(first) }
}

type Jar = Map<string, string>

function get(
  url: string,
  options: { headers: Record<string, string>; agent: Agent },
): Promise<{ response: IncomingMessage; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, options, (response) => {
      text(response).then((body) => resolve({ response, body }), reject)
    })
      .on('error', reject)
      .end()
  })
}

export class Reader {
  readonly #root: string
  /** Keeps connections alive, as curl does, so that the related headers are the same. */
  readonly #agent = new Agent({ keepAlive: true })
  readonly #jars = new Map<string, Jar>()
  #server: Running | undefined
  #serverIsStale = true
  #port = 0
  #env: Record<string, string> = {}

  /** @param root a clone */
  constructor(root: string) {
    this.#root = root
  }

  async follow(blocks: readonly Block[]): Promise<void> {
    for (const { language, file, text } of blocks) {
      if (file !== undefined) this.#write(file, text)
      else if (language === 'console') for (const step of stepsOf(text)) await this.#take(step)
    }
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    this.#server?.kill('SIGTERM')
    await this.#server?.finished
    this.#server = undefined
  }

  #write(file: string, text: string): void {
    const target = path.join(this.#root, file)
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(target, text)
    this.#serverIsStale = true
  }

  async #take({ command, printed }: Step): Promise<void> {
    const { env, argv } = words(command)
    const [program = '', ...args] = argv
    const serves = argv.includes('runserver') && !argv.includes('--noreload')
    if (program === 'curl') expectPrinted(command, await this.#curl(args), printed)
    else if (command === 'npm start') await this.#start(['bin/start.mjs'], {}, printed)
    else if (program === './manage.ts' && serves) await this.#serve(env, printed)
    else expectPrinted(command, await this.#run(program, args, env), printed)
  }

  #run(program: string, args: readonly string[], env: Record<string, string>): Promise<string> {
    const options = { cwd: this.#root, env: { ...process.env, NO_COLOR: '1', ...env } }
    return new Promise((resolve) => {
      execFile(program, args, options, (_error, stdout, stderr) => resolve(stdout + stderr))
    })
  }

  async #serve(env: Record<string, string>, printed: readonly string[] = []): Promise<void> {
    this.#env = env
    await this.#start(['--import', 'tsx', 'manage.ts', 'runserver', '--noreload'], env, printed)
  }

  async #start(args: readonly string[], env: Record<string, string>, printed: readonly string[]): Promise<void> {
    await this.close()
    this.#port = await freePort()
    const options = { cwd: this.#root, env: { ...env, PORT: String(this.#port) } }
    this.#server = new Running(process.execPath, args, options)
    await this.#server.line(/^Quit the server/)
    this.#serverIsStale = false
    // The two streams appear in a terminal in no fixed order.
    const shown = steady(this.#server.stdout + this.#server.stderr).split('\n')
    expect(shown, 'what the server prints').to.include.members(steady(printed.join('\n')).split('\n'))
  }

  /** The few options of curl that the pages use. */
  async #curl(args: readonly string[]): Promise<string> {
    if (this.#serverIsStale) await this.#serve(this.#env)
    const jarOf = (option: string): Jar => {
      const name = args[args.indexOf(option) + 1] as string
      if (!args.includes(option)) return new Map()
      const jar = this.#jars.get(name) ?? new Map<string, string>()
      this.#jars.set(name, jar)
      return jar
    }
    const cookie = Array.from(jarOf('-b'), (pair) => pair.join('=')).join('; ')
    const url = (args.at(-1) as string).replace(':8000', `:${this.#port}`)
    const { response, body } = await get(url, { headers: cookie === '' ? {} : { cookie }, agent: this.#agent })
    for (const line of response.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/Max-Age=0/.test(line)) jarOf('-c').delete(name)
      else jarOf('-c').set(name, value)
    }
    if (!args.includes('-i')) return body
    const { rawHeaders, httpVersion, statusCode, statusMessage } = response
    const headers = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []))
    return [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`, ...headers, '', body].join('\n')
  }
}
