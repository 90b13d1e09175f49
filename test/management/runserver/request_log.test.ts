/** The request log: Django's lines, levels and colours. */
import { expect } from 'chai'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { captureLogs, type LogRecord, setClock } from '#core/utils'
import { colorStyle, noStyle } from '#core/management'
import { bannerDate, logRequests } from '../../../core/management/runserver/request_log.ts'

const MOMENT = Date.UTC(2026, 10, 1, 7, 11, 12)

describe('the request log', () => {
  let server: Server
  let records: LogRecord[]
  let release: () => void
  let logged: () => Promise<void>

  beforeEach(async () => {
    setClock({ now: () => MOMENT })
    records = []
    let wake: () => void = () => {}
    release = captureLogs((record) => {
      records.push(record)
      wake()
    })
    logged = async () => {
      if (records.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    }
    server = createServer((incoming, response) => {
      const { status = '200', mode } = Object.fromEntries(new URL(incoming.url ?? '', 'http://x').searchParams)
      response.statusCode = Number(status)
      if (mode === 'stream') {
        response.write('ab')
        response.write(Buffer.from('cde'))
        response.end('é')
      } else if (mode !== 'never') response.end('twelve bytes')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    release()
    setClock()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const port = (): number => (server.address() as AddressInfo).port

  async function logOf(path: string, options: { method?: string; color?: boolean } = {}): Promise<LogRecord> {
    logRequests(server, { style: options.color ? colorStyle : noStyle, timeZone: 'America/Chicago' })
    const outgoing = request({ port: port(), path, method: options.method ?? 'GET', agent: false }).end()
    const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream]
    response.resume()
    await logged()
    return records[0] as LogRecord
  }

  it("writes Django's line, in the site's time zone", async () => {
    expect(await logOf('/a/?b=1')).to.deep.equal({
      logger: 'django.server',
      level: 'info',
      message: '[01/Nov/2026 01:11:12] "GET /a/?b=1 HTTP/1.1" 200 12',
    })
  })

  it('counts the bytes of a streamed body, and none for HEAD', async () => {
    expect((await logOf('/?mode=stream')).message).to.match(/ 200 7$/)
    records.length = 0
    expect((await logOf('/', { method: 'HEAD' })).message).to.match(/"HEAD \/ HTTP\/1\.1" 200 0$/)
  })

  it('logs 4xx as a warning and 5xx as an error', async () => {
    expect((await logOf('/?status=404')).level).to.equal('warning')
    records.length = 0
    expect((await logOf('/?status=503')).level).to.equal('error')
  })

  it('has a colour for each class of status on a terminal', async () => {
    expect((await logOf('/?status=404', { color: true })).message).to.contain('\u001b[33m')
    records.length = 0
    expect((await logOf('/?status=500', { color: true })).message).to.contain('\u001b[1;35m')
  })

  it('escapes a URL that could control the terminal', async () => {
    logRequests(server, { style: noStyle, timeZone: 'UTC' })
    const socket = connect(port(), '127.0.0.1')
    socket.write(Buffer.from('GET /\x9b31m HTTP/1.1\r\nHost: x\r\n\r\n', 'latin1'))
    const [response] = (await once(socket, 'data')) as [Buffer]
    expect(String(response)).to.match(/^HTTP\/1\.1 400 /)
    expect(records).to.deep.equal([])
  })

  it('logs that the client disconnected before the response', async () => {
    logRequests(server, { style: noStyle, timeZone: 'UTC' })
    const socket = connect(port(), '127.0.0.1')
    socket.write('GET /?mode=never HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(server, 'request')
    socket.destroy()
    await logged()
    expect(records[0]?.message).to.match(/^\[01\/Nov\/2026 07:11:12\] - Broken pipe from \('127\.0\.0\.1', \d+\)$/)
  })

  it('has its date in words in the banner', () => {
    expect(bannerDate(MOMENT, 'UTC')).to.equal('November 01, 2026 - 07:11:12')
    expect(bannerDate(Date.UTC(2026, 0, 2), 'UTC')).to.equal('January 02, 2026 - 00:00:00')
  })
})
