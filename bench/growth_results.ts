/** The growth results in bench/growth.json. A run of some parts does not change the results of the others. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { FanOut } from './fan_out.ts'
import type { Part, Point } from './growth_parts.ts'

export interface Result extends Point {
  /** Processor and version of Node. */
  readonly machine: string
  readonly requestsPerSecond: number
  /** CPU time of the server for one request, in microseconds. */
  readonly cpu: number
  /** Latencies in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** The figures of the floor, a bare node:http server, measured just before. */
  readonly floor: { readonly requestsPerSecond: number; readonly cpu: number }
}

export interface Growth {
  readonly results: readonly Result[]
  /** By number of files. */
  readonly fanOut: Readonly<Record<string, FanOut>>
}

export const TITLES: Readonly<Record<Part, string>> = {
  sessions: 'Sessions in the store',
  connections: 'Connections at once',
  data: 'Bytes of data in a session',
  patterns: 'URL patterns',
}

/** The name of a line in the tables and the picture: a workload and a store. */
export const lineOf = ({ work, store }: Result): string => [work, store].filter(Boolean).join(', ')

export const sizesOf = (results: readonly Result[]): number[] =>
  [...new Set(results.map(({ size }) => size))].toSorted((a, b) => a - b)

const FILE = path.join(import.meta.dirname, 'growth.json')

export function readGrowth(): Growth {
  if (!existsSync(FILE)) return { results: [], fanOut: {} }
  return JSON.parse(readFileSync(FILE, 'utf8')) as Growth
}

export const writeGrowth = (growth: Growth): void => writeFileSync(FILE, `${JSON.stringify(growth, null, 2)}\n`)

const isOf = (a: Point, b: Point): boolean =>
  a.part === b.part && a.size === b.size && a.work === b.work && a.store === b.store

/** Replaces the old results of the same points by new ones. */
export function merged(old: Growth, now: Growth): Growth {
  const kept = old.results.filter((result) => !now.results.some((other) => isOf(other, result)))
  return { results: [...kept, ...now.results], fanOut: { ...old.fanOut, ...now.fanOut } }
}
