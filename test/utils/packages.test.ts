/** An optional npm package is loaded from the project, or else from the framework. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { ImproperlyConfigured } from '#core/exceptions'
import { importPackage, requirePackage, resolvePackage } from '#core/utils'

describe('npm packages', () => {
  let root: string
  before(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'nuages-packages-')))
    install('koa', { main: 'index.js' }, { 'index.js': "exports.whose = 'the project'" })
    install('common', { main: 'lib/main.js' }, { 'lib/main.js': 'exports.kind = "common"' })
    install(
      'only-import',
      { type: 'module', exports: { '.': { types: './x.d.ts', import: { default: './esm.js' } } } },
      { 'esm.js': 'export const kind = "module"' },
    )
    install('@scope/sugar', { exports: { import: './esm.mjs' } }, { 'esm.mjs': 'export default "scoped"' })
    install('closed', { exports: { './inside': './inside.js' } }, { 'inside.js': '' })
    install('broken', { main: 'index.js' }, { 'index.js': 'throw new Error("half a package")' })
  })
  after(() => rmSync(root, { recursive: true }))

  function install(name: string, packageJson: object, files: Readonly<Record<string, string>>): void {
    const directory = path.join(root, 'node_modules', name)
    const all = { ...files, 'package.json': JSON.stringify({ name, version: '1.0.0', ...packageJson }) }
    for (const [file, text] of Object.entries(all)) {
      mkdirSync(path.dirname(path.join(directory, file)), { recursive: true })
      writeFileSync(path.join(directory, file), text)
    }
  }

  const by = (): { setting: string; root: string } => ({ setting: 'SOME_SETTING', root })

  it('are loaded from the project', async () => {
    expect(resolvePackage('koa', by())).to.equal(path.join(root, 'node_modules/koa/index.js'))
    expect(await importPackage('koa', by())).to.include({ whose: 'the project' })
    expect(requirePackage('common', by())).to.deep.equal({ kind: 'common' })
  })

  it('or from the framework', async () => {
    expect(resolvePackage('koa-compress', by())).to.contain(`${path.sep}koa-compress${path.sep}`)
    expect(await importPackage('koa-compress', by()))
      .to.have.property('default')
      .that.is.a('function')
  })

  it('may support only import', async () => {
    expect(await importPackage('only-import', by())).to.include({ kind: 'module' })
    expect(await importPackage('@scope/sugar', by())).to.include({ default: 'scoped' })
  })

  it('are reported with the setting and the command if they are missing', async () => {
    for (const name of ['no-such-package', '@no/such', 'closed']) {
      const expected = `SOME_SETTING needs the npm package '${name}', which is not installed. Run: npm install ${name}`
      expect(() => resolvePackage(name, by())).to.throw(ImproperlyConfigured, expected)
      expect(() => requirePackage(name, by())).to.throw(ImproperlyConfigured, expected)
      const error = await importPackage(name, by()).catch((each: unknown) => each)
      expect(error).to.be.instanceOf(ImproperlyConfigured).with.property('message', expected)
    }
  })

  it('pass on their own errors', async () => {
    const error = await importPackage('broken', by()).catch((each: Error) => each)
    expect((error as Error).message).to.equal('half a package')
  })
})
