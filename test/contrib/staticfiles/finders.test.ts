/** Static files are found in STATICFILES_DIRS and in the apps, in this order, and nowhere else. */
import { symlinkSync } from 'node:fs'
import { expect } from 'chai'
import { runChecks } from '#core/checks'
import { find, findAll, getFinders } from '#core/contrib/staticfiles'
import { FileSystemFinder } from '../../../core/contrib/staticfiles/finders.ts'
import { matchesAny } from '../../../core/contrib/staticfiles/folders.ts'
import { failureOf, StaticSite } from './site.ts'

describe('finders of static files', () => {
  const site = new StaticSite()
  before(() => site.open())
  after(() => site.close())
  beforeEach(() => site.empty())

  const folders = { STATICFILES_DIRS: [] as unknown[] }
  beforeEach(() => {
    folders.STATICFILES_DIRS = [site.file('assets'), ['docs', site.file('papers')]]
  })

  it('search the directories of the settings first, then those of the apps, in order', () => {
    site.write({ 'assets/a.css': '', 'shop/static/a.css': '', 'blog/static/a.css': '', 'blog/static/sub/b.css': '' })
    return site.with(folders, () => {
      expect(findAll('a.css')).to.deep.equal(
        ['assets/a.css', 'shop/static/a.css', 'blog/static/a.css'].map((name) => site.file(name)),
      )
      expect(find('sub/b.css')).to.equal(site.file('blog/static/sub/b.css'))
      expect(find('b.css')).to.equal(undefined)
    })
  })

  it('find the files of a directory with a prefix only under that prefix', () => {
    site.write({ 'papers/a.pdf': '' })
    return site.with(folders, () => {
      expect(find('docs/a.pdf')).to.equal(site.file('papers/a.pdf'))
      expect(find('a.pdf')).to.equal(undefined)
      expect(find('docsa.pdf')).to.equal(undefined)
      const names = getFinders().flatMap((finder) => Array.from(finder.list([]), ({ name }) => name))
      expect(names).to.deep.equal(['docs/a.pdf'])
    })
  })

  it('find nothing for a name that leads out of a directory', () => {
    site.write({
      'secret.txt': '',
      'assets/a.css': '',
      'assets2/b.css': '',
      'shop/static/a.css': '',
      'shop/settings.ts': '',
    })
    return site.with(folders, () => {
      for (const name of [
        '../secret.txt',
        '../assets2/b.css',
        '../settings.ts',
        '/etc/passwd',
        'docs/../../secret.txt',
        'a.css\0',
      ]) {
        expect(findAll(name), name).to.deep.equal([])
      }
      expect(findAll('x/../a.css')).to.have.length(2)
    })
  })

  it('skip files whose name or path matches a pattern', () => {
    site.write({
      'assets/a.css': '',
      'assets/.hidden': '',
      'assets/x/a.map': '',
      'assets/x/b.css': '',
      'assets/CVS/c': '',
    })
    const list = (...ignored: string[]): string[] =>
      Array.from(new FileSystemFinder([site.file('assets')]).list(ignored), ({ name }) => name)
    expect(list()).to.deep.equal(['.hidden', 'a.css', 'CVS/c', 'x/a.map', 'x/b.css'])
    expect(list('CVS', '.*', '*.map')).to.deep.equal(['a.css', 'x/b.css'])
    expect(list('x/*', 'c*', 'CVS', '.*')).to.deep.equal(['a.css'])
  })

  it('follow links, except in a circle', () => {
    site.write({ 'assets/a.css': '', 'elsewhere/b.css': '' })
    symlinkSync(site.file('elsewhere'), site.file('assets/link'))
    symlinkSync(site.file('assets'), site.file('assets/again'))
    const names = Array.from(new FileSystemFinder([site.file('assets')]).list([]), ({ name }) => name)
    expect(names).to.deep.equal(['a.css', 'link/b.css'])
  })

  it('are those that STATICFILES_FINDERS names', async () => {
    site.write({ 'shop/static/a.css': '' })
    const onlyFolders = { STATICFILES_FINDERS: ['django.contrib.staticfiles.finders.FileSystemFinder'] }
    await site.with(onlyFolders, () => expect(find('a.css')).to.equal(undefined))
    const wrong = site.with({ STATICFILES_FINDERS: ['core.contrib.staticfiles.finders.isFolder'] }, () => {})
    expect((await failureOf(wrong)).message).to.contain('STATICFILES_FINDERS[0]')
  })

  it('are checked, with the ids of Django', async () => {
    site.write({ 'assets/a': '', 'root/b': '' })
    const check = (STATICFILES_DIRS: unknown[]): Promise<string[]> =>
      site.with({ STATICFILES_DIRS }, async () =>
        (await runChecks({ tags: ['staticfiles'] })).map(({ id, message }) => `${id} ${message}`),
      )
    expect(await check([site.file('assets'), ['x', site.file('assets')]])).to.deep.equal([])
    expect(await check([5, ['x']])).to.deep.equal([
      'staticfiles.E001 STATICFILES_DIRS has 5, which is neither a folder nor a prefix with a folder.',
      'staticfiles.E001 STATICFILES_DIRS has ["x"], which is neither a folder nor a prefix with a folder.',
    ])
    expect(await check([site.file('root')])).to.deep.equal([
      'staticfiles.E002 The STATICFILES_DIRS setting should not contain the STATIC_ROOT setting.',
    ])
    expect(await check([['x/', site.file('assets')]])).to.deep.equal([
      "staticfiles.E003 The prefix 'x/' in the STATICFILES_DIRS setting must not end with a slash.",
    ])
    expect(await check(['/nowhere/at/all'])).to.deep.equal([
      "staticfiles.W004 The directory '/nowhere/at/all' in the STATICFILES_DIRS setting does not exist.",
    ])
    const storages = { STORAGES: { default: { BACKEND: 'core.files.storage.FileSystemStorage' } } }
    await site.with(storages, async () => {
      expect((await runChecks({ tags: ['staticfiles'] })).map(({ id }) => id)).to.deep.equal(['staticfiles.E005'])
    })
  })
})

describe('patterns of file names', () => {
  for (const [pattern, fits, fitsNot] of [
    ['*.css', ['a.css', 'x/a.css', '.css'], ['a.cssx', 'a.CSS', 'acss']],
    ['.*', ['.git', '.'], ['a.git']],
    ['*~', ['a~'], ['~a']],
    ['a?c', ['abc', 'a/c'], ['ac', 'abbc']],
    ['[a-c]x', ['ax', 'cx'], ['dx', '[a-c]x']],
    ['[!a-c]x', ['dx'], ['ax']],
    ['a+(b).c[', ['a+(b).c['], ['aab.c[']],
  ] as const) {
    it(`${pattern} matches ${fits.join(', ')}`, () => {
      for (const name of fits) expect(matchesAny(name, [pattern]), name).to.equal(true)
      for (const name of fitsNot) expect(matchesAny(name, [pattern]), name).to.equal(false)
    })
  }
})
