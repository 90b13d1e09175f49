/** INSTALLED_APPS are loaded as apps, or all wrong entries are reported together. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { AppConfig, Apps, LookupError } from '#core/apps'
import { ImproperlyConfigured } from '#core/exceptions'

const APPS_DOOR = pathToFileURL(path.join(import.meta.dirname, '../../core/apps/index.ts')).href

describe('apps', () => {
  let root: string
  let apps: Apps
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'nuages-apps-'))
    writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }')
    apps = new Apps()
  })
  afterEach(() => rmSync(root, { recursive: true }))

  function app(name: string, config?: string): void {
    const folder = path.join(root, ...name.split('.'))
    mkdirSync(folder, { recursive: true })
    if (config !== undefined) {
      writeFileSync(path.join(folder, 'apps.ts'), `import { AppConfig } from '${APPS_DOOR}'\n${config}\n`)
    }
  }

  const complaint = async (installed: string[]): Promise<string> => {
    const error = await apps.populate(installed, root).catch((each: unknown) => each)
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    return (error as Error).message
  }

  it('are dotted names of directories', async () => {
    app('apps.polls')
    await apps.populate(['apps.polls'], root)
    const [config] = apps.getAppConfigs()
    expect(config).to.be.instanceOf(AppConfig)
    expect(config).to.include({ name: 'apps.polls', label: 'polls', verboseName: 'Polls' })
    expect(config?.path).to.equal(path.join(root, 'apps/polls'))
    expect(apps.ready).to.equal(true)
  })

  it('are configured by the AppConfig in their apps.ts, whose ready() runs after all are loaded', async () => {
    const config = `
      export class PollsConfig extends AppConfig {
        label = 'questions'
        verboseName = 'Questions and answers'
        ready() { globalThis.pollsReady = true }
      }`
    app('apps.polls', config)
    await apps.populate(['apps.polls'], root)
    expect(apps.getAppConfig('questions').verboseName).to.equal('Questions and answers')
    expect((globalThis as { pollsReady?: boolean }).pollsReady).to.equal(true)
  })

  it('may be named by their AppConfig class', async () => {
    app('apps.polls', 'export class A extends AppConfig {}\nexport class B extends AppConfig { label = "b" }')
    await apps.populate(['apps.polls.apps.B'], root)
    expect(apps.getAppConfig('b').name).to.equal('apps.polls')
    expect(await complaint(['apps.polls'])).to.contain("Name one of them: 'apps.polls.apps.A' and 'apps.polls.apps.B'")
    expect(await complaint(['apps.polls.apps.C'])).to.contain('AppConfig classes of apps.polls.apps: A and B')
  })

  it("are found under Django's own names", async () => {
    await apps.populate(['django.contrib.sessions'], root)
    expect(apps.getAppConfig('sessions').name).to.equal('core.contrib.sessions')
    expect(apps.isInstalled('django.contrib.sessions')).to.equal(true)
    expect(apps.isInstalled('core.contrib.auth')).to.equal(false)
  })

  it('that are missing are all reported together, with the directory that was tried and the ones next to it', async () => {
    app('apps.polls')
    app('apps.blog')
    const message = await complaint(['apps.pols', 'nowhere.at.all', 'django.contrib.nothing'])
    const [first, second, third] = message.split('\n')
    expect(first).to.equal(
      "INSTALLED_APPS[0] names 'apps.pols', but there is no apps/pols/." +
        " apps/ holds: blog and polls. Did you mean 'polls'?",
    )
    expect(second).to.contain("INSTALLED_APPS[1] names 'nowhere.at.all', but there is no nowhere/at/all/")
    expect(third).to.contain("Nuages has no 'core.contrib.nothing'. core/contrib/ holds:")
  })

  it('may not share a label', async () => {
    app('one.polls')
    app('two.polls')
    expect(await complaint(['one.polls', 'two.polls'])).to.contain(
      "INSTALLED_APPS[1] 'two.polls' has the label 'polls'",
    )
  })

  it('are found by label, and the closest label is reported', async () => {
    app('apps.polls')
    await apps.populate(['apps.polls'], root)
    expect(() => apps.getAppConfig('pols')).to.throw(
      LookupError,
      "No installed app with label 'pols'. Did you mean 'polls'?",
    )
  })

  it('pass on an error inside an apps.ts', async () => {
    app('apps.polls', "throw new Error('half a file')")
    const error = await apps.populate(['apps.polls'], root).catch((each: Error) => each)
    expect((error as Error).message).to.equal('half a file')
  })
})
