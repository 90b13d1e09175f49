/** An HTTP client that keeps cookies as a browser does, and fills in forms with the token of their page. */

export interface Page {
  readonly status: number
  readonly text: string
  readonly location: string | null
}

export class HttpClient {
  readonly #site: string
  readonly #cookies = new Map<string, string>()

  /** @param site scheme, host and port */
  constructor(site: string) {
    this.#site = site
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name)
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = new Headers(init.headers)
    if (cookie !== '') headers.set('cookie', cookie)
    const response = await fetch(this.#site + path, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return { status: response.status, text: await response.text(), location: response.headers.get('location') }
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/;\s*max-age=0/i.test(line)) this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }

  get(path: string): Promise<Page> {
    return this.#ask(path)
  }

  /** The hidden token of a page's form. */
  async token(path: string): Promise<string> {
    const { text } = await this.get(path)
    const found = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(text)
    if (found?.[1] === undefined) throw new Error(`${path} has no form with a token:\n${text}`)
    return found[1]
  }

  /** Sends fields as a form of the site itself does. */
  post(path: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.#ask(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: this.#site } })
  }

  /** Requests a page, and sends a form that is on it. */
  async fill(page: string, fields: Readonly<Record<string, string>> = {}, action = page): Promise<Page> {
    return this.post(action, { csrfmiddlewaretoken: await this.token(page), ...fields })
  }
}
