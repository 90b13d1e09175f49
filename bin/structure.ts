/** `npm run structure`: the size and the imports of the source files, as figures to compare before and after a change. */
import process from 'node:process'
import { importCycles, importGraph, readSources, type Source, upwardImports } from './source_tree.ts'

/** Files with fewer lines are counted as short. */
const SHORT = 60
const LONGEST_SHOWN = 20
const DIRECTORIES = ['core', 'apps', 'bench', 'test']

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function summary(directory: string, sources: readonly Source[], cycles: number): string {
  const lines = sources.map((source) => source.lines)
  const total = lines.reduce((sum, each) => sum + each, 0)
  const short = lines.filter((each) => each < SHORT).length
  const share = Math.round((100 * short) / sources.length)
  return [
    directory.padEnd(8),
    `${sources.length} files`.padStart(10),
    `${total} lines`.padStart(13),
    `median ${median(lines)}`.padStart(11),
    `${share} % under ${SHORT} lines`.padStart(22),
    `${cycles} import ${cycles === 1 ? 'cycle' : 'cycles'}`.padStart(17),
  ].join('')
}

const trees = DIRECTORIES.map((directory) => {
  const sources = readSources(directory)
  return { directory, sources, cycles: importCycles(importGraph(sources)) }
})
const core = trees[0]?.sources ?? []
const longest = core.toSorted((a, b) => b.lines - a.lines).slice(0, LONGEST_SHOWN)
const upward = upwardImports(core)

const report = [
  ...trees.map(({ directory, sources, cycles }) => summary(directory, sources, cycles.length)),
  '',
  `Upward imports in core: ${upward.length}`,
  ...upward.map((each) => `  ${each}`),
  ...trees.flatMap(({ cycles }) => cycles.map((cycle) => `Cycle: ${cycle.join(', ')}`)),
  '',
  `The ${LONGEST_SHOWN} longest files of core:`,
  ...longest.map(({ file, lines }) => `${String(lines).padStart(6)}  ${file}`),
]
process.stdout.write(`${report.join('\n')}\n`)
