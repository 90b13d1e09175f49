/** Visitors with cookies, whose answers are read: they prepare sessions before a measurement and examine them after it. */
import { Agent, get, type IncomingHttpHeaders } from 'node:http'

/** How many ask at once. */
const AT_ONCE = 16

/** Longest wait for an answer, in milliseconds. */
const PATIENCE = 10_000

export interface Answer {
  readonly status: number
  readonly text: string
}

/** Name and value of each cookie that a response sets. */
function cookiesOf(headers: IncomingHttpHeaders): [string, string][] {
  return (headers['set-cookie'] ?? []).map((line) => {
    const [pair = ''] = line.split(';', 1)
    const split = pair.indexOf('=')
    return [pair.slice(0, split), pair.slice(split + 1)]
  })
}

class Visitor {
  readonly #cookies = new Map<string, string>()

  /** Its Cookie header; '' when it has none. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  ask(url: string, agent: Agent): Promise<Answer> {
    const headers = this.#cookies.size === 0 ? {} : { Cookie: this.cookie }
    return new Promise((resolve, reject) => {
      const request = get(url, { agent, headers, timeout: PATIENCE }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (text += part))
        response.once('error', reject)
        response.once('end', () => {
          for (const [name, value] of cookiesOf(response.headers)) this.#cookies.set(name, value)
          resolve({ status: response.statusCode ?? 0, text })
        })
      })
      request.once('timeout', () => request.destroy(new Error(`No answer from ${url} in ${PATIENCE / 1000} seconds.`)))
      request.once('error', reject)
    })
  }
}

export class Visitors {
  readonly #origin: string
  readonly #visitors: readonly Visitor[]

  constructor(port: number, count: number) {
    this.#origin = `http://127.0.0.1:${port}`
    this.#visitors = Array.from({ length: count }, () => new Visitor())
  }

  get cookies(): string[] {
    return this.#visitors.map(({ cookie }) => cookie)
  }

  /** Each visitor asks once; the answers in the order of the visitors. */
  async visit(path: string): Promise<Answer[]> {
    const answers: Answer[] = []
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
    let next = 0
    const askInTurn = async () => {
      for (let index = next++; index < this.#visitors.length; index = next++) {
        answers[index] = await (this.#visitors[index] as Visitor).ask(this.#origin + path, agent)
      }
    }
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, askInTurn))
      return answers
    } finally {
      agent.destroy()
    }
  }
}
