/** bin/setup.mjs detects what is missing, and does nothing if everything is there. */
import { expect } from 'chai'
import { chmodSync, existsSync } from 'node:fs'
import path from 'node:path'
import { REPOSITORY, Running, TestProject } from '../management/processes.ts'

interface SetupModule {
  readonly nodeProblem: (version?: string) => string | undefined
  readonly isInstalled: (root: string) => boolean
}

const SETUP = path.join(REPOSITORY, 'bin', 'setup.mjs')

describe('bin/setup.mjs', () => {
  let nodeProblem: SetupModule['nodeProblem']
  let isInstalled: SetupModule['isInstalled']
  let project: TestProject

  before(async () => {
    ;({ nodeProblem, isInstalled } = (await import(SETUP)) as SetupModule)
  })
  beforeEach(() => {
    project = new TestProject()
  })
  afterEach(() => project.remove())

  const lock = (packages: object): string => JSON.stringify({ packages })

  function installed(wanted: object, found?: object): boolean {
    project.write('package-lock.json', lock({ '': { name: 'x' }, ...wanted }))
    if (found !== undefined) project.write('node_modules/.package-lock.json', lock(found))
    return isInstalled(project.root)
  }

  it('requires Node 20.19', () => {
    for (const version of ['20.19.0', '20.20.2', '22.0.0', '26.1.0']) expect(nodeProblem(version)).to.equal(undefined)
    for (const version of ['18.20.0', '20.18.9']) {
      expect(nodeProblem(version)).to.match(
        new RegExp(`^Nuages needs Node 20\\.19 or later; this is ${version.replaceAll('.', '\\.')}\\.`),
      )
    }
  })

  it('detects packages that are missing, or have another version', () => {
    const koa = { 'node_modules/koa': { version: '3.3.0' } }
    expect(installed(koa)).to.equal(false)
    expect(installed(koa, {})).to.equal(false)
    expect(installed(koa, { 'node_modules/koa': { version: '3.2.0' } })).to.equal(false)
    expect(installed(koa, koa)).to.equal(true)
  })

  it('ignores packages for other platforms', () => {
    const arm = { 'node_modules/arm': { version: '1.0.0', optional: true } }
    expect(installed(arm, {})).to.equal(true)
    expect(installed(arm, { 'node_modules/arm': { version: '0.9.0' } })).to.equal(false)
  })

  it('does nothing and prints nothing if everything is there', async () => {
    const { code, stdout, stderr } = await new Running(process.execPath, [SETUP]).finished
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '', stderr: '' })
  })

  it('writes nothing into node_modules', () => {
    const koa = { 'node_modules/koa': { version: '3.3.0' } }
    installed(koa, koa)
    const folder = path.join(project.root, 'node_modules')
    chmodSync(folder, 0o555)
    expect(isInstalled(project.root)).to.equal(true)
    chmodSync(folder, 0o755)
    expect(existsSync(path.join(folder, '.nuages-setup'))).to.equal(false)
  })
})
