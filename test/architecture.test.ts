/** The architecture: imports go to lower layers only, there are no import cycles, each file states its purpose. */
import { expect } from 'chai'
import {
  entryPointFiles,
  importCycles,
  importGraph,
  layerOf,
  moduleOf,
  readSources,
  upwardImports,
} from '../bin/source_tree.ts'

const core = readSources('core')
const others = ['apps', 'test', 'bench', 'bin', 'examples'].flatMap(readSources)

describe('the architecture', () => {
  it('has a layer for every module', () => {
    expect(core.map(({ file }) => file).filter((file) => layerOf(file) < 0)).to.deep.equal([])
  })

  it('has imports to lower layers only', () => {
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

  it('has a first sentence in every file that states its purpose', () => {
    const silent = [...core, ...others].filter(({ text }) => !/^(?:#![^\n]*\n[^\n]*\n)?\/\*\*\s+(?:\* )?\S/.test(text))
    expect(silent.map(({ file }) => file)).to.deep.equal([])
  })
})
