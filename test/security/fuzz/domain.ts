/** A fuzz domain: the source of its inputs, the expectations for each, and the time limit. */
import type * as fc from 'fast-check'

/** Milliseconds that any input may take, even a short one. */
const LEAST_LIMIT_MS = 10

/** The limit for the time of an input: one second for each 100 kB. */
const MS_PER_BYTE = 0.01

/** The limit for the time of the output of an input: one second for each MB. */
const MS_PER_OUTPUT_BYTE = 0.001

/** The size of the output, if a short input may have a long output. */
export interface Output {
  readonly outputBytes: number
}

export interface Domain<T = never> {
  readonly name: string
  /** Whether the inputs go to functions of this process, or through a socket to a server. */
  readonly kind: 'in process' | 'http'
  /** The number of inputs of a short and a long run. */
  readonly inputs: { readonly short: number; readonly long: number }
  readonly arbitrary: fc.Arbitrary<T>
  /** Passes one input to the product. @throws when an expectation is not met */
  readonly check: (input: T) => void | Output | Promise<void | Output>
  /** Milliseconds that an input may take whatever its size; 10 by default. */
  readonly fixedMs?: number
  /** Inputs that are checked concurrently; 1 by default. */
  readonly parallel?: number
  /** Prepares the process; returns the function that undoes that. */
  readonly open?: () => Promise<() => Promise<void> | void>
  /** Milliseconds of work of the process under test; this process by default. */
  readonly cpuMs?: () => Promise<number>
  /** Waits for what inputs may have left running. @throws when something failed there */
  readonly settle?: () => Promise<void>
}

/** A domain whose type of input only the domain itself knows. */
export type AnyDomain = Domain<unknown>

export const domain = <T>(definition: Domain<T>): AnyDomain => definition as unknown as AnyDomain

const DEEPEST = 20

/** Bytes of the strings in an input, and of the numbers and names around them. */
export function sizeOf(input: unknown, depth = 0): number {
  // Stops at an object that contains itself.
  if (depth > DEEPEST) return 0
  if (typeof input === 'string') return Buffer.byteLength(input)
  if (input instanceof Uint8Array) return input.byteLength
  if (Array.isArray(input)) return input.reduce((sum: number, each) => sum + sizeOf(each, depth + 1), 0)
  if (typeof input === 'bigint') return input.toString(16).length
  if (typeof input !== 'object' || input === null) return 8
  let sum = 0
  for (const [key, value] of Object.entries(input)) sum += key.length + sizeOf(value, depth + 1)
  return sum
}

/** Milliseconds that an input of some bytes may take. */
export const limitMs = (bytes: number, fixedMs = LEAST_LIMIT_MS, outputBytes = 0): number =>
  Math.max(fixedMs, bytes * MS_PER_BYTE + outputBytes * MS_PER_OUTPUT_BYTE)

/** Milliseconds of work of this process. Unlike elapsed time, it does not grow while other processes work. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

type ErrorClass = abstract new (...args: never[]) => Error

/** The result of `fn`; undefined if it throws one of the errors that it documents. Rethrows any other error. */
export function allowing<T>(errors: readonly ErrorClass[], fn: () => T): T | undefined {
  try {
    return fn()
  } catch (error) {
    if (errors.some((each) => error instanceof each)) return undefined
    throw error
  }
}

/** Like `allowing`, for a promise. */
export async function allowingAsync<T>(errors: readonly ErrorClass[], fn: () => Promise<T>): Promise<T | undefined> {
  try {
    return await fn()
  } catch (error) {
    if (errors.some((each) => error instanceof each)) return undefined
    throw error
  }
}

/** @throws with the message, unless the condition holds */
export function ensure(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}
