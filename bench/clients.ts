/** HTTP clients that keep cookies and read responses, to create sessions before a measurement and check them after. */
import { Agent, get, type IncomingHttpHeaders } from 'node:http'

/** Maximum number of concurrent requests. */
const MAX_CONCURRENT = 16

/** Maximum time to wait for a response, in milliseconds. */
const TIMEOUT = 10_000

export interface Answer {
  readonly status: number
  readonly text: string
}

/** The name and value of each cookie in a response. */
function cookiesOf(headers: IncomingHttpHeaders): [string, string][] {
  return (headers['set-cookie'] ?? []).map((line) => {
    const [pair = ''] = line.split(';', 1)
    const split = pair.indexOf('=')
    return [pair.slice(0, split), pair.slice(split + 1)]
  })
}

class Visitor {
  readonly #cookies = new Map<string, string>()

  /** Its Cookie header; '' if it has no cookies. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  ask(url: string, agent: Agent): Promise<Answer> {
    const headers = this.#cookies.size === 0 ? {} : { Cookie: this.cookie }
    return new Promise((resolve, reject) => {
      const request = get(url, { agent, headers, timeout: TIMEOUT }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (text += part))
        response.once('error', reject)
        response.once('end', () => {
          for (const [name, value] of cookiesOf(response.headers)) this.#cookies.set(name, value)
          resolve({ status: response.statusCode ?? 0, text })
        })
      })
      request.once('timeout', () => request.destroy(new Error(`No answer from ${url} in ${TIMEOUT / 1000} seconds.`)))
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

  /** Each visitor sends one request. @returns the responses in the order of the visitors */
  async visit(path: string): Promise<Answer[]> {
    const answers: Answer[] = []
    const agent = new Agent({ keepAlive: true, maxSockets: MAX_CONCURRENT })
    let next = 0
    const requestNext = async () => {
      for (let index = next++; index < this.#visitors.length; index = next++) {
        answers[index] = await (this.#visitors[index] as Visitor).ask(this.#origin + path, agent)
      }
    }
    try {
      await Promise.all(Array.from({ length: MAX_CONCURRENT }, requestNext))
      return answers
    } finally {
      agent.destroy()
    }
  }
}
