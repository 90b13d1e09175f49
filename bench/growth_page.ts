/** Writes the growth results as tables between two markers in docs/topics/performance.md, and as a picture. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hundredths, tenths, whole } from './figures.ts'
import { growthPicture } from './growth_picture.ts'
import { PARTS, type Part } from './growth_parts.ts'
import { type Growth, lineOf, type Result, sizesOf, TITLES } from './growth_results.ts'

const DOCS = path.join(import.meta.dirname, '..', 'docs')
export const PAGE = path.join(DOCS, 'topics', 'performance.md')
export const PICTURE = path.join(DOCS, 'images', 'growth.svg')

const [BEGIN, END] = ['<!-- growth: written by npm run bench:growth -->', '<!-- end of growth -->']

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** CPU time comes first, because other load on the machine affects it least. */
function cell(result: Result | undefined): string {
  if (result === undefined) return '–'
  const share = hundredths(result.floor.cpu / result.cpu)
  return `${tenths(result.cpu)} µs, ${whole(result.requestsPerSecond)}/s (${share})`
}

function tableOf(part: Part, results: readonly Result[]): string[] {
  const own = results.filter((result) => result.part === part)
  if (own.length === 0) return []
  const sizes = sizesOf(own)
  const lines = [...new Set(own.map(lineOf))].toSorted()
  const rows = lines.map((line) => {
    const ofSize = (size: number) => own.find((result) => result.size === size && lineOf(result) === line)
    return row([line, ...sizes.map((size) => cell(ofSize(size)))])
  })
  const machines = [...new Set(own.map(({ machine }) => machine))].toSorted().join('; ')
  const head = [row([TITLES[part], ...sizes.map(whole)]), row(['---', ...sizes.map(() => '---')])]
  return ['', ...head, ...rows, '', `On ${machines}.`]
}

function fanOutTable(fanOut: Growth['fanOut']): string[] {
  const rows = Object.entries(fanOut)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([files, { inOneFolder, in256Folders }]) =>
      row([whole(Number(files)), `${tenths(inOneFolder)} µs`, `${tenths(in256Folders)} µs`]),
    )
  return rows.length === 0
    ? []
    : ['', row(['Files', 'in one folder', 'in 256 folders']), row(['---', '---', '---']), ...rows]
}

export function growthText({ results, fanOut }: Growth): string {
  const tables = [...PARTS.flatMap((part) => tableOf(part, results)), ...fanOutTable(fanOut)]
  const words =
    'Processor time and requests a second; in brackets what a bare `node:http` hello, measured just before, took of that time.'
  return [
    BEGIN,
    '',
    words,
    ...tables,
    '',
    '![Processor time of a request as a site grows](../images/growth.svg)',
    '',
    END,
  ].join('\n')
}

/** Replaces the figures in the page. @throws Error if the markers are missing */
export function pageWith(page: string, growth: Growth): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no '${BEGIN}' before an '${END}', where the figures go.`)
  return page.slice(0, begin) + growthText(growth) + page.slice(end + END.length)
}

export function writePage(growth: Growth): void {
  writeFileSync(PAGE, pageWith(readFileSync(PAGE, 'utf8'), growth))
  writeFileSync(PICTURE, growthPicture(growth))
}
