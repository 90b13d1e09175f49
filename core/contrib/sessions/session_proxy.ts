/** Property access to a session's content: `session.k = v`, `'k' in session`, `delete session.k`, spread, JSON. */
import { type Session, SessionBase, STATE } from './session.ts'
import type { IfMoved, SessionState } from './session_state.ts'

/** Names of the session's own members. Content of the same name is reached by get() and set(). */
const MEMBERS: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(SessionBase.prototype),
  // `await` reads this property of every object.
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

/** Every other name is content. One handler serves all sessions. */
const handler: ProxyHandler<SessionBase> = {
  get(session, name, proxy: Session) {
    if (name === STATE) return session[STATE]
    if (name === Symbol.iterator) return () => session[Symbol.iterator]()
    if (typeof name === 'symbol') return undefined
    if (!MEMBERS.has(name)) return session.get(name)
    // The callback of atomic() receives the proxy, not the object behind it.
    if (name === 'atomic') {
      return (change: (session: Session) => unknown) =>
        session.atomic((each) => change(each === session ? proxy : createSessionProxy(each)))
    }
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

/** The session that a view gets. */
export const createSessionProxy = (session: SessionBase): Session => new Proxy(session, handler)

/** The state behind a session, for the framework's own modules. */
export const stateOf = (session: Session): SessionState => session[STATE]

/** A value, without counting as access: for middleware whose response does not depend on it. */
export function peekSession(session: Session, key: string): unknown {
  const state = stateOf(session)
  const data = state.open()
  if (!Object.hasOwn(data, key)) return undefined
  state.tracker.snapshot(key, data[key])
  return data[key]
}

/** Moves a session to a new key after the user has given a password, which is a proof of its own. */
export const rotateKey = (session: Session, ifMoved: IfMoved): Promise<void> => stateOf(session).cycleKey(ifMoved)
