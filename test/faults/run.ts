/** `npm run faults`: every fault on every engine, with a table of what became of the sessions. */
import { parseArgs } from 'node:util'
import { alignedTable } from '../../bench/table.ts'
import { Engine, type EngineKind, ENGINES, reasonAgainst } from './engines.ts'
import { type Fault, faultsOf } from './faults.ts'
import { endEverything } from './servers.ts'
import { type Figures, Load, RECOVERY_MS } from './trial.ts'

/** The guarantees, in milliseconds. */
const PLAIN_MS = 250
const OTHERS_MS = 100

const LIMIT_MINUTES = { full: 20, short: 3 }
const HOLD_MS = { full: 2000, short: 1200 }
const KILLS = { full: 200, short: 12 }

const HELP = `npm run faults -- [word …] [--short] [--kills N] [--list]

Sessions on every engine while their store or the site fails. Exit code 1 if a guarantee broke, 2 for wrong arguments.

  word …      runs the faults whose engine, store and name contain all of these words, such as: postgresql fin
  --short     runs a selection, in less than two minutes
  --kills N   kills servers and workers N times in total (1 to 10000; ${KILLS.full}, or ${KILLS.short} with --short)
  --list      prints the names of the faults`

interface Trial {
  readonly kind: EngineKind
  readonly fault: Fault
}

interface Result extends Trial {
  readonly figures?: Figures
  /** Why it was not run. */
  readonly skipped?: string
  readonly broken: readonly string[]
}

function refuse(message: string): never {
  console.error(`${message}\n\n${HELP}`)
  process.exit(2)
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        short: { type: 'boolean', default: false },
        kills: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

const { values, positionals } = options()
const length = values.short ? 'short' : 'full'

function killsWanted(): number {
  const kills = Number(values.kills ?? KILLS[length])
  if (Number.isInteger(kills) && kills >= 1 && kills <= 10_000) return kills
  return refuse(`--kills should be a whole number from 1 to 10000, found '${values.kills}'.`)
}

const nameOf = ({ kind, fault }: Trial): string => `${kind.engine} ${fault.store} ${fault.name}`
const wordsOf = (trial: Trial): string[] => nameOf(trial).split(/[ +]/)

/** Each word is a whole one of the name: `db` does not select `cached_db`. */
function selected(): Trial[] {
  const all = ENGINES.flatMap((kind) => faultsOf(kind).map((fault) => ({ kind, fault })))
  const words = positionals.map((word) => word.toLowerCase())
  const known = new Set(all.flatMap(wordsOf))
  const unknown = words.find((word) => !known.has(word))
  if (unknown !== undefined) refuse(`No engine, store or fault is named '${unknown}'. --list prints the names.`)
  const matching = all.filter((trial) => words.every((word) => wordsOf(trial).includes(word)))
  const found = values.short ? matching.filter(({ fault }) => fault.isShort) : matching
  if (found.length === 0) {
    const where = values.short ? 'of the short run ' : ''
    refuse(`No fault ${where}has all of these words: ${words.join(', ')}. --list prints the names.`)
  }
  return found
}

function brokenBy({ book, first, settled, plain, others = 0, deaths }: Figures): string[] {
  const broken = book.broken
  if (first > RECOVERY_MS) broken.push('recovery')
  else if (settled > RECOVERY_MS) broken.push('failures go on')
  if (plain >= PLAIN_MS) broken.push('/plain')
  if (others >= OTHERS_MS) broken.push('other sessions')
  if (deaths > 0) broken.push(`${deaths} workers died`)
  return broken
}

const milliseconds = (value: number): string => (Number.isFinite(value) ? String(Math.round(value)) : 'never')

function row({ kind, fault, figures, skipped = '', broken }: Result): string[] {
  const names = [kind.engine, fault.store, fault.name]
  if (figures === undefined) return [...names, `skipped: ${skipped}`]
  const { statuses, book } = figures
  const sorted = Array.from(statuses).toSorted(([a], [b]) => (a === 0 ? 1 : b === 0 ? -1 : a - b))
  const notes = [
    ...(broken.length > 0 ? [`BROKEN: ${broken.join(', ')}`] : []),
    ...(figures.others === undefined ? [] : [`others +${milliseconds(figures.others)} ms at p99`]),
    ...(figures.kills > 0 ? [`${figures.kills} kills`] : []),
    ...(fault.note === undefined ? [] : [`${fault.note}: ${book.forgotten} not counted`]),
  ]
  const times = [figures.longest, figures.first, figures.settled, figures.plain].map(milliseconds)
  const counts = [book.lost, book.revived, book.corrupt, book.double, book.cleared].map(String)
  const responses = sorted.map(([status, count]) => `${status === 0 ? 'none' : status}:${count}`).join(' ')
  return [...names, responses, ...times, ...counts, notes.join('; ')]
}

const HEAD =
  'engine,store,fault,responses,longest,first 200,last failure,/plain p99,lost,revived,corrupt,double,cleared,notes'.split(
    ',',
  )

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Numbers to the right; the last column to the left. A skipped row has only its reason. */
function table(results: readonly Result[]): string {
  const run = results.filter(({ figures }) => figures !== undefined).map(row)
  const cells = [HEAD, ...run]
  const numbers = alignedTable(
    cells.map((each) => each.slice(0, -1)),
    4,
  ).split('\n')
  const width = Math.max(...numbers.map((line) => line.length))
  const lines = numbers.map((line, index) => `${line.padEnd(width)}  ${cells[index]?.at(-1) ?? ''}`.trimEnd())
  return [...lines, ...results.filter(({ figures }) => figures === undefined).map((each) => row(each).join('  '))].join(
    '\n',
  )
}

const begin = performance.now()
const isLate = (): boolean => performance.now() - begin > LIMIT_MINUTES[length] * 60_000

async function runEngine(trials: readonly Trial[], rounds: number, results: Result[]): Promise<void> {
  const { kind } = trials[0] as Trial
  const add = (result: Result): void => {
    results.push(result)
    const seconds = Math.round((performance.now() - begin) / 1000)
    say(`${String(seconds).padStart(4)} s  ${row(result).filter(Boolean).join('  ')}`)
  }
  const reason = reasonAgainst(kind)
  // On the machine of CI, a missing server is a failure, as it is in the tests.
  const broken = process.env.CI === 'true' ? ['not run'] : []
  if (reason !== '') return trials.forEach((trial) => add({ ...trial, skipped: reason, broken }))
  const engine = await Engine.start(kind)
  const load = new Load(engine)
  for (const { fault } of trials) {
    const disk = fault.store === 'sqlite' || fault.store === 'disk' ? engine.disk : undefined
    const needed = disk ?? [...engine.stores.values()].find(({ server }) => server.name === fault.store)?.server.disk
    if (isLate()) add({ kind, fault, skipped: 'the time is over', broken: ['not run'] })
    else if (fault.needsDisk === true && needed?.isMounted !== true) {
      add({ kind, fault, skipped: 'this user may not mount a file system', broken: [] })
    } else {
      const figures = await load.run(fault, HOLD_MS[length], fault.isKill === true ? rounds : 1)
      add({ kind, fault, figures, broken: brokenBy(figures) })
    }
  }
  load.close()
  await engine.stop()
}

async function main(): Promise<number> {
  if (values.help) {
    say(HELP)
    return 0
  }
  const wanted = killsWanted()
  const trials = selected()
  if (values.list) {
    say(trials.map(nameOf).join('\n'))
    return 0
  }
  const kills = trials.filter(({ fault }) => fault.isKill === true).length
  const rounds = Math.ceil(wanted / Math.max(1, kills))
  const results: Result[] = []
  for (const kind of ENGINES) {
    const own = trials.filter((trial) => trial.kind === kind)
    if (own.length === 0) continue
    try {
      await runEngine(own, rounds, results)
    } catch (error) {
      // The servers of this engine end with the run; the other engines are still tested.
      const missing = own.filter(({ fault }) => !results.some((each) => each.kind === kind && each.fault === fault))
      say((error as Error).stack ?? String(error))
      for (const trial of missing) results.push({ ...trial, skipped: (error as Error).message, broken: ['not run'] })
    }
  }
  const sum = (value: (figures: Figures) => number): number =>
    results.reduce((total, { figures }) => total + (figures === undefined ? 0 : value(figures)), 0)
  const failed = results.filter(({ broken }) => broken.length > 0)
  say(`\n${table(results)}\n\nTimes in milliseconds; 'first 200' and 'last failure' count from the end of the fault.`)
  say(
    `${sum(({ kills }) => kills)} kills: ${sum(({ book }) => book.lost)} lost, ${sum(({ book }) => book.revived)} revived, ` +
      `${sum(({ book }) => book.corrupt)} corrupt, ${sum(({ book }) => book.double)} double, ${sum(({ book }) => book.cleared)} cookies cleared.`,
  )
  say(`${results.length - failed.length} faults passed, ${failed.length} failed.`)
  return failed.length > 0 ? 1 : 0
}

process.on('exit', endEverything)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
process.exit(await main())
