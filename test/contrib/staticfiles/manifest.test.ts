/** ManifestStaticFilesStorage adds a hash of the content to file names, and rewrites references between files. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { expect } from 'chai'
import { ManifestStaticFilesStorage, staticfilesStorage } from '#core/contrib/staticfiles'
import { ImproperlyConfigured } from '#core/exceptions'
import { failureOf, manifest, MANIFEST, StaticSite } from './site.ts'

const hash = (content: string | Uint8Array): string => createHash('md5').update(content).digest('hex').slice(0, 12)

describe('ManifestStaticFilesStorage', () => {
  const site = new StaticSite()
  before(() => site.open())
  after(() => site.close())
  beforeEach(() => site.empty())

  const hashed = (name: string): string => {
    const { paths } = JSON.parse(site.read('root/staticfiles.json')) as { paths: Record<string, string> }
    return paths[name] as string
  }
  const stored = (name: string): string => site.read(`root/${hashed(name)}`)

  /** Collects files of one app, and returns the result for one of them. */
  const rewritten = (name: string, files: Record<string, string>, settings = MANIFEST): Promise<string> => {
    for (const [each, text] of Object.entries(files)) site.write({ [`shop/static/${each}`]: text })
    return site.with(settings, async () => {
      await site.collect()
      return stored(name)
    })
  }

  it('writes a copy with a hash next to each file, and a manifest that Django reads', async () => {
    site.write({ 'shop/static/b.txt': 'bee', 'shop/static/a/é.tar.gz': 'x', 'shop/static/a/.dot': 'y' })
    await site.with(MANIFEST, async () => {
      expect(await site.collect('--no-default-ignore')).to.equal(
        "\n3 static files copied to 'DIR', 3 post-processed.\n",
      )
      expect(await site.collect('--no-default-ignore')).to.contain("0 static files copied to 'DIR', 3 unmodified.")
    })
    const names = [`a/.dot.${hash('y')}`, `a/é.tar.${hash('x')}.gz`, `b.${hash('bee')}.txt`]
    expect(site.files()).to.include.members(['b.txt', 'a/.dot', 'a/é.tar.gz', ...names])
    const pairs = `[["a/.dot", "${names[0]}"], ["a/\\u00e9.tar.gz", "a/\\u00e9.tar.${hash('x')}.gz"], ["b.txt", "${names[2]}"]]`
    expect(site.read('root/staticfiles.json')).to.equal(
      `{"paths": {"a/.dot": "${names[0]}", "a/\\u00e9.tar.gz": "a/\\u00e9.tar.${hash('x')}.gz", "b.txt": "${names[2]}"}, "version": "1.1", "hash": "${hash(pairs)}"}`,
    )
  })

  it('rewrites url() and @import with any quotes, and hashes a style sheet after it is rewritten', async () => {
    const css = `@import "deep/base.css";\n@import url('deep/base.css') screen;\n.a { background: url(img/a.png) }\n.b { background: URL( "img/a.png#x" ) }\n.c { src: url('img/a.png?#iefix') format("x"), url("/static/img/a.png?v=1") }\n`
    const text = await rewritten('css.css', {
      'css.css': css,
      'deep/base.css': '.d { background: url("../img/a.png") }',
      'img/a.png': 'png',
    })
    const image = `img/a.${hash('png')}.png`
    const base = `.d { background: url("../${image}") }`
    expect(stored('deep/base.css')).to.equal(base)
    expect(text).to.equal(
      `@import url("deep/base.${hash(base)}.css");\n@import url("deep/base.${hash(base)}.css") screen;\n.a { background: url("${image}") }\n.b { background: url("${image}#x") }\n.c { src: url("${image}?#iefix") format("x"), url("/static/${image}?v=1") }\n`,
    )
    expect(hashed('css.css')).to.equal(`css.${hash(text)}.css`)
    expect(site.read('root/css.css')).to.equal(css)
  })

  it('leaves alone references to other hosts, data, fragments, other paths, and comments', async () => {
    const css = `/* url(nope.png) @import "nope.css" */ a { b: url(https://x.org/a.png) url(//x.org/a.png) url("data:image/svg+xml;utf8,<svg fill='url(#g)'/>") url(#g) url(/media/a.png) url() }`
    expect(await rewritten('a.css', { 'a.css': css })).to.equal(css)
  })

  it('finds references with spaces and non-ASCII letters', async () => {
    const text = await rewritten('a.css', { 'a.css': 'a { b: url("my%20caf%C3%A9.png") }', 'my café.png': 'x' })
    expect(text).to.equal(`a { b: url("my café.${hash('x')}.png") }`)
  })

  it('rewrites source maps of style sheets and scripts, but imports only if enabled', async () => {
    const files = {
      'a.js': "import x from './b.js'\n//# sourceMappingURL=a.js.map",
      'b.js': 'b',
      'a.js.map': '{}',
      'c.css': '/*# sourceMappingURL=a.js.map */',
    }
    const text = await rewritten('a.js', files)
    expect(text).to.equal(`import x from './b.js'\n//# sourceMappingURL=a.js.${hash('{}')}.map`)
    expect(stored('c.css')).to.equal(`/*# sourceMappingURL=a.js.${hash('{}')}.map */`)
  })

  it('rewrites imports in modules if enabled', async () => {
    const source = `import "./b.js"
import x, { y } from './b.js'
import * as z from "../lib/c.js";
export {
  q
} from './b.js'
export * from "/static/lib/c.js"
import vue from 'vue'
const later = () => import('./b.js')
const text = 'http://x' ; import('./b.js', { with: {} })
// import './gone.js'
  /* import './gone.js' */
export function from(a) { return "./b.js" }
`
    const files = { 'm/a.js': source, 'm/b.js': 'b', 'lib/c.js': "import '../m/b.js'" }
    const text = await rewritten('m/a.js', files, manifest({ support_js_module_import_aggregation: true }))
    const b = `b.${hash('b')}.js`
    const c = `c.${hash(`import '../m/${b}'`)}.js`
    expect(text).to.equal(
      source
        .replaceAll('./b.js', `./${b}`)
        .replace(`return "./${b}"`, 'return "./b.js"')
        .replace('../lib/c.js', `../lib/${c}`)
        .replace('/static/lib/c.js', `/static/lib/${c}`),
    )
  })

  it('fails at a broken reference, names it, and keeps the old manifest', () =>
    site.with(MANIFEST, async () => {
      site.write({ 'shop/static/css/a.css': 'a { b: url(../img/gone.png) }' })
      const error = await failureOf(site.collect())
      expect(error.stderr).to.equal("Post-processing 'css/a.css' failed!\n")
      expect(error.message).to.contain("'css/a.css' refers to '../img/gone.png', which could not be found")
      expect(existsSync(site.file('root/staticfiles.json'))).to.equal(false)
    }))

  it('never follows a reference out of STATIC_ROOT', () =>
    site.with(MANIFEST, async () => {
      site.write({ 'secret.png': 'x', 'shop/static/a.css': 'a { b: url(../secret.png) }' })
      expect((await failureOf(site.collect())).message).to.contain('leads out of STATIC_ROOT')
    }))

  it('fails for files that refer to each other in a circle, and for one that is not UTF-8', () =>
    site.with(MANIFEST, async () => {
      site.write({ 'shop/static/a.css': '@import "b.css";', 'shop/static/b.css': '@import "a.css";' })
      const error = await failureOf(site.collect())
      expect(error.stderr).to.equal("Post-processing 'a.css, b.css' failed!\n")
      expect(error.message).to.contain('Max post-process passes exceeded')
      site.empty()
      site.write({ 'shop/static/a.css': Buffer.of(0x61, 0xff) })
      expect((await failureOf(site.collect())).message).to.equal('a.css is not UTF-8.')
    }))

  it('makes plain copies with --no-post-process and --dry-run', () =>
    site.with(MANIFEST, async () => {
      site.write({ 'shop/static/a.css': 'a' })
      expect(await site.collect('--dry-run')).to.contain("1 static file copied to 'DIR'.")
      expect(await site.collect('--no-post-process')).to.equal("\n1 static file copied to 'DIR'.\n")
      expect(site.files()).to.deep.equal(['a.css'])
    }))

  it('returns URLs with the hash, but under DEBUG those of the files', async () => {
    await rewritten('a b.css', { 'a b.css': 'a', 'font.eot': 'f' })
    const url = (name: string): string => staticfilesStorage().url(name)
    await site.with(MANIFEST, () => expect(url('a b.css')).to.equal('/static/a%20b.css'))
    await site.with({ ...MANIFEST, DEBUG: false, STATIC_URL: 'https://cdn.example.com/s' }, () => {
      expect(url('a b.css')).to.equal(`https://cdn.example.com/s/a%20b.${hash('a')}.css`)
      expect(url('./x/../font.eot?#iefix')).to.equal(`https://cdn.example.com/s/font.${hash('f')}.eot?#iefix`)
      expect(url('img/')).to.equal('https://cdn.example.com/s/img/')
    })
  })

  it('refuses a name that is not in the manifest, or computes its hash if it is not strict', async () => {
    await rewritten('a.css', { 'a.css': 'a' })
    site.write({ 'root/later.css': 'later' })
    await site.with({ ...MANIFEST, DEBUG: false }, () => {
      expect(() => staticfilesStorage().url('later.css')).to.throw("Missing staticfiles manifest entry for 'later.css'")
    })
    await site.with({ ...manifest({ manifest_strict: false }), DEBUG: false }, () => {
      expect(staticfilesStorage().url('later.css')).to.equal(`/static/later.${hash('later')}.css`)
      expect(() => staticfilesStorage().url('gone.css')).to.throw("The file 'gone.css' could not be found")
      expect(() => staticfilesStorage().url('../shop/static/a.css')).to.throw('leads out of STATIC_ROOT')
    })
  })

  it('reports a manifest that is damaged or of another version', async () => {
    for (const text of ['{', '{"paths": {}, "version": "9"}', '{"version": "1.1"}', '[]', 'null']) {
      site.write({ 'root/staticfiles.json': text })
      await site.with({ ...MANIFEST, DEBUG: false }, () => {
        expect(() => staticfilesStorage().url('a.css')).to.throw(ImproperlyConfigured, "Couldn't load the manifest")
      })
    }
  })

  it('can be given another hash, manifest and strictness by a subclass, and refuses unknown options', () =>
    site.with({ DEBUG: false }, async () => {
      class Versioned extends ManifestStaticFilesStorage {
        override manifestName = 'list.json'
        override manifestStrict = false
        override fileHash(): string {
          return 'v2'
        }
      }
      const storage = new Versioned()
      site.write({ 'root/a.css': 'a', 'shop/static/a.css': 'a' })
      expect(storage.url('a.css')).to.equal('/static/a.v2.css')
      for await (const each of storage.postProcess(new Map([['a.css', site.file('shop/static/a.css')]]))) {
        expect(each).to.include({ storedAs: 'a.v2.css', processed: true })
      }
      expect(existsSync(site.file('root/list.json'))).to.equal(true)
      expect(() => new Versioned({ manifest_strikt: true })).to.throw(ImproperlyConfigured, 'manifest_strikt')
    }))
})
