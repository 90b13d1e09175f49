/** The house stands on its floors: imports go down only, nothing runs in a circle, every file says what it is for. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'

const ROOT = path.dirname(import.meta.dirname)

/** Rooms from the lowest floor to the highest; rooms of one floor may use each other, but not in a circle. */
const FLOORS: readonly (readonly string[])[] = [
  ['exceptions'],
  ['utils'],
  ['conf'],
  ['signing', 'checks', 'apps'],
  ['db'],
  ['cache', 'mail', 'template'],
  ['http', 'urls'],
  ['handlers', 'middleware', 'views', 'shortcuts'],
  ['management'],
  ['contrib', 'test'],
]

interface Source {
  /** From the repository's root: `core/db/index.ts`. */
  readonly file: string
  readonly text: string
  /** Files of the repository that it imports, types included, by `import()` too. */
  readonly imports: readonly string[]
}

const doors = (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { imports: Record<string, string> })
  .imports

const openDoors = Object.values(doors).map((door) => path.normalize(door))

function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return path.normalize(doors[specifier] ?? `unknown door ${specifier}`)
  return specifier.startsWith('.') ? path.join(path.dirname(from), specifier) : undefined
}

const IMPORT = /^\s*(?:import|export)\b[^'"]*?\bfrom\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm
/** What only looks like code: comments, and the text of files that a command writes. */
const NO_CODE = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$|`[^`]*`/gm

function read(file: string): Source {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  const specifiers = [...text.replace(NO_CODE, '').matchAll(IMPORT)].map(
    (found) => found[1] ?? found[2] ?? found[3] ?? '',
  )
  return { file, text, imports: specifiers.flatMap((each) => target(file, each) ?? []) }
}

const filesOf = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .map((file) => path.join(folder, file))
    .toSorted()

const sources = filesOf('core').map(read)

const roomOf = (file: string): string => (file.split(path.sep)[1] ?? '').replace(/\.ts$/, '')
const floorOf = (file: string): number => FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)))

/** The first way that leads from a node back to itself. */
function circle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>()
  const walk = (node: string, way: string[]): string[] | undefined => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node]
    if (done.has(node)) return undefined
    for (const next of edges.get(node) ?? []) {
      const found = walk(next, [...way, node])
      if (found !== undefined) return found
    }
    done.add(node)
    return undefined
  }
  for (const node of edges.keys()) {
    const found = walk(node, [])
    if (found !== undefined) return found
  }
  return undefined
}

describe('the house', () => {
  it('has a floor for every room', () => {
    expect(sources.map(({ file }) => file).filter((file) => floorOf(file) < 0)).to.deep.equal([])
  })

  it('imports downwards only', () => {
    const upwards = sources.flatMap(({ file, imports }) =>
      imports.filter((each) => floorOf(each) > floorOf(file)).map((each) => `${file} imports ${each}`),
    )
    expect(upwards).to.deep.equal([])
  })

  it('has no circle of files', () => {
    expect(circle(new Map(sources.map(({ file, imports }) => [file, new Set(imports)])))).to.equal(undefined)
  })

  it('has no circle of rooms', () => {
    const edges = new Map<string, Set<string>>()
    for (const { file, imports } of sources) {
      const room = roomOf(file)
      const others = imports.map(roomOf).filter((other) => other !== room)
      edges.set(room, new Set([...(edges.get(room) ?? []), ...others]))
    }
    // What users test with looks into the features, and no feature looks back.
    expect(circle(edges)).to.equal(undefined)
  })

  it('is entered through its doors: no room imports the files of another', () => {
    const through = sources.flatMap(({ file, imports }) =>
      imports
        .filter((each) => roomOf(each) !== roomOf(file) && roomOf(each) !== 'utils')
        .filter((each) => !openDoors.includes(each))
        .map((each) => `${file} imports ${each}`),
    )
    expect(through).to.deep.equal([])
  })

  it('has doors that open', () => {
    const names = new Set(sources.map(({ file }) => file))
    expect(openDoors.filter((door) => !names.has(door))).to.deep.equal([])
  })

  it('has one sentence at the top of every file that says what it is for', () => {
    const all = [...sources, ...['apps', 'test', 'bench', 'examples'].flatMap(filesOf).map(read)]
    const silent = all.filter(({ text }) => !/^(?:#![^\n]*\n[^\n]*\n)?\/\*\*\s+(?:\* )?\S/.test(text))
    expect(silent.map(({ file }) => file)).to.deep.equal([])
  })
})
