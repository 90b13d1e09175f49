/** The architecture: imports go to lower layers only, there are no import cycles, each file states its purpose. */
import path from 'node:path'
import { expect } from 'chai'
import {
  entryPointFiles,
  importCycles,
  importGraph,
  layerOf,
  moduleOf,
  onlyCode,
  readSources,
  type Source,
  upwardImports,
} from '../bin/source_tree.ts'

const isFast = (file: string): boolean => file.split(path.sep).includes('fast')

/** Underscore names on objects of a package, and knex's access to raw connections. */
const PRIVATE =
  /(?<=\.\s*)_\w+|(?<![\w.$])_{1,2}[a-zA-Z]\w*(?=\s*\()|(?<=(?:const|let) \{ (?:[^}]*, )?)_[a-z]\w*|\b(?:acquire|destroy)RawConnection\b/g

/** Methods that a package documents for subclasses: of Node's streams, and of a dialect of knex. */
const EXTENSION_POINTS = new Set(['_transform', '_flush', '_driver'])

/** `file: name` for each use of a private member. */
const privateMembersIn = ({ file, text }: Source): string[] =>
  Array.from(onlyCode(text).matchAll(PRIVATE), ([name]) => name)
    .filter((name) => !EXTENSION_POINTS.has(name))
    .map((name) => `${file}: ${name}`)

const core = readSources('core')
const others = ['apps', 'test', 'bench', 'bin', 'examples'].flatMap(readSources)

describe('the architecture', () => {
  it('has a layer for every module', () => {
    expect(core.map(({ file }) => file).filter((file) => layerOf(file) < 0)).to.deep.equal([])
  })

  it('has imports only to lower layers', () => {
    expect(upwardImports(core)).to.deep.equal([])
  })

  it('has no import cycle of files', () => {
    expect(importCycles(importGraph([...core, ...others]))).to.deep.equal([])
  })

  it('has no import cycle of modules', () => {
    const edges = new Map<string, Set<string>>()
    for (const { file, imports } of core) {
      const module = moduleOf(file)
      const imported = imports.map(moduleOf).filter((other) => other !== module)
      edges.set(module, new Set([...(edges.get(module) ?? []), ...imported]))
    }
    expect(importCycles(edges)).to.deep.equal([])
  })

  it('finds a cycle, and only its members', () => {
    const edges = { a: ['b'], b: ['c'], c: ['b', 'd'], d: [] }
    expect(importCycles(new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)])))).to.deep.equal([
      ['b', 'c'],
    ])
  })

  it('is imported through entry points: no module imports the files of another', () => {
    const direct = core.flatMap(({ file, imports }) =>
      imports
        .filter((each) => moduleOf(each) !== moduleOf(file))
        .filter((each) => !entryPointFiles.includes(each))
        .map((each) => `${file} imports ${each}`),
    )
    expect(direct).to.deep.equal([])
  })

  it('has entry points that exist', () => {
    const files = new Set(core.map(({ file }) => file))
    expect(entryPointFiles.filter((file) => !files.has(file))).to.deep.equal([])
  })

  it('does not import bench, test or bin from core', () => {
    const outward = core.flatMap(({ file, imports }) =>
      imports.filter((each) => !each.startsWith('core')).map((each) => `${file} imports ${each}`),
    )
    expect(outward).to.deep.equal([])
  })

  it('uses the private members of packages in fast/ only, with one exception', () => {
    const uses = core.filter(({ file }) => !isFast(file)).flatMap((source) => privateMembersIn(source))
    expect(uses).to.deep.equal([
      // The limit of multipart forms counts parts that the parser does not report, and fails if the parser's internals differ.
      'core/http/multipart.ts: _parser',
    ])
  })

  it('finds a private member, and ignores comments and extension points', () => {
    const text = `
      // client._query
      response.__onFinished ??= { queue: [] }
      await pool.client._query(connection, query)
      override async acquireRawConnection() { return super.acquireRawConnection() }
      async _query(connection) {}
      _driver() {}
      override _transform(piece, encoding, done) {}
      const { _events } = emitter
    `
    const found = privateMembersIn({ file: 'f.ts', text, lines: 9, imports: [] })
    const names = ['__onFinished', '_query', 'acquireRawConnection', 'acquireRawConnection', '_query', '_events']
    expect(found).to.deep.equal(names.map((name) => `f.ts: ${name}`))
  })

  it('selects fast paths next to their plain equivalents: no file in fast/ reads the switch', () => {
    const reading = core.filter(({ file, text }) => isFast(file) && /\bfastPaths\b/.test(text))
    expect(reading.map(({ file }) => file)).to.deep.equal([])
  })

  it('reads the switch wherever a file outside fast/ imports from fast/', () => {
    const careless = core.filter(
      ({ file, text, imports }) => !isFast(file) && imports.some(isFast) && !/\bfastPaths\b/.test(text),
    )
    // The entry point re-exports a function whose callers are in fast/.
    expect(careless.map(({ file }) => file)).to.deep.equal(['core/db/index.ts'])
  })

  it('has a first sentence in every file that states its purpose', () => {
    const silent = [...core, ...others].filter(({ text }) => !/^(?:#![^\n]*\n[^\n]*\n)?\/\*\*\s+(?:\* )?\S/.test(text))
    expect(silent.map(({ file }) => file)).to.deep.equal([])
  })
})
