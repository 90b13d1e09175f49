/** The output of a fuzz run: a line while it runs, a table at its end, and each failure with its command. */
import type { Failure } from './batch.ts'
import type { DomainResult } from './run.ts'

const number = (value: number): string => value.toLocaleString('en-US')

const column = (rows: readonly (readonly string[])[], i: number): number =>
  Math.max(...rows.map((row) => (row[i] ?? '').length))

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => column(rows, i))
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n')
}

const total = (results: readonly DomainResult[], of: (result: DomainResult) => number): number =>
  results.reduce((sum, result) => sum + of(result), 0)

/** Domain, seed, inputs, seconds of work, slowest input, failures; the totals in the last line. */
export function resultTable(results: readonly DomainResult[]): string {
  const head = ['domain', 'seed', 'inputs', 'seconds', 'µs/input', 'slowest, of its limit', 'deaths', 'failures']
  const rows = results.map(({ name, seed, inputs, ms, slowest, deaths, failed }) => [
    name,
    String(seed),
    number(inputs),
    (ms / 1000).toFixed(1),
    inputs === 0 ? '-' : ((ms * 1000) / inputs).toFixed(0),
    `${slowest.ofLimit.toFixed(3)} (${slowest.ms.toFixed(1)} ms for ${number(slowest.bytes)} B)`,
    String(deaths),
    number(failed),
  ])
  const slowest = Math.max(...results.map((result) => result.slowest.ofLimit))
  const [inputs, ms] = [total(results, (each) => each.inputs), total(results, (each) => each.ms)]
  const sums = [
    'total',
    '',
    number(inputs),
    (ms / 1000).toFixed(1),
    inputs === 0 ? '-' : ((ms * 1000) / inputs).toFixed(0),
    slowest.toFixed(3),
    number(total(results, (each) => each.deaths)),
    number(total(results, (each) => each.failed)),
  ]
  return table([head, ...rows, sums])
}

/** One failure: the problem, the input, and the command. */
export function failureText({ domain, seed, path, problem, input }: Failure): string {
  return [
    `${domain}: ${problem}`,
    `  input: ${input}`,
    `  again: npm run fuzz -- --domain ${domain} --seed ${seed} --path ${path}`,
  ].join('\n')
}

/** A line about the current run. */
export function progressLine(results: readonly DomainResult[], seconds: number): string {
  const [done, planned] = [total(results, (each) => each.inputs), total(results, (each) => each.planned)]
  const running = results.filter(({ inputs, planned }) => inputs > 0 && inputs < planned).map(({ name }) => name)
  const failed = total(results, (each) => each.failed)
  return `${seconds.toFixed(0)} s: ${number(done)} of ${number(planned)} inputs, ${number(failed)} failed (${running.join(', ')})`
}

export const failedInputs = (results: readonly DomainResult[]): number => total(results, (each) => each.failed)
