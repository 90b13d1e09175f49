/** A graceful stop: requests in flight get their responses, idle connections are closed. */
import { expect } from 'chai'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { GracefulServer } from '#core/handlers'

describe('a server during a graceful stop', () => {
  let server: Server
  let graceful: GracefulServer
  let agent: Agent
  let responses: ServerResponse[]
  let arrived: () => Promise<unknown>

  beforeEach(async () => {
    responses = []
    server = createServer((_request, response) => responses.push(response))
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

  async function sendRequest(at: number): Promise<{ status: number; connection: string | undefined }> {
    const [response] = (await once(request({ port: at, agent }).end(), 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    return { status: response.statusCode as number, connection: response.headers.connection }
  }

  it('sends the responses to received requests, with Connection: close', async () => {
    const came = arrived()
    const response = sendRequest(port())
    await came
    expect(graceful.answering).to.equal(1)
    const stopped = graceful.stop({ grace: 0, limit: 60_000 })
    responses[0]?.end('done')
    expect(await response).to.deep.equal({ status: 200, connection: 'close' })
    await stopped
    expect(graceful.answering).to.equal(0)
  })

  it('accepts no new connection', async () => {
    const at = port()
    await graceful.stop({ grace: 0, limit: 60_000 })
    const [error] = (await once(connect(at, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
    expect(error.code).to.equal('ECONNREFUSED')
  })

  it('serves one more request on a keep-alive connection', async () => {
    const at = port()
    server.on('request', (_request, response: ServerResponse) => response.end())
    expect((await sendRequest(at)).connection).to.equal('keep-alive')
    const stopped = graceful.stop({ grace: 60_000, limit: 120_000 })
    expect(await sendRequest(at)).to.deep.equal({ status: 200, connection: 'close' })
    await stopped
  })

  it('closes idle connections', async () => {
    const at = port()
    server.on('request', (_request, response: ServerResponse) => response.end())
    await sendRequest(at)
    await graceful.stop({ grace: 1, limit: 60_000 })
  })

  it('closes connections without any request', async () => {
    const socket = connect(port(), '127.0.0.1')
    await once(server, 'connection')
    await graceful.stop({ grace: 1, limit: 60_000 })
    socket.destroy()
  })

  it('cancels requests that take longer than the limit', async () => {
    const came = arrived()
    const response = sendRequest(port()).catch((error: NodeJS.ErrnoException) => error.code)
    await came
    await graceful.stop({ grace: 0, limit: 1 })
    expect(await response).to.equal('ECONNRESET')
  })

  it('closes upgraded connections at the limit', async () => {
    server.on('upgrade', (_request, socket: Socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    const socket = connect(port(), '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    await once(socket, 'data')
    const closed = once(socket, 'close')
    await graceful.stop({ grace: 0, limit: 1 })
    await closed
  })
})
