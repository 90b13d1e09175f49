/** The reverse proxy of the example: /shop/ to Nuages, the rest to Django. A real site uses nginx.conf or its like. */
import { createServer, request as send } from 'node:http'

/** What is between two neighbours and goes no further (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']

/** What only a proxy may say: sent by a client, it is a lie. */
const SAID_BY_PROXIES = /^(?:forwarded|x-forwarded-.*|x-real-ip)$/

function passedOn(headers, leftOut = () => false) {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const stops = new Set([...HOP_BY_HOP, ...named])
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !stops.has(name) && !leftOut(name)))
}

/** The headers for a server behind. Host stays as the browser sent it, or neither side would know its own origin. */
function towardsServer({ headers, socket }) {
  return {
    ...passedOn(headers, (name) => SAID_BY_PROXIES.test(name)),
    ...(headers['transfer-encoding'] !== undefined && { 'transfer-encoding': 'chunked' }),
    'x-forwarded-for': socket.remoteAddress,
    'x-forwarded-host': headers.host ?? '',
    'x-forwarded-proto': socket.encrypted ? 'https' : 'http',
  }
}

function refuse(response, error) {
  if (response.headersSent) response.destroy(error)
  else response.writeHead(502, { 'Content-Type': 'text/plain' }).end('The server behind the proxy does not answer.\n')
}

/**
 * A proxy in front of two servers on this machine.
 * @param ports `django` and `nuages`: where they listen
 */
export function createProxy(ports) {
  return createServer((incoming, response) => {
    const port = /^\/shop(?:[/?]|$)/.test(incoming.url) ? ports.nuages : ports.django
    const { method, url: path } = incoming
    const outgoing = send({ host: '127.0.0.1', port, method, path, headers: towardsServer(incoming) }, (answer) => {
      response.writeHead(answer.statusCode, passedOn(answer.headers))
      answer.on('error', (error) => refuse(response, error)).pipe(response)
    })
    outgoing.on('error', (error) => refuse(response, error))
    // A visitor who has gone waits for nothing.
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
}
