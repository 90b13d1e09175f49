/** A dotted name resolves to its file, or to an error that names the file that was tried. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { ImproperlyConfigured } from '#core/exceptions'
import { canonicalName, CORE, importModule, importName, importPackage, isDottedName, pathOf } from '#core/utils'

describe('dotted names', () => {
  let root: string
  before(() => {
    root = mkdtempSync(path.join(tmpdir(), 'nuages-names-'))
    mkdirSync(path.join(root, 'shop/cart'), { recursive: true })
    writeFileSync(path.join(root, 'shop/views.ts'), 'export const index = 1\nexport class Detail {}\n')
    writeFileSync(path.join(root, 'shop/cart/index.ts'), 'export const total = 2\n')
    writeFileSync(path.join(root, 'shop/broken.ts'), "throw new Error('half a file')\n")
  })
  after(() => rmSync(root, { recursive: true }))

  const by = (): { setting: string; root: string } => ({ setting: 'SOME_SETTING', root })
  const complaint = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.catch((each: unknown) => each)
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    return (error as Error).message
  }

  const aliases = {
    'django.core.cache.backends.redis.RedisCache': 'core.cache.backends.redis.RedisCache',
    'django.contrib.sessions': 'core.contrib.sessions',
    'django.middleware.csrf.CsrfViewMiddleware': 'core.middleware.csrf.CsrfViewMiddleware',
    'core.contrib.sessions': 'core.contrib.sessions',
    'apps.polls': 'apps.polls',
    'djangorestframework.x': 'djangorestframework.x',
  }
  for (const [name, canonical] of Object.entries(aliases)) {
    it(`${name} is ${canonical}`, () => expect(canonicalName(name)).to.equal(canonical))
  }

  it('resolve into the framework or into the project', () => {
    expect(pathOf('django.contrib.sessions', root)).to.equal(path.join(CORE, 'contrib/sessions'))
    expect(pathOf('shop.views', root)).to.equal(path.join(root, 'shop/views'))
  })

  it('have a syntax', () => {
    for (const name of ['a', 'a.b_c', '_a.B1']) expect(isDottedName(name), name).to.equal(true)
    for (const name of ['', '.a', 'a.', 'a..b', '../a', 'a/b', '1a', 'a b'])
      expect(isDottedName(name), name).to.equal(false)
  })

  it('import a module, a directory with an index, or an export of either', async () => {
    expect(await importModule('shop.views', by())).to.have.property('index', 1)
    expect(await importModule('shop.cart', by())).to.have.property('total', 2)
    expect(await importName('shop.cart.total', by())).to.equal(2)
  })

  it('report the file that was tried and the files next to it if there is none', async () => {
    expect(await complaint(importModule('shop.view', by()))).to.equal(
      "SOME_SETTING names 'shop.view', but there is no shop/view.ts. shop/ holds: broken, cart and views. Did you mean 'views'?",
    )
    expect(await complaint(importModule('shp.views', by()))).to.contain("./ holds: shop. Did you mean 'shop'?")
  })

  it('report the exports of a module for a missing one', async () => {
    expect(await complaint(importName('shop.views.Detial', by()))).to.equal(
      "SOME_SETTING names 'shop.views.Detial', but shop/views.ts exports no 'Detial'." +
        " It exports: Detail and index. Did you mean 'Detail'?",
    )
  })

  it('report an invalid name', async () => {
    expect(await complaint(importModule('../etc/passwd', by()))).to.contain('which is not a dotted name')
    expect(await complaint(importName('views', by()))).to.contain('not a dotted name of something in a module')
  })

  it('pass on the error of a module that cannot be loaded', async () => {
    const error = await importModule('shop.broken', by()).catch((each: Error) => each)
    expect(error).not.to.be.instanceOf(ImproperlyConfigured)
    expect((error as Error).message).to.equal('half a file')
  })

  it('report how to install a missing package', async () => {
    expect(await complaint(importPackage('koa-no-such-thing', by()))).to.contain('npm install koa-no-such-thing')
  })
})
