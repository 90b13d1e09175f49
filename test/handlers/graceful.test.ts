/** A server that stops: requests in flight are answered, idle connections closed. */
import { expect } from 'chai'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { GracefulServer } from '#core/handlers'

describe('a server that stops', () => {
  let server: Server
  let graceful: GracefulServer
  let agent: Agent
  let answering: ServerResponse[]
  let arrived: () => Promise<unknown>

  beforeEach(async () => {
    answering = []
    server = createServer((_request, response) => answering.push(response))
    graceful = new GracefulServer(server)
    agent = new Agent({ keepAlive: true, maxSockets: 1 })
    arrived = () => once(server, 'request')
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    agent.destroy()
    server.closeAllConnections()
    server.close()
  })

  const port = (): number => (server.address() as AddressInfo).port

  async function ask(at: number): Promise<{ status: number; connection: string | undefined }> {
    const [response] = (await once(request({ port: at, agent }).end(), 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    return { status: response.statusCode as number, connection: response.headers.connection }
  }

  it('answers the requests that came in, and asks their clients to close', async () => {
    const came = arrived()
    const answer = ask(port())
    await came
    expect(graceful.answering).to.equal(1)
    const stopped = graceful.stop({ grace: 0, limit: 60_000 })
    answering[0]?.end('done')
    expect(await answer).to.deep.equal({ status: 200, connection: 'close' })
    await stopped
    expect(graceful.answering).to.equal(0)
  })

  it('takes no new connection', async () => {
    const at = port()
    await graceful.stop({ grace: 0, limit: 60_000 })
    const [error] = (await once(connect(at, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
    expect(error.code).to.equal('ECONNREFUSED')
  })

  it('answers one more request of a connection that is kept alive', async () => {
    const at = port()
    server.on('request', (_request, response: ServerResponse) => response.end())
    expect((await ask(at)).connection).to.equal('keep-alive')
    const stopped = graceful.stop({ grace: 60_000, limit: 120_000 })
    expect(await ask(at)).to.deep.equal({ status: 200, connection: 'close' })
    await stopped
  })

  it('closes connections that stay idle', async () => {
    const at = port()
    server.on('request', (_request, response: ServerResponse) => response.end())
    await ask(at)
    await graceful.stop({ grace: 1, limit: 60_000 })
  })

  it('closes connections over which nothing has come', async () => {
    const socket = connect(port(), '127.0.0.1')
    await once(server, 'connection')
    await graceful.stop({ grace: 1, limit: 60_000 })
    socket.destroy()
  })

  it('gives up on requests that take longer than the limit', async () => {
    const came = arrived()
    const answer = ask(port()).catch((error: NodeJS.ErrnoException) => error.code)
    await came
    await graceful.stop({ grace: 0, limit: 1 })
    expect(await answer).to.equal('ECONNRESET')
  })
})
