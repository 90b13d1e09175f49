/** Only for the file cache: names and modes of its files, and corrupt files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import { captureLogs, setClock } from '#core/utils'
import { FileBasedCache } from '../../core/cache/backends/filebased.ts'

describe('the file cache', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'nuages-files-'))
  const folder = path.join(root, 'deep', 'cache')
  const cache = new Cache(new FileBasedCache({ location: folder, options: {} }))
  const file = path.join(folder, 'e1fd557de2daa1a46ee61e4bd1aa3ae6.djcache')

  before(() => setup())
  beforeEach(() => cache.clear())
  afterEach(() => setClock())
  after(() => rmSync(root, { recursive: true }))

  const fileOf = async (): Promise<string> => {
    await cache.set('key', 'a long enough value')
    return path.join(folder, readdirSync(folder)[0] as string)
  }

  it('creates directory and files that only the owner can access', async () => {
    const made = await fileOf()
    expect(statSync(folder).mode & 0o777).to.equal(0o700)
    expect(statSync(made).mode & 0o777).to.equal(0o600)
    expect(path.basename(made)).to.match(/^[0-9a-f]{32}\.djcache$/)
  })

  it('leaves no other files behind', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => cache.set(`key${i}`, i)))
    await cache.add('key1', 1)
    await cache.incr('key1')
    await cache.touch('key1')
    expect(readdirSync(folder).every((name) => /^[0-9a-f]{32}\.djcache$/.test(name))).to.equal(true)
    await cache.clear()
    expect(readdirSync(folder)).to.deep.equal([])
  })

  it('treats a corrupt file as a miss, removes it, and logs it', async () => {
    const lines: string[] = []
    const release = captureLogs(({ message }) => lines.push(message))
    try {
      const made = await fileOf()
      const whole = readFileSync(made, 'utf8')
      for (const broken of [
        '',
        'x',
        'never\n',
        `${whole}more`,
        whole.slice(0, -3),
        whole.slice(whole.indexOf('\n')),
        '\0'.repeat(99),
        '\x80\x05.',
      ]) {
        lines.length = 0
        writeFileSync(made, broken)
        expect(await cache.get('key')).to.equal(undefined)
        expect(lines, JSON.stringify(broken)).to.have.length(1)
        expect(readdirSync(folder)).to.deep.equal([])
        writeFileSync(made, broken)
        expect(await cache.add('key', 1)).to.equal(true)
      }
    } finally {
      release()
    }
  })

  it('treats a file truncated at any byte as corrupt', async () => {
    const release = captureLogs(() => {})
    try {
      const { size } = statSync(await fileOf())
      for (let length = size - 1; length >= 0; length--) {
        truncateSync(await fileOf(), length)
        expect(await cache.get('key')).to.equal(undefined)
      }
    } finally {
      release()
    }
  })

  it('removes an expired file when it reads it', async () => {
    await cache.set('key', 1, 60)
    const later = Date.now() + 61_000
    setClock({ now: () => later })
    expect(await cache.get('key')).to.equal(undefined)
    expect(readdirSync(folder)).to.deep.equal([])
  })

  it('waits for the lock of a file, and only of that file', async () => {
    const made = await fileOf()
    const lock = path.join(folder, `.lock-${path.basename(made)}`)
    writeFileSync(lock, '')
    let isSet = false
    const setting = cache.set('key', 'new').then(() => (isSet = true))
    await cache.set('other', 1)
    expect(await cache.get('key')).to.equal('a long enough value')
    expect(isSet).to.equal(false)
    rmSync(lock)
    await setting
    expect(await cache.get('key')).to.equal('new')
  })

  it('does not touch other files', async () => {
    const others = ['README', 'x.djcache', `${path.basename(file)}.bak`]
    await fileOf()
    for (const name of others) writeFileSync(path.join(folder, name), '')
    await cache.clear()
    expect(readdirSync(folder).toSorted()).to.deep.equal(others.toSorted())
    for (const name of others) rmSync(path.join(folder, name))
  })
})
