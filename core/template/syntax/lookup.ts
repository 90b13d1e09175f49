/** What a dot in a template leads to: `user.name`, `items.0`, `request.GET.q`, `poll.getChoices`. */
import { types } from 'node:util'
import { isReachable } from './access.ts'

// Through these a template could reach the code that made a value.
const FORBIDDEN = new Set(['constructor', 'prototype', 'caller', 'callee', 'arguments'])

type Lookup = (value: object) => unknown

// What Python's dicts and texts answer to in templates written for Django.
const OF_DICTS: Readonly<Record<string, Lookup>> = {
  items: (value) => (value instanceof Map ? [...value] : Object.entries(value)),
  keys: (value) => (value instanceof Map ? [...value.keys()] : Object.keys(value)),
  values: (value) => (value instanceof Map ? [...value.values()] : Object.values(value)),
}
const OF_TEXTS: Readonly<Record<string, (text: string) => string>> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  strip: (text) => text.trim(),
  capitalize: (text) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase(),
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

interface Keyed {
  has(key: unknown): boolean
  get(key: unknown): unknown
}

function isKeyed(value: object): value is Keyed {
  return value instanceof Map || value instanceof URLSearchParams
}

const camelCase = (name: string): string =>
  name.includes('_')
    ? name.replace(/_+[a-z0-9]?/g, (found) => (found.endsWith('_') ? found : (found.at(-1) as string).toUpperCase()))
    : name

function property(value: object, name: string): unknown {
  if (isKeyed(value)) {
    if (value.has(name)) return value.get(name)
    if (/^\d+$/.test(name) && value.has(Number(name))) return value.get(Number(name))
  }
  if (isReachable(value, name)) return (value as Record<string, unknown>)[name]
  if (Object.hasOwn(OF_DICTS, name) && (isPlainObject(value) || value instanceof Map)) return OF_DICTS[name]?.(value)
  if (types.isStringObject(value) && Object.hasOwn(OF_TEXTS, name))
    return OF_TEXTS[name]?.(String.prototype.toString.call(value))
  // Django's `user.is_authenticated` is `user.isAuthenticated` here.
  const camel = camelCase(name)
  if (camel === name || isPlainObject(value)) return undefined
  return isReachable(value, camel) ? (value as Record<string, unknown>)[camel] : undefined
}

const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value))

/** A function marked so is not called: it changes data, or is meant as a value. */
interface CallMarks {
  readonly altersData?: boolean
  readonly doNotCallInTemplates?: boolean
}

/** As in Django, a function stands for what it returns. */
export function called(value: unknown, self: unknown): unknown {
  if (typeof value !== 'function') return value
  const { altersData, doNotCallInTemplates } = value as CallMarks
  if (doNotCallInTemplates === true || isClass(value)) return value
  return altersData === true ? undefined : (value as (this: unknown) => unknown).call(self)
}

/** Whether the class of an object marks the method. The proxy of a session returns bound methods, which have no marks. */
function isMarkedOnPrototype(object: object, name: string): boolean {
  if (!types.isProxy(object)) return false
  const prototype = Object.getPrototypeOf(object) as Record<string, CallMarks | undefined> | null
  return (prototype?.[name] ?? prototype?.[camelCase(name)])?.altersData === true
}

/** What `value.name` is in a template; undefined where there is nothing, or nothing that a template may see. */
export function member(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return undefined
  // As in Django, what begins with an underscore is private; so is the way to a value's prototype.
  if (name.startsWith('_') || FORBIDDEN.has(name)) return undefined
  const object = Object(value) as object
  const found = property(object, name)
  return typeof found === 'function' && isMarkedOnPrototype(object, name) ? undefined : called(found, value)
}
