/** Clients that keep books: what was acknowledged must be there afterwards, once, and what was ended must stay ended. */

import { setTimeout as pause } from 'node:timers/promises'

/** A response as a client sees it. */
export interface Answer {
  /** 0 if none came. */
  readonly status: number
  /** The content, if it is a JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined
  /** The new session cookie; null if the response deletes it. */
  readonly cookie?: string | null | undefined
}

export type Send = (path: string, cookie: string | undefined) => Promise<Answer>

/** What a store promises. What it does not promise is not counted. */
export interface Promises {
  /** Whether a key that was ended gives no access any more. A session inside a cookie can be sent again. */
  readonly ends: boolean
  /** Whether requests of one session may run concurrently. */
  readonly concurrent: boolean
}

/** The figures of one fault. */
export class Book {
  /** Acknowledged sessions and changes that are gone. */
  lost = 0
  /** Sessions that were ended and give access again. */
  revived = 0
  /** Sessions with content that no request put there, and responses that are not what their view returns. */
  corrupt = 0
  /** Changes that took effect more often than they were requested. */
  double = 0
  /** Responses that deleted the cookie of a session that no client ended. */
  cleared = 0
  /** Responses other than 200 and 503. */
  wrong = 0
  /** What was lost while the store promised nothing. */
  forgotten = 0
  /** Whether losses are expected, such as those of Memcached when it is killed. */
  isForgiving = false

  lose(changes = 1): void {
    if (this.isForgiving) this.forgotten += changes
    else this.lost += changes
  }

  /** What broke, for a message. */
  get broken(): string[] {
    const { lost, revived, corrupt, double, cleared, wrong } = this
    const counts = { lost, revived, corrupt, double, 'cookies cleared': cleared, 'wrong statuses': wrong }
    return Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [name] : []))
  }
}

/** How often, and after how many milliseconds, a session that cannot be read is tried again. */
const RETRIES = 10
const RETRY_MS = 200

/** Asks again for a while if there is no response or a 503, which says nothing about the session. */
async function again(ask: () => Promise<Answer>): Promise<Answer> {
  let answer = await ask()
  for (let tries = 0; tries < RETRIES && [0, 503].includes(answer.status); tries++) {
    await pause(RETRY_MS)
    answer = await ask()
  }
  return answer
}

/** How many ended keys of a client are tried again in each judgement. */
const ENDED_KEYS = 10

export class Client {
  readonly name: string
  book: Book
  readonly #send: Send
  readonly #promises: Promises
  #cookie: string | undefined
  /** The count is not less than the acknowledged one, and not more than it would be with all unknown outcomes. */
  #least = 0
  #most = 0
  #sets = 0
  readonly #acknowledged = new Set<string>()
  #user: string | undefined
  #ended: string[] = []

  constructor(name: string, send: Send, book: Book, promises: Promises) {
    this.name = name
    this.#send = send
    this.book = book
    this.#promises = promises
  }

  get cookie(): string | undefined {
    return this.#cookie
  }

  /** Starts again, without a cookie. */
  forget(): void {
    this.#cookie = undefined
    this.#least = 0
    this.#most = 0
    this.#acknowledged.clear()
    this.#user = undefined
  }

  async #ask(path: string): Promise<Answer> {
    const sent = this.#cookie
    const answer = await this.#send(path, sent)
    if (![0, 200, 503].includes(answer.status)) this.book.wrong += 1
    if (answer.status === 200 && answer.body === undefined) this.book.corrupt += 1
    if (typeof answer.cookie === 'string') this.#cookie = answer.cookie
    if (answer.cookie === null && !path.startsWith('/logout')) {
      if (this.book.isForgiving) this.book.forgotten += 1
      else this.book.cleared += 1
      // A browser would have no cookie now. A concurrent request may have noticed already.
      if (this.#cookie === sent) this.forget()
    }
    return answer
  }

  /** Whether a response is of this client's session. If not, it is counted and the client starts again. */
  #isOwn({ owner = null }: Readonly<Record<string, unknown>>): boolean {
    if (this.#cookie === undefined) return false
    if (owner === this.name) return true
    if (owner === null) this.book.lose()
    else this.book.corrupt += 1
    this.forget()
    return false
  }

  /** Begins a session, unless there is one. @returns whether there is one now */
  async begin(): Promise<boolean> {
    if (this.#cookie !== undefined) return true
    const { status } = await this.#ask(`/begin?name=${this.name}`)
    if (status !== 200) this.forget()
    return this.#cookie !== undefined
  }

  async count(): Promise<Answer> {
    this.#most += 1
    const answer = await this.#ask('/count')
    const { status, body } = answer
    if (status === 200 && body !== undefined && this.#isOwn(body)) this.#compare(Number(body.count), this.#least + 1)
    return answer
  }

  #compare(count: number, least: number): void {
    if (!Number.isSafeInteger(count)) this.book.corrupt += 1
    if (count < least) this.book.lose(least - count)
    if (count > this.#most) this.book.double += count - this.#most
    this.#least = count
    this.#most = count
  }

  async set(): Promise<void> {
    this.#sets += 1
    const key = `k${this.#sets % 50}`
    const { status, body } = await this.#ask(`/set?k=${key}`)
    if (status === 200 && body !== undefined && this.#isOwn(body)) this.#acknowledged.add(key)
  }

  async read(): Promise<void> {
    const { status, body } = await this.#ask('/whoami')
    if (status === 200 && body !== undefined) this.#isOwn(body)
  }

  /** Logs in, under a new session key. The old one must give no access any more. */
  async login(): Promise<void> {
    const old = this.#cookie
    const { status } = await this.#ask(`/login?name=${this.name}`)
    // The session may have been rotated, and its new key was in a response that did not come.
    if (status !== 200) return this.forget()
    this.#user = this.name
    this.#end(old)
  }

  async logout(): Promise<void> {
    const old = this.#cookie
    const { status } = await this.#ask('/logout')
    this.forget()
    if (status === 200) this.#end(old)
  }

  #end(key: string | undefined): void {
    if (key !== undefined && this.#promises.ends) this.#ended = [...this.#ended, key].slice(-ENDED_KEYS)
  }

  /** One random step, as a visitor would take it. @param isSteady whether the session must keep its key */
  async step(isSteady: boolean): Promise<void> {
    if (!(await this.begin())) return
    const choice = Math.random() * 100
    if (choice < 5 && !isSteady) await this.login()
    else if (choice < 8 && !isSteady) await this.logout()
    else if (choice < 40 && this.#promises.concurrent) await Promise.all([this.count(), this.set()])
    else if (choice < 60) await this.set()
    else if (choice < 65) await this.read()
    else await this.count()
  }

  /** Compares the session with the book. To be called when the fault is over and no request is in progress. */
  async judge(): Promise<void> {
    for (const key of this.#ended) await this.#judgeEnded(key)
    if (this.#cookie === undefined) return
    const { status, body } = await again(() => this.#ask('/whoami'))
    if (status !== 200) this.book.lose()
    if (status !== 200 || body === undefined || !this.#isOwn(body)) return this.forget()
    for (const key of this.#acknowledged) if (body[key] !== true) this.book.lose()
    if (this.#user !== undefined && body._auth_user_id !== this.#user) this.book.lose()
    if (this.#user === undefined && body._auth_user_id !== undefined) this.book.revived += 1
    const unknown = Object.keys(body).filter((key) => !/^(owner|count|_auth_user_id|k\d+|_\w+)$/.test(key))
    this.book.corrupt += unknown.length
    this.#acknowledged.clear()
    for (const key of Object.keys(body)) if (/^k\d+$/.test(key)) this.#acknowledged.add(key)
    // A cache may not have seen a change of unknown outcome, so only a write tells how often it took effect.
    await again(() => this.count())
  }

  async #judgeEnded(key: string): Promise<void> {
    const { status, body = {} } = await again(() => this.#send('/whoami', key))
    if (status === 200 && Object.keys(body).length > 0) this.book.revived += 1
  }
}
