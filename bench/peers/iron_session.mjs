/** iron-session on node:http: the session is stored in a sealed cookie. */
import { getIronSession } from 'iron-session'
import { HELLO } from './common.mjs'

const OPTIONS = {
  cookieName: 'session',
  password: 'only-ever-used-on-127.0.0.1-and-32-characters',
  cookieOptions: { secure: false },
}

export default () => async (request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  if (request.url === '/hello') return response.end(HELLO)
  const session = await getIronSession(request, response, OPTIONS)
  if (request.url === '/counter') {
    session.count = (session.count ?? 0) + 1
    await session.save()
  }
  return response.end(String(session.count ?? 0))
}
