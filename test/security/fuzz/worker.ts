/** A process that runs batches for the fuzz run that started it, so that a crash or an endless loop is detected. */
import { BatchRunner, type BatchResult, type Failure, repeat, watchIncidents } from './batch.ts'
import { DOMAINS } from './domains.ts'

export interface Job {
  readonly domain: string
  readonly seed: number
  readonly count: number
  /** Reports the next input, and checks none. */
  readonly aloud?: boolean
  /** One input of fast-check, instead of a batch. */
  readonly path?: string
}

export type Report =
  | { readonly kind: 'alive' }
  | { readonly kind: 'next'; readonly index: number }
  | { readonly kind: 'batch'; readonly result: BatchResult }
  | { readonly kind: 'repeated'; readonly failure: Failure | undefined }
  | { readonly kind: 'broken'; readonly problem: string }

const say = (report: Report): void => void process.send?.(report)

interface Opened {
  readonly name: string
  readonly runner: BatchRunner
  readonly close: (() => Promise<void> | void) | undefined
}

let opened: Opened | undefined

async function runnerOf(name: string): Promise<BatchRunner> {
  if (opened?.name === name) return opened.runner
  await opened?.close?.()
  const domain = DOMAINS.find((each) => each.name === name)
  if (domain === undefined) throw new Error(`There is no fuzz domain '${name}'.`)
  const close = await domain.open?.()
  opened = { name, close, runner: new BatchRunner(domain, () => say({ kind: 'alive' })) }
  return opened.runner
}

async function run({ domain, seed, count, aloud, path }: Job): Promise<void> {
  const runner = await runnerOf(domain)
  if (path !== undefined) {
    const found = DOMAINS.find((each) => each.name === domain)
    return say({ kind: 'repeated', failure: found && (await repeat(found, seed, path)) })
  }
  if (aloud) {
    await runner.runAloud(seed, count, (index) => say({ kind: 'next', index }))
    return say({ kind: 'repeated', failure: undefined })
  }
  say({ kind: 'batch', result: await runner.run(seed, count) })
}

watchIncidents()
process.on('message', (job: Job) => {
  run(job).catch((error: unknown) =>
    say({ kind: 'broken', problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
