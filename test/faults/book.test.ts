/** The books find each kind of fault, and none in a site that has none. */
import { expect } from 'chai'
import { type Answer, Book, Client } from './book.ts'

type Stored = Record<string, unknown>

/** A site in memory, some of whose parts can be replaced by broken ones. */
class FakeSite {
  readonly sessions = new Map<string, Stored>()
  #keys = 0
  /** What a response becomes on its way to the client. */
  onTheWay = (answer: Answer, _path: string): Answer => answer

  newKey(stored: Stored): string {
    this.#keys += 1
    this.sessions.set(`key${this.#keys}`, stored)
    return `key${this.#keys}`
  }

  readonly send = async (path: string, cookie: string | undefined): Promise<Answer> =>
    this.onTheWay(this.#respond(new URL(path, 'http://site'), cookie), path)

  #respond({ pathname, searchParams }: URL, cookie: string | undefined): Answer {
    const found = this.sessions.get(cookie ?? '')
    const stored = found ?? {}
    const key = found === undefined && pathname !== '/whoami' ? this.newKey(stored) : undefined
    const owner = (): unknown => stored.owner ?? null
    const answer = (body: Stored, sent = key): Answer => ({ status: 200, body, cookie: sent })
    if (pathname === '/begin') stored.owner = searchParams.get('name')
    if (pathname === '/count') return answer({ count: (stored.count = Number(stored.count ?? 0) + 1), owner: owner() })
    if (pathname === '/set') stored[String(searchParams.get('k'))] = true
    if (pathname === '/whoami') return answer({ ...stored })
    if (pathname === '/login' || pathname === '/logout') this.sessions.delete(cookie ?? '')
    if (pathname === '/logout') return answer({}, null as never)
    if (pathname !== '/login') return answer({ owner: owner() })
    return answer({}, this.newKey({ ...stored, _auth_user_id: searchParams.get('name') }))
  }
}

const NONE = { lost: 0, revived: 0, corrupt: 0, double: 0, cleared: 0, wrong: 0, forgotten: 0 }

describe('the books of a client', () => {
  let site: FakeSite
  let book: Book
  let client: Client

  beforeEach(async () => {
    site = new FakeSite()
    book = new Book()
    client = new Client('ann', site.send, book, { ends: true, concurrent: true })
    await client.begin()
    await client.count()
    await client.set()
  })

  const stored = (): Stored => site.sessions.get(client.cookie ?? '') as Stored

  async function judged(): Promise<Record<string, number>> {
    await client.judge()
    const { lost, revived, corrupt, double, cleared, wrong, forgotten } = book
    return { lost, revived, corrupt, double, cleared, wrong, forgotten }
  }

  it('find nothing in a site without faults', async () => {
    for (let round = 0; round < 300; round++) await client.step(false)
    expect(await judged()).to.deep.equal(NONE)
    expect(book.broken).to.deep.equal([])
  })

  it('find a session that is gone', async () => {
    site.sessions.clear()
    expect(await judged()).to.deep.equal({ ...NONE, lost: 1 })
    expect(book.broken).to.deep.equal(['lost'])
  })

  it('find a session that was replaced by an empty one, at the next request', async () => {
    site.sessions.clear()
    await client.count()
    expect(book.lost).to.equal(1)
  })

  it('find a change that is gone', async () => {
    delete stored().k1
    expect(await judged()).to.deep.equal({ ...NONE, lost: 1 })
  })

  it('find a count that went back', async () => {
    stored().count = 0
    expect(await judged()).to.deep.equal({ ...NONE, lost: 1 })
  })

  it('find a login that is gone', async () => {
    await client.login()
    delete stored()._auth_user_id
    expect(await judged()).to.deep.equal({ ...NONE, lost: 1 })
  })

  it('forgive losses that the store does not promise to prevent', async () => {
    site.sessions.clear()
    book.isForgiving = true
    expect(await judged()).to.deep.equal({ ...NONE, forgotten: 1 })
    expect(book.broken).to.deep.equal([])
  })

  it('find a change that took effect twice', async () => {
    stored().count = 3
    expect(await judged()).to.deep.equal({ ...NONE, double: 2 })
  })

  it('accept a change of unknown outcome, once', async () => {
    site.onTheWay = () => ({ status: 0, body: undefined })
    await client.count()
    site.onTheWay = (answer) => answer
    expect(await judged()).to.deep.equal(NONE)
    stored().count = 4
    expect(await judged()).to.deep.equal({ ...NONE, double: 1 })
  })

  it('accept a change of unknown outcome that had no effect', async () => {
    site.onTheWay = () => ({ status: 503, body: undefined })
    await client.count()
    stored().count = 1
    site.onTheWay = (answer) => answer
    expect(await judged()).to.deep.equal(NONE)
  })

  for (const end of ['login', 'logout'] as const) {
    it(`find that a key from before the ${end} gives access again`, async () => {
      const old = client.cookie as string
      const content = { ...stored() }
      await client[end]()
      expect(await judged()).to.deep.equal(NONE)
      site.sessions.set(old, content)
      expect(await judged()).to.deep.equal({ ...NONE, revived: 1 })
    })
  }

  it('find the session of another client', async () => {
    stored().owner = 'bob'
    expect(await judged()).to.deep.equal({ ...NONE, corrupt: 1 })
  })

  it('find content that no client stored', async () => {
    stored()['\u0000x'] = 1
    expect(await judged()).to.deep.equal({ ...NONE, corrupt: 1 })
  })

  it('find a cookie that was deleted although no client ended the session', async () => {
    site.onTheWay = (answer) => ({ ...answer, cookie: null })
    await client.read()
    expect({ cleared: book.cleared, cookie: client.cookie }).to.deep.equal({ cleared: 1, cookie: undefined })
  })

  it('find responses other than 200 and 503', async () => {
    site.onTheWay = () => ({ status: 500, body: undefined })
    await client.set()
    expect(book.broken).to.deep.equal(['wrong statuses'])
  })
})
