/** A browser that alternates between the two sides of the site, with one set of cookies. */
import { Client } from '#core/test'
import type { DjangoResponse, Django } from './django.ts'

export type Side = 'django' | 'nuages'

export const SIDES = ['django', 'nuages'] as const

export const otherThan = (side: Side): Side => (side === 'django' ? 'nuages' : 'django')

export interface Question {
  readonly data?: Readonly<Record<string, string | readonly string[]>>
  readonly headers?: Readonly<Record<string, string>>
  readonly secure?: boolean
}

export class Browser {
  /** As in the header, by name. */
  readonly cookies: Map<string, string>
  readonly #django: () => Django
  readonly #client: Client
  readonly #enforceCsrfChecks: boolean

  /** @param django available only when the suite has started */
  constructor(django: () => Django, { enforceCsrfChecks = false, cookies = new Map<string, string>() } = {}) {
    this.#django = django
    this.#enforceCsrfChecks = enforceCsrfChecks
    this.#client = new Client(undefined, { enforceCsrfChecks })
    this.cookies = cookies
  }

  /** Another browser with this one's cookies. */
  copy(): Browser {
    const options = { enforceCsrfChecks: this.#enforceCsrfChecks, cookies: new Map(this.cookies) }
    return new Browser(this.#django, options)
  }

  get(side: Side, path: string, question?: Question): Promise<DjangoResponse> {
    return this.#ask(side, 'GET', path, question)
  }

  post(side: Side, path: string, data: Question['data'] = {}, question: Question = {}): Promise<DjangoResponse> {
    return this.#ask(side, 'POST', path, { ...question, data })
  }

  async json<T>(response: Promise<DjangoResponse>): Promise<T> {
    const { status, text } = await response
    if (status !== 200) throw new Error(`Status ${status}: ${text.slice(0, 500)}`)
    return JSON.parse(text) as T
  }

  /** The user that a side sees for this browser. */
  async who(side: Side): Promise<string | null> {
    return (await this.json<{ user: string | null }>(this.get(side, '/who/'))).user
  }

  async #ask(side: Side, method: 'GET' | 'POST', path: string, question: Question = {}): Promise<DjangoResponse> {
    const response =
      side === 'django' ? await this.#askDjango(method, path, question) : await this.#askNuages(method, path, question)
    for (const line of response.cookies) this.#keep(line)
    return response
  }

  #header(): string {
    return Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ')
  }

  #askDjango(
    method: string,
    path: string,
    { data = {}, headers = {}, secure = false }: Question,
  ): Promise<DjangoResponse> {
    const request = { method, path, data, cookies: this.#header(), headers, secure, csrf: this.#enforceCsrfChecks }
    return this.#django().ask<DjangoResponse>('request', request)
  }

  async #askNuages(
    method: 'GET' | 'POST',
    path: string,
    { data, headers = {}, secure = false }: Question,
  ): Promise<DjangoResponse> {
    const { status, text, setCookie } = await this.#client.request(method, path, {
      ...(method === 'POST' && { data: data ?? {} }),
      headers: { ...headers, cookie: this.#header() },
      secure,
    })
    return { status, text, cookies: setCookie }
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (/;\s*max-age=0\b/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, pair.slice(at + 1).trim())
  }
}
