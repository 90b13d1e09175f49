/** manage.ts as a process: from any directory, fast to load, with clear errors. */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { endAll, MANAGE, managed, REPOSITORY, Running, settingsText, TestProject } from './processes.ts'

const { version } = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as { version: string }

describe('manage.ts', () => {
  afterEach(endAll)

  it('runs from any directory by its shebang', async () => {
    const { code, stdout, stderr } = await managed(['help'], { cwd: tmpdir() })
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(stdout).to.match(/^\nType 'manage\.ts help <subcommand>' for help on a specific subcommand\.\n\nAvailable/)
  })

  it('loads neither database, nor server, nor settings library for help and version', async () => {
    const hooks = `import { writeSync } from 'node:fs'
      export async function load(url, context, next) {
        if (/node_modules\\/(knex|koa|convict|commander|keyv|better-sqlite3)\\//.test(url)) writeSync(2, url + '\\n')
        return next(url, context)
      }`
    const register = `import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))`
    const trace = `data:text/javascript,${encodeURIComponent(register)}`
    for (const command of ['help', 'version']) {
      const args = ['--import', 'tsx', '--import', trace, MANAGE, command]
      const { code, stderr } = await new Running(process.execPath, args).finished
      expect({ command, code, stderr }).to.deep.equal({ command, code: 0, stderr: '' })
    }
  })

  it('prints its version in three ways', async () => {
    const all = await Promise.all([managed(['version']), managed(['--version']), managed(['check', '--version'])])
    for (const { code, stdout } of all) expect({ code, stdout }).to.deep.equal({ code: 0, stdout: `${version}\n` })
  })

  it('lists the core commands, and reports why no others, if the settings are broken', async () => {
    const project = new TestProject({ 'settings.ts': 'export default { INSTALLED_APPS: [' })
    const { code, stdout } = await managed(['help', '--pythonpath', project.root])
    project.remove()
    expect(code).to.equal(0)
    expect(stdout).to.contain('[core]\n    check\n')
    expect(stdout).to.match(
      /Note that only core's commands are listed, as the settings cannot be read: .*settings\.ts/s,
    )
  })

  it('reports an invalid setting in one message, without a stack unless --traceback is given', async () => {
    const project = new TestProject({ 'settings.ts': settingsText({ SESSION_COOKIE_AGE: "'long'" }) })
    const words = ['check', '--pythonpath', project.root]
    const [short, long] = await Promise.all([managed(words), managed([...words, '--traceback'])])
    project.remove()
    expect({ code: short.code, stdout: short.stdout }).to.deep.equal({ code: 1, stdout: '' })
    expect(short.stderr).to.equal(
      'ImproperlyConfigured: A setting is wrong:\n' +
        '  SESSION_COOKIE_AGE: expected a whole number of seconds, 0 or more, found "long"\n',
    )
    expect(long.stderr).to.match(/SESSION_COOKIE_AGE.*\n {4}at /s)
  })

  it('reports where a settings file has a syntax error', async () => {
    const project = new TestProject({ 'settings.ts': 'export default {\n  DEBUG: tru e,\n}\n' })
    const { code, stderr } = await managed(['check', '--pythonpath', project.root])
    project.remove()
    expect(code).to.equal(1)
    expect(stderr).to.match(/settings\.ts:2:/)
    expect(stderr).not.to.match(/^ +at /m)
  })

  it("shows only the user's own frames of an unexpected error", async () => {
    const project = new TestProject({ 'settings.ts': 'export default null.DEBUG\n' })
    const { code, stderr } = await managed(['check', '--pythonpath', project.root])
    project.remove()
    expect(code).to.equal(1)
    const [first, ...frames] = stderr.trimEnd().split('\n')
    expect(first).to.match(/^TypeError: /)
    expect(frames.at(-1)).to.equal('(--traceback shows the whole stack.)')
    expect(frames.slice(0, -1).join('\n')).to.match(/^ +at .*settings\.ts:1:\d+\)?$/)
  })

  it('runs the checks before a command that requires them, and stops at an error', async () => {
    const project = new TestProject({
      'settings.ts': settingsText({ INSTALLED_APPS: "['apps.shop']" }),
      'apps/urls.ts': 'export const urlpatterns = []\n',
      'apps/shop/apps.ts': `import { AppConfig } from '#core/apps'
        import { Error, register } from '#core/checks'
        export class ShopConfig extends AppConfig {
          override ready() { register(() => [new Error('No goods.', { id: 'shop.E001' })], 'shop') }
        }`,
      'apps/shop/management/commands/sell.ts': `import { BaseCommand } from '#core/management'
        export default class SellCommand extends BaseCommand {
          readonly help = 'Sells.'
          handle() { this.stdout.write('sold') }
        }`,
    })
    const words = ['sell', '--pythonpath', project.root]
    const [checked, skipped] = await Promise.all([managed(words), managed([...words, '--skip-checks'])])
    project.remove()
    expect(checked).to.deep.include({ code: 1, stdout: '' })
    expect(checked.stderr).to.equal(
      'SystemCheckError: System check identified some issues:\n\nERRORS:\n?: (shop.E001) No goods.\n',
    )
    expect(skipped).to.deep.include({ code: 0, stdout: 'sold\n', stderr: '' })
  })

  it('uses another settings module with --settings and NUAGES_SETTINGS_MODULE', async () => {
    const project = new TestProject({ 'config/other.ts': settingsText({ DEBUG: 'false', MY_OWN: '7' }) })
    const here = { cwd: project.root }
    const words = ['diffsettings', '--pythonpath', project.root]
    const [byOption, byVariable] = await Promise.all([
      managed([...words, '--settings=config.other'], here),
      managed(words, { ...here, env: { NUAGES_SETTINGS_MODULE: 'config.other' } }),
    ])
    project.remove()
    expect(byOption.stdout).to.contain('MY_OWN = 7  ###\n').and.contain("SETTINGS_MODULE = 'config.other'  ###\n")
    expect(byVariable.stdout).to.equal(byOption.stdout)
  })
})
