/** A settings module is found, read, and combined with the environment. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { cacheFromUrl, databaseFromUrl } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { readSettingsModule, withEnvironment } from '../../core/conf/loader.ts'

const KEY = { SECRET_KEY: 'a'.repeat(50) }

describe('loading settings', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-conf-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), text)
  }

  it('reads the default export and UPPER_CASE exports, which win', async () => {
    write('settings.ts', 'export default { A: 1, B: 1, lower: 1 }\nexport const B = 2\nexport const helper = () => 1\n')
    const { values, root, module } = await readSettingsModule('settings', folder)
    expect(values).to.deep.equal({ A: 1, B: 2 })
    expect([root, module]).to.deep.equal([folder, 'settings'])
  })

  it('finds the module from a directory below, and by a dotted name', async () => {
    write('conf/production.ts', 'export default { A: 3 }\n')
    mkdirSync(path.join(folder, 'apps/deep'), { recursive: true })
    const { values, root } = await readSettingsModule('conf.production', path.join(folder, 'apps/deep'))
    expect([values, root]).to.deep.equal([{ A: 3 }, folder])
  })

  it('reports where it searched for a missing module', async () => {
    const error = await readSettingsModule('nowhere.settings', folder).catch((each: Error) => each)
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    expect((error as Error).message).to.contain(`no nowhere/settings.ts in ${folder} or above it`)
  })

  it('passes on an error inside the module', async () => {
    write('settings.ts', "throw new Error('half a file')\n")
    const error = await readSettingsModule('settings', folder).catch((each: Error) => each)
    expect((error as Error).message).to.equal('half a file')
  })

  it('reads scalar settings from NUAGES_ variables, which win', () => {
    const env = {
      NUAGES_DEBUG: 'true',
      NUAGES_SESSION_COOKIE_AGE: '60',
      NUAGES_SESSION_COOKIE_DOMAIN: 'example.com',
      NUAGES_ALLOWED_HOSTS: 'a.example, .b.example',
      NUAGES_UNKNOWN: 'ignored',
    }
    const settings = withEnvironment({ ...KEY, DEBUG: false }, env)
    expect(settings.DEBUG).to.equal(true)
    expect(settings.SESSION_COOKIE_AGE).to.equal(60)
    expect(settings.SESSION_COOKIE_DOMAIN).to.equal('example.com')
    expect(settings.ALLOWED_HOSTS).to.deep.equal(['a.example', '.b.example'])
  })

  it('names a variable that cannot be parsed', () => {
    const load = (): unknown => withEnvironment(KEY, { NUAGES_DEBUG: 'yes please', NUAGES_DATABASES: '{}' })
    expect(load).to.throw(ImproperlyConfigured, "NUAGES_DEBUG: expected true or false, found 'yes please'")
    expect(load).to.throw('NUAGES_DATABASES: DATABASES cannot be set by an environment variable')
  })

  it('names the variable, once, and the other invalid settings', () => {
    const env = { NUAGES_SESSION_COOKIE_AGE: '-5', NUAGES_SECRET_KEY: '', NUAGES_LANGUAGE_CODE: '' }
    expect(() => withEnvironment({ DEBUG: 'no' }, env)).to.throw(
      ImproperlyConfigured,
      '4 settings are wrong:\n' +
        '  NUAGES_SESSION_COOKIE_AGE: expected a whole number of seconds, 0 or more, found -5\n' +
        '  NUAGES_SECRET_KEY: it must not be empty. Put 50 or more random characters there, or into NUAGES_SECRET_KEY\n' +
        "  NUAGES_LANGUAGE_CODE: expected a string that is not empty, found ''\n" +
        '  DEBUG: expected true or false, found "no"',
    )
  })

  it('prints no password of a variable, and no control character', () => {
    const load = (value: string) => (): unknown => withEnvironment(KEY, { NUAGES_SESSION_COOKIE_NAME: value })
    expect(load('https://u:hunter2@host')).to.throw(ImproperlyConfigured, "found 'https://u:********************@host'")
    expect(load('a\nb\u001b[31m')).to.throw(ImproperlyConfigured, "found 'a\\nb\\u001b[31m'")
  })

  it('does not parse the strings of a settings module', () => {
    expect(() => withEnvironment({ ...KEY, DEBUG: 'true', SESSION_COOKIE_AGE: '60' }, {})).to.throw(
      ImproperlyConfigured,
      '2 settings are wrong',
    )
  })

  it('does not treat NUAGES_FAST_PATHS as a setting, and refuses other values than on and off', () => {
    for (const NUAGES_FAST_PATHS of ['on', 'off', undefined]) {
      const settings = withEnvironment(KEY, { NUAGES_FAST_PATHS })
      expect(Object.keys(settings)).to.not.include('FAST_PATHS')
    }
    for (const NUAGES_FAST_PATHS of ['', 'Off', 'false', '0']) {
      expect(() => withEnvironment(KEY, { NUAGES_FAST_PATHS })).to.throw(
        ImproperlyConfigured,
        `NUAGES_FAST_PATHS: expected on or off, found '${NUAGES_FAST_PATHS}'`,
      )
    }
  })

  it('fills DATABASES and CACHES from their URLs if the module defines none', () => {
    const env = {
      DATABASE_URL: 'postgres://u:p%40ss@db.example:5433/shop?sslmode=require',
      CACHE_URL: 'redis://h:6379/2',
    }
    const filled = withEnvironment(KEY, env)
    expect(filled.DATABASES.default).to.deep.equal({
      ENGINE: 'core.db.backends.postgresql',
      NAME: 'shop',
      USER: 'u',
      PASSWORD: 'p@ss',
      HOST: 'db.example',
      PORT: '5433',
      OPTIONS: { sslmode: 'require' },
    })
    expect(filled.CACHES.default).to.deep.equal({
      BACKEND: 'core.cache.backends.redis.RedisCache',
      LOCATION: 'redis://h:6379/2',
    })
    const DATABASES = { default: { ENGINE: 'x' } }
    expect(withEnvironment({ ...KEY, DATABASES }, env).DATABASES).to.deep.equal(DATABASES)
  })

  const databases: Record<string, [string, unknown]> = {
    'sqlite:///db.sqlite3': ['core.db.backends.sqlite3', 'db.sqlite3'],
    'sqlite:////var/db.sqlite3': ['core.db.backends.sqlite3', '/var/db.sqlite3'],
    'sqlite://': ['core.db.backends.sqlite3', ':memory:'],
    'mysql://root@127.0.0.1/test': ['core.db.backends.mysql', 'test'],
  }
  for (const [url, [engine, name]] of Object.entries(databases)) {
    it(`parses ${url}`, () => {
      expect(databaseFromUrl(url)).to.include({ ENGINE: engine, NAME: name })
    })
  }

  it('parses memcached, file and locmem URLs', () => {
    expect(cacheFromUrl('memcached://a:11211,b:11211').LOCATION).to.deep.equal(['a:11211', 'b:11211'])
    expect(cacheFromUrl('file:///var/cache').LOCATION).to.equal('/var/cache')
    expect(cacheFromUrl('locmem://shared').LOCATION).to.equal('shared')
  })

  it('does not repeat a URL that it cannot parse, because it may contain a password', () => {
    for (const url of ['oracle://u:secret@h/x', 'postgres://u:secret@h:port/x']) {
      const error = expect(() => databaseFromUrl(url)).to.throw(ImproperlyConfigured, 'DATABASE_URL')
      error.with.property('message').that.does.not.contain('secret')
    }
  })
})
