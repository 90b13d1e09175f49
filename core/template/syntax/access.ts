/** Which properties a template may access on built-in objects, those of Node, and requests. */
import { Buffer } from 'node:buffer'
import { EventEmitter } from 'node:events'

// Built-in methods that need no argument, change nothing and give no access to code.
const HARMLESS: ReadonlySet<string> = new Set(
  [
    'length size name message href origin protocol host hostname port pathname search hash',
    'entries keys values trim trimStart trimEnd toUpperCase toLowerCase toISOString toDateString toUTCString',
    'getTime getFullYear getMonth getDate getDay getHours getMinutes getSeconds getMilliseconds',
  ].flatMap((names) => names.split(' ')),
)
const NO_MEMBERS: ReadonlySet<string> = new Set()

/** The members that templates may access on prototypes. Prototypes that are not listed are not restricted. */
const allowed = new WeakMap<object, ReadonlySet<string>>()
/** The own properties that templates may not access on objects with these prototypes. */
const hidden = new WeakMap<object, ReadonlySet<string>>()

// The getters of globalThis load parts of Node, so only plain values are visited.
for (const { value } of Object.values(Object.getOwnPropertyDescriptors(globalThis))) {
  const prototype: unknown = typeof value === 'function' ? (value as { prototype?: unknown }).prototype : undefined
  if (typeof prototype === 'object' && prototype !== null) allowed.set(prototype, HARMLESS)
}
for (const prototype of [Function.prototype, Buffer.prototype]) allowed.set(prototype, HARMLESS)
allowed.set(Object.getPrototypeOf(Uint8Array.prototype) as object, HARMLESS)
// `next` and `return` consume an iterator or a generator.
function* generator(): Generator<undefined> {}
async function* asyncGenerator(): AsyncGenerator<undefined> {}
for (const iterator of [
  [].values(),
  ''.matchAll(/x/g),
  new Map().keys(),
  new Set().keys(),
  generator(),
  asyncGenerator(),
]) {
  let prototype = Object.getPrototypeOf(iterator) as object | null
  for (
    ;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null
  )
    allowed.set(prototype, NO_MEMBERS)
}

export interface TemplateAccess {
  /** Members of the prototype that a template may access. */
  readonly members: Iterable<string>
  /** Own properties of the objects that a template may not access. */
  readonly hidden?: Iterable<string>
}

/**
 * Lists what templates may access on the objects that have this prototype. Own properties are visible, except the
 * hidden ones. A second call for a prototype adds to its lists.
 */
export function limitTemplateAccess(prototype: object, access: TemplateAccess): void {
  allowed.set(prototype, new Set([...(allowed.get(prototype) ?? []), ...access.members]))
  hidden.set(prototype, new Set([...(hidden.get(prototype) ?? []), ...(access.hidden ?? [])]))
}

/** Whether an own property is not hidden. */
function isVisibleOwn(value: object, name: string): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null || prototype === Object.prototype) return true
  return hidden.get(prototype)?.has(name) !== true
}

/**
 * Whether a template may access a property. EventEmitters such as servers, sockets and applications show only their own
 * values and no methods.
 */
export function isReachable(value: object, name: string): boolean {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (!Object.hasOwn(at, name)) continue
    if (at !== value && allowed.get(at)?.has(name) === false) return false
    if (!isVisibleOwn(at, name)) return false
    if (!(value instanceof EventEmitter)) return true
    return at === value && typeof (value as unknown as Record<string, unknown>)[name] !== 'function'
  }
  return false
}
