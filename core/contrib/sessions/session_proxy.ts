/** The dict that views see: `session.k`, `session.k = v`, `'k' in session`, `delete session.k`, spread, JSON. */
import { type Session, SessionBase } from './session.ts'

/** Names that are the session's own: its content of the same name is reached by get() and set(). */
const MEMBERS: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(SessionBase.prototype),
  // An await looks for this on everything it is given; answering from the content would break it.
  'then',
])

function refuse(name: string, doing: string): never {
  const kind = typeof Object.getOwnPropertyDescriptor(SessionBase.prototype, name)?.value
  const what = kind === 'function' ? 'a method' : 'a property'
  throw new TypeError(
    `session.${name} is ${what} of every session and cannot be ${doing}.` +
      ` For content of that name: session.set('${name}', …), session.get('${name}'), session.remove('${name}').`,
  )
}

/** Everything but the session's own members is content. One handler serves all sessions. */
const handler: ProxyHandler<SessionBase> = {
  get(session, name, face: Session) {
    if (name === Symbol.iterator) return () => session[Symbol.iterator]()
    if (typeof name === 'symbol') return undefined
    if (!MEMBERS.has(name)) return session.get(name)
    // What a view is handed in atomic() is what it already has: the dict.
    if (name === 'atomic') return (change: (session: Session) => unknown) => session.atomic(() => change(face))
    const member: unknown = Reflect.get(session, name, session)
    return typeof member === 'function' ? (member.bind(session) as unknown) : member
  },
  set(session, name, value) {
    if (typeof name === 'symbol') throw new TypeError('A session holds nothing under a symbol.')
    if (name === 'modified') session.modified = Boolean(value)
    else if (MEMBERS.has(name)) refuse(name, 'assigned')
    else session.set(name, value)
    return true
  },
  has: (session, name) => typeof name === 'string' && session.has(name),
  deleteProperty(session, name) {
    if (typeof name === 'string') {
      if (MEMBERS.has(name)) refuse(name, 'deleted')
      session.remove(name)
    }
    return true
  },
  ownKeys: (session) => session.keys(),
  getOwnPropertyDescriptor(session, name) {
    if (typeof name !== 'string' || !session.has(name)) return undefined
    return { value: session.get(name), writable: true, enumerable: true, configurable: true }
  },
  defineProperty(session, name, { value }) {
    if (typeof name !== 'string') return false
    session.set(name, value)
    return true
  },
  preventExtensions: () => false,
}

/** The session as a dict. */
export const createSessionProxy = (session: SessionBase): Session => new Proxy(session, handler)
