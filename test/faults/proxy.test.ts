/** Each mode of the proxy does to a connection what its name says. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { FaultyProxy, MODES } from './proxy.ts'

const ANSWER = 'abcdefgh'

interface Received {
  readonly text: string
  /** How the connection ended; `open` if it did not. */
  readonly end: string
  /** Milliseconds until the last byte. */
  readonly after: number
}

/** Sends a line and gathers what comes back, until the answer is complete, the connection ends or `limit` ms are over. */
async function ask(socket: Socket, limit = 600): Promise<Received> {
  const begin = performance.now()
  let received = Buffer.alloc(0)
  let end = 'open'
  let after = 0
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, limit)
    const finish = (how: string) => () => {
      end = how
      clearTimeout(timer)
      resolve()
    }
    socket.removeAllListeners()
    socket.on('data', (data) => {
      received = Buffer.concat([received, data])
      after = performance.now() - begin
      if (received.length === ANSWER.length) finish('open')()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error')())
    socket.on('end', finish('fin'))
    socket.write('hello')
  })
  return { text: received.toString('latin1'), end, after }
}

describe('the faulty proxy', () => {
  let server: Server
  let proxy: FaultyProxy
  let requests = 0

  before(async () => {
    server = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => {
        requests += 1
        socket.write(ANSWER)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(() => server.close())
  beforeEach(async () => {
    requests = 0
    proxy = await FaultyProxy.start((server.address() as { port: number }).port)
  })
  afterEach(() => proxy.close())

  async function open(): Promise<Socket> {
    const socket = connect(proxy.port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }

  const WANTED = {
    pass: { text: ANSWER, end: 'open', requests: 1 },
    delay: { text: ANSWER, end: 'open', requests: 1 },
    drop: { text: '', end: 'open', requests: 0 },
    truncate: { text: ANSWER.slice(0, 4), end: 'fin', requests: 1 },
    fin: { text: '', end: 'fin', requests: 1 },
    reset: { text: '', end: 'ECONNRESET', requests: 1 },
    trickle: { text: ANSWER, end: 'open', requests: 1 },
  }

  for (const mode of MODES.filter((each) => each !== 'garbage')) {
    it(`has the mode ${mode}, on a connection that is open already`, async () => {
      const socket = await open()
      expect((await ask(socket)).text).to.equal(ANSWER)
      proxy.mode = mode
      requests = 0
      const { text, end, after } = await ask(socket)
      expect({ text, end, requests }).to.deep.equal(WANTED[mode])
      // Timers may fire a millisecond early.
      if (mode === 'delay') expect(after).to.be.within(198, 500)
      if (mode === 'trickle') expect(after).to.be.above(7 * 9)
      socket.destroy()
    })
  }

  it('has the mode garbage: the same number of other bytes', async () => {
    const socket = await open()
    proxy.mode = 'garbage'
    const { text, end } = await ask(socket)
    expect({ length: text.length, end, requests }).to.deep.equal({ length: ANSWER.length, end: 'open', requests: 1 })
    expect(text).not.to.equal(ANSWER)
    socket.destroy()
  })

  it('leaves a connection that has lost a packet silent, and serves new ones', async () => {
    const socket = await open()
    proxy.mode = 'drop'
    await ask(socket, 50)
    proxy.mode = 'pass'
    expect((await ask(socket, 100)).text).to.equal('')
    const other = await open()
    expect((await ask(other)).text).to.equal(ANSWER)
    socket.destroy()
    other.destroy()
  })

  it('forgets connections that are closed', async () => {
    const socket = await open()
    await ask(socket)
    expect(proxy.open).to.equal(1)
    socket.destroy()
    for (let round = 0; proxy.open > 0 && round < 100; round++) await pause(5)
    expect(proxy.open).to.equal(0)
  })
})
