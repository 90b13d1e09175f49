/** `npm run bench:guard [-- word … | --update]`: detects, without timing, requests that have become more expensive. */
import { plusMinusPercent, whole } from './figures.ts'
import {
  complaints,
  countAll,
  GUARDED,
  improvements,
  MOST_RISE,
  NODE,
  readNotes,
  rise,
  writeNotes,
} from './regression_guard.ts'
import type { Figures } from './guard_process.ts'
import { alignedTable } from './table.ts'
import { nameOf } from './targets.ts'

const REQUESTS = 300
const WRONG_USAGE = 2

const HEAD = ['a request of', 'bytes', 'noted', '', 'steps', 'noted', '']

function rowOf(name: string, { bytes, steps }: Figures, noted: Figures | undefined): string[] {
  const beside = (now: number, before: number | undefined) =>
    before === undefined ? ['', ''] : [whole(before), plusMinusPercent(rise(now, before))]
  return [name, whole(bytes), ...beside(bytes, noted?.bytes), whole(steps), ...beside(steps, noted?.steps)]
}

async function guard(words: readonly string[], updates: boolean): Promise<number> {
  const targets = GUARDED.filter((target) => words.every((word) => nameOf(target).includes(word)))
  if (targets.length === 0) {
    process.stderr.write(`Nothing that is guarded has all of these words in its name: ${words.join(', ')}.\n`)
    return WRONG_USAGE
  }
  const { node, requests: noted } = readNotes()
  const now = await countAll(targets, REQUESTS)
  const rows = Object.entries(now).map(([name, figures]) => rowOf(name, figures, noted[name]))
  process.stdout.write(`${alignedTable([HEAD, ...rows], 1)}\n\nover what node:http takes by itself\n`)
  if (updates) {
    writeNotes(node === NODE ? { ...noted, ...now } : now)
    return 0
  }
  if (node !== NODE) {
    process.stdout.write(`What is noted down is of Node ${node}; this is Node ${NODE}, and judges nothing.\n`)
    return 0
  }
  const wrong = complaints(now, noted)
  const better = improvements(now, noted)
  if (better.length > 0)
    process.stdout.write(`Much better than noted, and worth noting with --update: ${better.join('; ')}\n`)
  for (const each of wrong) process.stdout.write(`${each}\n`)
  if (wrong.length > 0)
    process.stdout.write(`More than ${MOST_RISE * 100} % is too much. Wanted? --update notes it down.\n`)
  return wrong.length === 0 ? 0 : 1
}

const args = process.argv.slice(2)
const unknown = args.find((arg) => arg.startsWith('-') && arg !== '--update')
if (unknown === undefined) {
  process.exitCode = await guard(
    args.filter((arg) => arg !== '--update'),
    args.includes('--update'),
  )
} else {
  process.stderr.write(`There is no option ${unknown}, only --update.\n`)
  process.exitCode = WRONG_USAGE
}
