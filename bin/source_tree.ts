/** The TypeScript files of the repository with their imports, and the rules for which module may import which. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const ROOT = path.dirname(import.meta.dirname)

/** Modules of `core/`, from the lowest layer to the highest. Modules of one layer may import each other, without cycles. */
export const LAYERS: readonly (readonly string[])[] = [
  ['exceptions'],
  ['concurrency', 'serialization', 'web', 'utils'],
  ['conf'],
  ['signing', 'checks', 'apps'],
  ['db'],
  ['cache', 'mail', 'template'],
  ['http', 'urls'],
  ['handlers', 'middleware', 'views', 'shortcuts'],
  ['management'],
  ['contrib', 'test'],
]

export interface Source {
  /** Relative to the repository: `core/db/index.ts`. */
  readonly file: string
  readonly text: string
  readonly lines: number
  /** Files of the repository that it imports, with type imports and `import()`. */
  readonly imports: readonly string[]
}

interface PackageJson {
  readonly imports: Readonly<Record<string, string>>
}

const packageJson = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as PackageJson

/** The entry points of package.json, by specifier: `#core/db` is `core/db/index.ts`. */
const entryPoints = new Map(Object.entries(packageJson.imports).map(([name, file]) => [name, path.normalize(file)]))

export const entryPointFiles: readonly string[] = [...entryPoints.values()]

const IMPORT = /^\s*(?:import|export)\b[^'"]*?\bfrom\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm
/**
 * Comments and template literals, which may hold the text of a file that a command writes. Strings are matched too, and
 * kept, because a string may contain the start of a comment.
 */
const NOT_CODE = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$|`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/gm

/** The text of a source file without comments and template literals. */
export const onlyCode = (text: string): string => text.replace(NOT_CODE, (found) => (/^['"]/.test(found) ? found : ''))

function resolveSpecifier(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return entryPoints.get(specifier) ?? `unknown entry point ${specifier}`
  return specifier.startsWith('.') ? path.join(path.dirname(from), specifier) : undefined
}

function readSource(file: string): Source {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  const specifiers = Array.from(
    onlyCode(text).matchAll(IMPORT),
    ([, named, bare, dynamic]) => named ?? bare ?? dynamic ?? '',
  )
  return {
    file,
    text,
    lines: text.split('\n').length - 1,
    imports: specifiers.flatMap((each) => resolveSpecifier(file, each) ?? []),
  }
}

/** All TypeScript files below a directory of the repository, sorted by name. */
export function readSources(directory: string): Source[] {
  return readdirSync(path.join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .map((file) => path.join(directory, file))
    .toSorted()
    .map(readSource)
}

/** The first level below `core/`: `core/db/index.ts` is of the module `db`. */
export const moduleOf = (file: string): string => (file.split(path.sep)[1] ?? '').replace(/\.ts$/, '')

/** The index of a file's layer, or -1 where `LAYERS` does not have its module. */
export const layerOf = (file: string): number => LAYERS.findIndex((modules) => modules.includes(moduleOf(file)))

/** Imports that go from a lower layer to a higher one, as `file imports file`. */
export function upwardImports(sources: readonly Source[]): string[] {
  return sources.flatMap(({ file, imports }) =>
    imports.filter((each) => layerOf(each) > layerOf(file)).map((each) => `${file} imports ${each}`),
  )
}

export type Graph = ReadonlyMap<string, ReadonlySet<string>>

export const importGraph = (sources: readonly Source[]): Graph =>
  new Map(sources.map(({ file, imports }) => [file, new Set(imports)]))

/**
 * Groups of nodes that all reach each other: Tarjan's strongly connected components with more than one node.
 * A graph without cycles has none.
 */
export function importCycles(graph: Graph): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[][] = []
  const visit = (node: string): void => {
    order.set(node, order.size)
    lowest.set(node, order.get(node) as number)
    stack.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node) as number, lowest.get(next) as number))
    }
    if (lowest.get(node) !== order.get(node)) return
    const group = stack.splice(stack.indexOf(node))
    if (group.length > 1) cycles.push(group.toSorted())
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return cycles
}
