/** Draws the growth results: CPU time of a request by size, with one panel for each part. */
import { whole } from './figures.ts'
import { PARTS, type Part } from './growth_parts.ts'
import { type Growth, lineOf, type Result, sizesOf, TITLES } from './growth_results.ts'

const [WIDTH, HEIGHT, MARGIN] = [440, 300, { left: 50, right: 20, top: 34, bottom: 30 }]
const COLUMNS = 2
/** Colours of the stores, distinguishable with colour blindness. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#000000']
/** Lines of the read workload are dashed. */
const DASHES = ' stroke-dasharray="5 3"'
const LEGEND_LINE = 15

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${more}>${escaped(content)}</text>`

/** Powers of ten that enclose all values. */
function decades(values: readonly number[]): number[] {
  const [first, last] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))]
  return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, index) => 10 ** (first + index))
}

interface Look {
  readonly colour: string
  readonly dashes: string
}

type LookOf = (result: Result) => Look

function looks(results: readonly Result[]): LookOf {
  const stores = [...new Set(results.map(({ store }) => store ?? ''))].toSorted()
  return ({ work, store }) => ({
    colour: COLOURS[stores.indexOf(store ?? '') % COLOURS.length] as string,
    dashes: work === 'read' ? DASHES : '',
  })
}

function panel(part: Part, results: readonly Result[], lookOf: LookOf): string {
  const sizes = sizesOf(results)
  const ticks = decades(results.map(({ cpu }) => cpu))
  const [low, high] = [Math.log10(ticks[0] as number), Math.log10(ticks.at(-1) as number)]
  const [inner, tall] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom]
  const x = (size: number): number =>
    MARGIN.left + (sizes.length === 1 ? inner / 2 : (sizes.indexOf(size) / (sizes.length - 1)) * inner)
  const y = (cpu: number): number => MARGIN.top + tall * (1 - (Math.log10(cpu) - low) / (high - low))
  const grid = ticks.map(
    (tick) =>
      `<path d="M${MARGIN.left} ${y(tick).toFixed(1)}h${inner}" stroke="#ddd"/>` +
      text(MARGIN.left - 6, y(tick) + 4, whole(tick), ' text-anchor="end"'),
  )
  const labels = sizes.map((size) => text(x(size), HEIGHT - 10, whole(size), ' text-anchor="middle"'))
  const lines = [...new Set(results.map(lineOf))].map((line) => {
    const points = results.filter((result) => lineOf(result) === line).toSorted((a, b) => a.size - b.size)
    const way = points.map(({ size, cpu }) => `${x(size).toFixed(1)},${y(cpu).toFixed(1)}`).join(' ')
    const dots = points.map(
      ({ size, cpu }) => `<circle cx="${x(size).toFixed(1)}" cy="${y(cpu).toFixed(1)}" r="3" stroke="none"/>`,
    )
    const { colour, dashes } = lookOf(points[0] as Result)
    return `<g stroke="${colour}" fill="${colour}"><polyline points="${way}" fill="none" stroke-width="2"${dashes}/>${dots.join('')}</g>`
  })
  return [
    text(MARGIN.left, 20, `${TITLES[part]}: µs of processor`, ' font-weight="bold"'),
    ...grid,
    ...labels,
    ...lines,
  ].join('\n')
}

export function growthPicture({ results }: Growth): string {
  const parts = PARTS.filter((part) => results.some((result) => result.part === part))
  const lookOf = looks(results)
  const named = new Map(results.map((result) => [lineOf(result), lookOf(result)]))
  const names = [...named].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const panels = parts.map((part, index) => {
    const [x, y] = [(index % COLUMNS) * WIDTH, Math.floor(index / COLUMNS) * HEIGHT]
    const own = results.filter((result) => result.part === part)
    return `<g transform="translate(${x} ${y})">\n${panel(part, own, lookOf)}\n</g>`
  })
  const top = Math.ceil(parts.length / COLUMNS) * HEIGHT
  const legend = names.map(([name, { colour, dashes }], index) => {
    const [x, y] = [MARGIN.left + (index % 4) * 210, top + 20 + Math.floor(index / 4) * LEGEND_LINE]
    return `<path d="M${x} ${y - 4}h22" stroke="${colour}" stroke-width="3"${dashes}/>${text(x + 28, y, name)}`
  })
  const height = top + 24 + Math.ceil(names.length / 4) * LEGEND_LINE
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH * COLUMNS} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${[...panels, ...legend].join('\n')}
</svg>
`
}
