/** Evaluates dots in expressions: `user.name`, `items.0`, `request.GET.q`, `poll.getChoices`. */
import { types } from 'node:util'
import { isReachable } from './access.ts'

// These lead from a value to its code.
const FORBIDDEN = new Set(['constructor', 'prototype', 'caller', 'callee', 'arguments'])

type Lookup = (value: object) => unknown

// Methods of Python's dict and str that templates written for Django call.
const DICT_METHODS: Readonly<Record<string, Lookup>> = {
  items: (value) => (value instanceof Map ? [...value] : Object.entries(value)),
  keys: (value) => (value instanceof Map ? [...value.keys()] : Object.keys(value)),
  values: (value) => (value instanceof Map ? [...value.values()] : Object.values(value)),
}
const STR_METHODS: Readonly<Record<string, (string: string) => string>> = {
  upper: (string) => string.toUpperCase(),
  lower: (string) => string.toLowerCase(),
  strip: (string) => string.trim(),
  capitalize: (string) => string.charAt(0).toUpperCase() + string.slice(1).toLowerCase(),
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
  if (Object.hasOwn(DICT_METHODS, name) && (isPlainObject(value) || value instanceof Map)) {
    return DICT_METHODS[name]?.(value)
  }
  if (types.isStringObject(value) && Object.hasOwn(STR_METHODS, name)) {
    return STR_METHODS[name]?.(String.prototype.toString.call(value))
  }
  // Django's `user.is_authenticated` is `user.isAuthenticated` here.
  const camel = camelCase(name)
  if (camel === name || isPlainObject(value)) return undefined
  return isReachable(value, camel) ? (value as Record<string, unknown>)[camel] : undefined
}

const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value))

/** Properties of a function that keep templates from calling it. As in Django, the first makes it print nothing. */
interface CallMarks {
  readonly altersData?: boolean
  readonly doNotCallInTemplates?: boolean
}

/** As in Django, functions are called without arguments. Other values are returned as they are. */
export function callIfFunction(value: unknown, self: unknown): unknown {
  if (typeof value !== 'function') return value
  const { altersData, doNotCallInTemplates } = value as CallMarks
  if (doNotCallInTemplates === true || isClass(value)) return value
  return altersData === true ? undefined : (value as (this: unknown) => unknown).call(self)
}

/** Whether a method is marked on the class of a proxy. The proxy of a session returns bound methods, without the mark. */
function isMarkedOnPrototype(object: object, name: string): boolean {
  if (!types.isProxy(object)) return false
  const prototype = Object.getPrototypeOf(object) as Record<string, CallMarks | undefined> | null
  return (prototype?.[name] ?? prototype?.[camelCase(name)])?.altersData === true
}

/** The value of `value.name` in a template. Undefined if there is none, or none that a template may access. */
export function lookupMember(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return undefined
  // As in Django, names that begin with an underscore are private.
  if (name.startsWith('_') || FORBIDDEN.has(name)) return undefined
  const object = Object(value) as object
  const found = property(object, name)
  return typeof found === 'function' && isMarkedOnPrototype(object, name) ? undefined : callIfFunction(found, value)
}
