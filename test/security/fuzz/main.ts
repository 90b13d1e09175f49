/** `npm run fuzz`: the long run, one domain of it, or one input again. */
import { parseArgs } from 'node:util'
import type { Failure } from './batch.ts'
import { DOMAINS } from './domains.ts'
import { failedInputs, failureText, progressLine, resultTable } from './report.ts'
import { chooseSeed, type DomainResult, repeatInput, runFuzz } from './run.ts'

const PROGRESS_MS = 10_000

const HELP = `npm run fuzz -- [--inputs N] [--seed S] [--domain a,b] [--short] [--workers N]
npm run fuzz -- --domain NAME --seed S --path P    one input again, as a failure says

Domains: ${DOMAINS.map(({ name }) => name).join(', ')}`

const { values } = parseArgs({
  options: {
    inputs: { type: 'string' },
    seed: { type: 'string' },
    domain: { type: 'string' },
    path: { type: 'string' },
    workers: { type: 'string' },
    short: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** Ends the program with a usage error. */
function refuse(message: string): never {
  console.error(`${message}\n\n${HELP}`)
  process.exit(2)
}

function whole(option: 'inputs' | 'seed' | 'workers', least = 0): number | undefined {
  const text = values[option]
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= least) return number
  return refuse(`--${option} should be a whole number of at least ${least}, found '${text}'.`)
}

/** The domains to run; all of them by default. */
function chosenDomains(): string[] | undefined {
  const names = values.domain?.split(',')
  const unknown = names?.find((name) => !DOMAINS.some((each) => each.name === name))
  return unknown === undefined ? names : refuse(`There is no domain '${unknown}'.`)
}

async function again(domain: string, seed: number, at: string): Promise<boolean> {
  const failure = await repeatInput(domain, seed, at)
  console.log(failure === undefined ? 'The input passes.' : failureText(failure))
  return failure === undefined
}

const printed = new Set<Failure>()

/** Prints each failure once, when it is found. */
function printNew(results: readonly DomainResult[]): void {
  for (const failure of results.flatMap(({ failures }) => failures)) {
    if (!printed.has(failure)) console.log(`\n${failureText(failure)}\n`)
    printed.add(failure)
  }
}

async function all(seed: number): Promise<boolean> {
  console.log(`seed ${seed}`)
  const begin = performance.now()
  const seconds = (): number => (performance.now() - begin) / 1000
  let last = begin
  const results = await runFuzz({
    length: values.short ? 'short' : 'long',
    seed,
    domains: chosenDomains(),
    inputs: whole('inputs', 1),
    workers: whole('workers', 1) ?? 2,
    onProgress(now) {
      printNew(now)
      if (performance.now() - last < PROGRESS_MS) return
      last = performance.now()
      console.log(progressLine(now, seconds()))
    },
  })
  printNew(results)
  console.log(`\n${resultTable(results)}\n\nseed ${seed}, ${seconds().toFixed(0)} s`)
  return failedInputs(results) === 0
}

if (values.help) console.log(HELP)
else {
  const seed = whole('seed') ?? chooseSeed()
  const { domain, path } = values
  chosenDomains()
  const passed = domain !== undefined && path !== undefined ? await again(domain, seed, path) : await all(seed)
  process.exitCode = passed ? 0 : 1
}
