/** Templates are found only in their directories, and reloaded under DEBUG when they change. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { overrideSettings } from '#core/conf'
import { Engines, type EngineSetting, TemplateDoesNotExist } from '#core/template'

const BACKEND = 'django.template.backends.django.DjangoTemplates'

describe('template loaders', () => {
  let root = ''
  let written = 1_000_000

  /** Writes files, each a second younger than the one before. */
  const write = (file: string, text: string): void => {
    const target = path.join(root, file)
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(target, text)
    utimesSync(target, ++written, written)
  }
  const load = (entry: Partial<EngineSetting>): Promise<Engines> =>
    Engines.load([{ BACKEND, ...entry }], { root, apps: [path.join(root, 'one'), path.join(root, 'two')] })
  const renders = (engines: Engines, name: string): string => engines.select([name]).render({})

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'templates-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('search DIRS first, then the apps, in order', async () => {
    write('site/a.html', 'site')
    write('one/templates/a.html', 'one')
    write('one/templates/b.html', 'one')
    write('two/templates/b.html', 'two')
    const engines = await load({ DIRS: ['site'], APP_DIRS: true })
    expect([renders(engines, 'a.html'), renders(engines, 'b.html')]).to.deep.equal(['site', 'one'])
  })

  it('do not search the apps if APP_DIRS is not set', async () => {
    write('one/templates/b.html', 'one')
    const engines = await load({ DIRS: ['site'] })
    expect(() => renders(engines, 'b.html')).to.throw(TemplateDoesNotExist)
  })

  it('never leave their directories', async () => {
    write('secret.html', 'secret')
    write('site-secret/x.html', 'secret')
    write('site/a.html', 'a')
    const engines = await load({ DIRS: ['site'] })
    for (const name of [
      '../secret.html',
      'x/../../secret.html',
      path.join(root, 'secret.html'),
      '../site-secret/x.html',
      'a.html\0',
    ]) {
      expect(() => renders(engines, name), name).to.throw(TemplateDoesNotExist)
    }
    expect(renders(engines, 'x/../a.html')).to.equal('a')
  })

  it('do not treat a directory as a template', async () => {
    mkdirSync(path.join(root, 'site/folder.html'), { recursive: true })
    const engines = await load({ DIRS: ['site'] })
    expect(() => renders(engines, 'folder.html')).to.throw(TemplateDoesNotExist)
  })

  it('let a template extend its namesake in the next directory', async () => {
    write('site/base.html', '{% extends "base.html" %}{% block x %}site+{{ block.super }}{% endblock %}')
    write('one/templates/base.html', '{% extends "base.html" %}{% block x %}one+{{ block.super }}{% endblock %}')
    write('two/templates/base.html', '<{% block x %}two{% endblock %}>')
    const engines = await load({ DIRS: ['site'], APP_DIRS: true })
    expect(renders(engines, 'base.html')).to.equal('<site+one+two>')
    expect(renders(engines, 'base.html')).to.equal('<site+one+two>')
  })

  it('report that a template extends itself endlessly', async () => {
    write('site/self.html', '{% extends "self.html" %}')
    const engines = await load({ DIRS: ['site'] })
    expect(() => renders(engines, 'self.html')).to.throw(TemplateDoesNotExist, 'it would extend itself')
  })

  it('reload a changed template under DEBUG, also an included one', async () => {
    await overrideSettings({ DEBUG: true }, async () => {
      write('site/a.html', 'first {% include "b.html" %}')
      write('site/b.html', 'part')
      const engines = await load({ DIRS: ['site'] })
      expect(renders(engines, 'a.html')).to.equal('first part')
      write('site/a.html', 'second {% include "b.html" %}')
      write('site/b.html', 'trap')
      expect(renders(engines, 'a.html')).to.equal('second trap')
    })
  })

  it('cache a template without DEBUG', async () => {
    await overrideSettings({ DEBUG: false, ALLOWED_HOSTS: ['*'] }, async () => {
      write('site/a.html', 'first')
      const engines = await load({ DIRS: ['site'] })
      expect(renders(engines, 'a.html')).to.equal('first')
      write('site/a.html', 'second')
      expect(renders(engines, 'a.html')).to.equal('first')
    })
  })

  it('can be named in OPTIONS, with arguments, also inside the cached loader', async () => {
    write('elsewhere/a.html', 'elsewhere')
    const engines = await load({
      OPTIONS: {
        loaders: [
          [
            'django.template.loaders.cached.Loader',
            [
              ['django.template.loaders.locmem.Loader', { 'm.html': 'memory' }],
              ['django.template.loaders.filesystem.Loader', [path.join(root, 'elsewhere')]],
              'django.template.loaders.app_directories.Loader',
            ],
          ],
        ],
      },
    })
    expect([renders(engines, 'm.html'), renders(engines, 'a.html')]).to.deep.equal(['memory', 'elsewhere'])
  })
})
