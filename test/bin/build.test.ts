/** npm run build: the package runs a project and has types for it. */
import { expect } from 'chai'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { REPOSITORY, Running, TestProject } from '../management/processes.ts'
import { builtPackage, installPackage } from './package.ts'

describe('npm run build', function () {
  this.timeout(60_000)
  let project: TestProject
  let nuages: string

  before(async () => {
    project = new TestProject({
      'package.json': JSON.stringify({ type: 'module', imports: { '#core/*': 'nuages/*' } }),
      'settings.ts': `import type { Settings } from '#core/conf'

export default { SECRET_KEY: 'x'.repeat(50), DEBUG: true, ROOT_URLCONF: 'apps.urls' } satisfies Settings
`,
      'apps/urls.ts': `import { HttpResponse, type HttpRequest } from '#core/http'
import { path } from '#core/urls'

export const urlpatterns = [
  path('<int:year>/', (_request: HttpRequest, { year }: { year: number }) => new HttpResponse(String(year))),
]
`,
      'tsconfig.json': JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { types: ['node'], skipLibCheck: false },
        include: ['manage.ts', 'settings.ts', 'apps'],
      }),
    })
    nuages = await builtPackage()
    cpSync(path.join(REPOSITORY, 'manage.ts'), path.join(project.root, 'manage.ts'))
    await installPackage(project.root)
  })
  after(() => project.remove())

  const manage = (...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    new Running(path.join(project.root, 'manage.ts'), words).finished

  it('makes a package with every entry point, and no development tools', () => {
    const manifest = JSON.parse(readFileSync(path.join(nuages, 'package.json'), 'utf8')) as {
      name: string
      exports: Record<string, { types: string; default: string } | string>
      dependencies: Record<string, string>
    }
    expect(manifest.name).to.equal('nuages')
    expect(manifest.exports).to.include.keys('./conf', './http', './contrib/sessions', './signing')
    for (const target of Object.values(manifest.exports)) {
      const files = typeof target === 'string' ? [target] : Object.values(target)
      for (const file of files) expect(existsSync(path.join(nuages, file)), file).to.equal(true)
    }
    expect(manifest.dependencies)
      .to.include.keys('koa', 'knex', '@types/koa')
      .and.not.include.keys('mocha', 'typescript')
  })

  it('has the common passwords in the package', async () => {
    const code =
      "import { CommonPasswordValidator } from '#core/contrib/auth'\nnew CommonPasswordValidator().validate('godzilla')"
    expect((await manage('shell', '-c', code)).stderr).to.contain('This password is too common.')
    expect(existsSync(path.join(nuages, 'core/contrib/auth/common-passwords.LICENSE.txt'))).to.equal(true)
  })

  it('runs a project whose imports lead to the package', async () => {
    const { code, stdout, stderr } = await manage('check')
    expect({ code, stdout, stderr }).to.deep.equal({
      code: 0,
      stdout: 'System check identified no issues (0 silenced).\n',
      stderr: '',
    })
    expect((await manage('help')).stdout).to.contain('    runserver\n')
    const code40 = "import { resolve } from '#core/urls'\nconsole.log(resolve('/2026/').kwargs)"
    expect((await manage('shell', '-c', code40)).stdout).to.equal('{ year: 2026 }\n')
  })

  it('types the project', async () => {
    const tsc = path.join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc')
    const { code, stdout } = await new Running(process.execPath, [tsc, '-p', project.root]).finished
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '' })
  })
})
