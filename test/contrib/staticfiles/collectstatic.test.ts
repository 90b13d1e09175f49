/** collectstatic fills STATIC_ROOT with what the finders find, skips what is up to date, and reports its work. */
import { existsSync, lstatSync, readlinkSync, statSync, utimesSync } from 'node:fs'
import { expect } from 'chai'
import { ImproperlyConfigured } from '#core/exceptions'
import { endAll, managed, settingsText, TestProject } from '../../management/processes.ts'
import { failureOf, StaticSite } from './site.ts'

describe('collectstatic', () => {
  const site = new StaticSite()
  before(() => site.open())
  after(() => site.close())
  beforeEach(() => {
    site.empty()
    site.write({
      'shop/static/a.css': 'a',
      'shop/static/shop/b.js': 'b',
      'blog/static/c.png': Buffer.of(0xff, 0, 0x80),
    })
  })

  const past = (name: string): void => utimesSync(site.file(name), 1_000_000_000, 1_000_000_000)

  it('copies every file, with the mode of uploaded files', () =>
    site.with({}, async () => {
      expect(await site.collect()).to.equal("\n3 static files copied to 'DIR'.\n")
      expect(site.files()).to.deep.equal(['a.css', 'c.png', 'shop/b.js'])
      expect(site.read('root/shop/b.js')).to.equal('b')
      expect(statSync(site.file('root/a.css')).mode & 0o777).to.equal(0o644)
      expect(statSync(site.file('root/c.png')).size).to.equal(3)
    }))

  it('copies only changed files at the second run', () =>
    site.with({}, async () => {
      for (const name of ['shop/static/a.css', 'shop/static/shop/b.js', 'blog/static/c.png']) past(name)
      await site.collect()
      expect(await site.collect()).to.equal("\n0 static files copied to 'DIR', 3 unmodified.\n")
      site.write({ 'shop/static/a.css': 'new' })
      past('root/a.css')
      expect(await site.collect('-v', '2')).to.equal(
        `Deleting 'a.css'\nCopying '${site.file('shop/static/a.css')}'\nSkipping 'shop/b.js' (not modified)\n` +
          "Skipping 'c.png' (not modified)\n\n1 static file copied to 'DIR', 2 unmodified.\n",
      )
      expect(site.read('root/a.css')).to.equal('new')
    }))

  it('takes the file of the first app if two have the same name, and counts the others', () =>
    site.with({}, async () => {
      site.write({ 'blog/static/a.css': 'other' })
      expect(await site.collect()).to.equal("\n3 static files copied to 'DIR', 1 skipped due to conflict.\n")
      expect(site.read('root/a.css')).to.equal('a')
      expect(await site.collect('--verbosity', '2')).to.contain("Found another file with the destination path 'a.css'.")
    }))

  it('with --dry-run changes nothing and reports what it would do', () =>
    site.with({}, async () => {
      expect(await site.collect('-n')).to.equal(
        `Pretending to copy '${site.file('shop/static/a.css')}'\nPretending to copy '${site.file('shop/static/shop/b.js')}'\n` +
          `Pretending to copy '${site.file('blog/static/c.png')}'\n\n3 static files copied to 'DIR'.\n`,
      )
      expect(existsSync(site.file('root'))).to.equal(false)
      site.write({ 'root/old.css': 'old' })
      expect(await site.collect('-n', '--clear', '-v', '0')).to.equal('')
      expect(site.files()).to.deep.equal(['old.css'])
    }))

  it('with --clear deletes everything that was there', () =>
    site.with({}, async () => {
      site.write({ 'root/old.css': '', 'root/deep/er/old.js': '', 'kept/x': '' })
      expect(await site.collect('-c')).to.equal("\n2 static files deleted, 3 static files copied to 'DIR'.\n")
      expect(site.files()).to.deep.equal(['a.css', 'c.png', 'shop/b.js'])
    }))

  it('with --link links instead of copying, and goes back to copies without it', () =>
    site.with({}, async () => {
      await site.collect()
      expect(await site.collect('--link')).to.equal("\n3 static files symlinked to 'DIR'.\n")
      expect(readlinkSync(site.file('root/a.css'))).to.equal(site.file('shop/static/a.css'))
      expect(await site.collect('-l')).to.equal("\n0 static files symlinked to 'DIR', 3 unmodified.\n")
      expect(await site.collect()).to.equal("\n3 static files copied to 'DIR'.\n")
      expect(lstatSync(site.file('root/a.css')).isSymbolicLink()).to.equal(false)
      expect(site.read('shop/static/a.css')).to.equal('a')
    }))

  it('with --clear deletes links but not their targets, and replaces broken links', () =>
    site.with({}, async () => {
      await site.collect('--link')
      site.write({ 'blog/static/d.css': 'd' })
      await site.collect('--link')
      site.empty()
      site.write({ 'shop/static/a.css': 'a' })
      await site.collect('--link')
      expect(await site.collect('-c')).to.equal("\n1 static file deleted, 1 static file copied to 'DIR'.\n")
      expect(site.read('shop/static/a.css')).to.equal('a')
    }))

  it('skips hidden files, backups and what --ignore names', () =>
    site.with({}, async () => {
      site.write({
        'blog/static/.git/x': '',
        'blog/static/x.css~': '',
        'blog/static/CVS/y': '',
        'blog/static/x.map': '',
      })
      await site.collect('-i', '*.map', '--ignore', 'b.*')
      expect(site.files()).to.deep.equal(['a.css', 'c.png'])
      await site.collect('--no-default-ignore')
      expect(site.files()).to.include.members(['.git/x', 'CVS/y', 'x.css~'])
    }))

  it('requires a STATIC_ROOT, and resolves a relative one from the directory of settings.ts', async () => {
    const error = await site.with({ STATIC_ROOT: null }, () => failureOf(site.collect()))
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    expect(error.message).to.contain('without having set the STATIC_ROOT setting')
  })

  describe('asks', function () {
    this.timeout(60_000)
    let project: TestProject
    before(() => {
      const settings = {
        INSTALLED_APPS: "['django.contrib.staticfiles', 'apps.shop']",
        STATIC_URL: "'static/'",
        STATIC_ROOT: "'collected'",
      }
      project = new TestProject({
        'settings.ts': settingsText(settings),
        'apps/urls.ts': 'export const urlpatterns = []\n',
        'apps/shop/static/a.css': 'a',
      })
    })
    after(async () => {
      await endAll()
      project.remove()
    })

    it('before it overwrites files, and does nothing without confirmation', async () => {
      const cwd = project.root
      const here = ['--pythonpath', cwd]
      const first = await managed(['collectstatic', ...here])
      expect(first).to.include({ code: 0, stderr: '', stdout: `\n1 static file copied to '${cwd}/collected'.\n` })
      const question = `\nYou have requested to collect static files at the destination\nlocation as specified in your settings:\n\n    ${cwd}/collected\n\nThis will overwrite existing files!\nAre you sure you want to do this?\n\nType 'yes' to continue, or 'no' to cancel: `
      const cancelled = await managed(['collectstatic', ...here], { input: '' })
      expect(cancelled).to.include({ code: 1, stdout: question })
      expect(cancelled.stderr).to.equal('CommandError: Collecting static files cancelled.\n')
      expect((await managed(['collectstatic', '-c', ...here], { input: 'no\n' })).code).to.equal(1)
      const agreed = await managed(['collectstatic', '--clear', ...here], { input: 'yes\n' })
      expect(agreed.stdout).to.contain('This will DELETE ALL FILES in this location!')
      expect(agreed.stdout).to.match(/1 static file deleted, 1 static file copied to '.*'\.\n$/)
      expect(agreed.code).to.equal(0)
      const found = await managed(['findstatic', 'a.css', ...here])
      expect(found).to.include({ code: 0, stdout: `Found 'a.css' here:\n  ${cwd}/apps/shop/static/a.css\n` })
    })
  })
})

describe('findstatic', () => {
  const site = new StaticSite()
  before(() => site.open())
  after(() => site.close())
  before(() => site.write({ 'shop/static/a.css': '', 'blog/static/a.css': '', 'blog/static/b.css': '' }))

  const paths = (...names: string[]): string => names.map((name) => site.file(name)).join('\n  ')

  it('lists every file with a name, or with --first the one that is served', () =>
    site.with({}, async () => {
      const all = `Found 'a.css' here:\n  ${paths('shop/static/a.css', 'blog/static/a.css')}\n`
      expect(await site.run('findstatic', 'a.css')).to.deep.equal({ stdout: all, stderr: '' })
      const { stdout } = await site.run('findstatic', '--first', 'a.css', 'b.css')
      expect(stdout).to.equal(
        `Found 'a.css' here:\n  ${paths('shop/static/a.css')}\nFound 'b.css' here:\n  ${paths('blog/static/b.css')}\n`,
      )
      expect((await site.run('findstatic', 'b.css', '-v', '0')).stdout).to.equal(`${paths('blog/static/b.css')}\n`)
    }))

  it('reports a missing file on stderr, and with -v 2 where it has searched', () =>
    site.with({ STATICFILES_DIRS: [site.file('assets')] }, async () => {
      const missing = "No matching file found for 'x.css'.\n"
      expect(await site.run('findstatic', 'x.css')).to.deep.equal({ stdout: '', stderr: missing })
      expect((await site.run('findstatic', 'x.css', '-v', '2')).stderr).to.equal(
        `${missing}Looking in the following locations:\n  ${paths('assets', 'shop/static', 'blog/static')}\n`,
      )
      expect((await site.run('findstatic', '../blog/static/b.css')).stdout).to.equal('')
    }))
})
