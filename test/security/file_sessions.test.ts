/** Session files in directories that other users can write to: foreign files are not sessions, and block nothing. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import { runChecks } from '#core/checks'
import { overrideSettings } from '#core/conf'
import { newSessionKey, openSessionStore, SessionTooBig } from '#core/contrib/sessions'
import { SessionStore } from '#core/contrib/sessions/backends/file'
import { ImproperlyConfigured, ServiceUnavailable } from '#core/exceptions'
import { captureLogs, FileLock, NotAFile, readRegularFile } from '#core/utils'
import { FileBasedCache } from '../../core/cache/backends/filebased.ts'
import { skipTest } from '../services.ts'

const ENGINE = { SESSION_ENGINE: 'core.contrib.sessions.backends.file' }
const MOST = 4 * 1024 * 1024
const SOMEBODY_ELSE = 12345

const later = (): number => Date.now() + 1_000_000
const record = (data: Record<string, unknown>) => ({ data, expiresAt: later() })
const thrownBy = (work: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (error: unknown) => error,
    )

describe('session files', function () {
  const user = process.geteuid?.()
  before(function () {
    if (user === undefined) skipTest(this, 'This system has no owners of files.')
    return setup()
  })

  let root: string
  let release: () => void
  let lines: string[]
  const rescues: ChildProcess[] = []
  const { TMPDIR } = process.env
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'nuages-files-'))
    lines = []
    release = captureLogs(({ message }) => lines.push(message))
  })
  afterEach(() => {
    release()
    for (const each of rescues.splice(0)) each.kill()
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    rmSync(root, { recursive: true, force: true })
  })

  /** A FIFO. If a test should wait for its other end, that is opened after a while, so that the test fails and ends. */
  function fifo(file: string): void {
    execFileSync('mkfifo', [file])
    rescues.push(spawn('sh', ['-c', 'sleep 5; exec 3<>"$0"; echo garbage >&3', file], { stdio: 'ignore' }))
  }

  const socket = (file: string): Promise<void> =>
    new Promise((resolve) => {
      const server = createServer().listen(file, () => {
        after(() => server.close())
        resolve()
      })
    })

  /** Files that another user may put there. `secret` is a session file elsewhere. */
  const PLANTS: Record<string, (file: string, secret: string) => void | Promise<void>> = {
    'a FIFO': (file) => fifo(file),
    'a folder': (file) => mkdirSync(file),
    'a socket': (file) => socket(file),
    'a symbolic link to a session': (file, secret) => symlinkSync(secret, file),
    'a symbolic link to a device': (file) => symlinkSync('/dev/zero', file),
    'a symbolic link to itself': (file) => symlinkSync(file, file),
    'a symbolic link to nothing': (file) => symlinkSync(`${file}-nowhere`, file),
    'a file of 3 GB': (file) => {
      writeFileSync(file, '')
      truncateSync(file, 3_000_000_000)
    },
    'a file of one byte too many': (file) => writeFileSync(file, 'x'.repeat(MOST + 1)),
  }

  const inFolder = (mode: number): string => {
    const folder = path.join(root, 'sessions')
    mkdirSync(folder)
    chmodSync(folder, mode)
    return folder
  }

  for (const [what, plant] of Object.entries(PLANTS)) {
    it(`are not read from ${what}, nor written to it`, async () => {
      const folder = inFolder(0o1777)
      const elsewhere = new SessionStore({ folder: root })
      const secret = await elsewhere.create(record({ secret: 1 }))
      const store = new SessionStore({ folder })
      const key = newSessionKey()
      const file = store.keyToFile(key)
      await plant(file, elsewhere.keyToFile(secret.key))
      const before = lstatSync(file)

      expect(store.loadSync(key)).to.equal(undefined)
      expect(await store.load(key)).to.equal(undefined)
      expect(await store.exists(key)).to.equal(false)
      expect(await store.delete(key)).to.equal(false)
      expect(await store.delete(key, secret.version)).to.satisfy((deleted: boolean) => !deleted)
      for (const version of [secret.version, '']) {
        expect(await thrownBy(() => store.update(key, record({ a: 1 }), version))).to.have.property(
          'name',
          'SessionGone',
        )
      }
      expect(await store.clearExpired()).to.equal(0)
      expect(lstatSync(file).ino).to.equal(before.ino)
      expect(lstatSync(file).size).to.equal(before.size)
      expect((await elsewhere.load(secret.key))?.data).to.deep.equal({ secret: 1 })
      // A reader of the log must not find a key in it.
      expect(lines.join('\n')).to.contain(`'${folder}'`).and.not.contain(key)
      expect(readdirSync(folder).filter((name) => name.startsWith('.lock'))).to.deep.equal([])
    })
  }

  it('are cleared among 10,000 other entries, all of which stay', async () => {
    const folder = inFolder(0o1777)
    const store = new SessionStore({ folder })
    const expired = await store.create(record({ _session_expiry: -1 }))
    const living = await store.create(record({ a: 1 }))
    const place = (): string => path.join(folder, `sessionid${newSessionKey()}`)
    const fifos = Array.from({ length: 3000 }, place)
    for (let i = 0; i < fifos.length; i += 500) execFileSync('mkfifo', fifos.slice(i, i + 500))
    for (let i = 0; i < 3500; i++) mkdirSync(place())
    for (let i = 0; i < 3500; i++) symlinkSync('/dev/zero', place())
    expect(await store.clearExpired()).to.equal(1)
    expect(await store.exists(expired.key)).to.equal(false)
    expect(await store.exists(living.key)).to.equal(true)
    expect(readdirSync(folder)).to.have.length(10_001)
    expect(lines.filter((line) => line.includes('10000 files'))).to.have.length(1)
  }).timeout(60_000)

  it('are written up to 4 MiB, and refused beyond that with the limit and the largest keys', async function () {
    this.timeout(30_000)
    const store = new SessionStore({ folder: root })
    const noise = (bytes: number): string => Array.from({ length: bytes / 32 }, newSessionKey).join('')
    const { key, version } = await store.create(record({ big: noise(2 ** 20) }))
    expect((await store.load(key))?.data.big).to.have.length(2 ** 20)
    const tooBig = record({ small: 1, big: noise(2 ** 23) })
    for (const save of [() => store.create(tooBig), () => store.update(key, tooBig, version)]) {
      const error = await thrownBy(save)
      expect(error).to.be.instanceOf(SessionTooBig)
      expect(error)
        .to.have.property('message')
        .that.contains('4194304')
        .and.contains('big (')
        .and.contains("session's file")
    }
    expect((await store.load(key))?.version).to.equal(version)
    expect(readdirSync(root)).to.have.length(1)
  })

  it('do not wait for a lock that is not a file', async () => {
    const store = new SessionStore({ folder: root })
    for (const plant of [fifo, mkdirSync, (lock: string) => symlinkSync('/nowhere', lock)]) {
      const { key, version } = await store.create(record({ a: 1 }))
      const lock = path.join(root, `.lock-sessionid${key}`)
      plant(lock)
      for (const work of [() => store.update(key, record({ a: 2 }), version), () => store.delete(key)]) {
        expect(await thrownBy(work))
          .to.be.instanceOf(ServiceUnavailable)
          .with.property('message')
          .that.contains('lock')
      }
      expect((await store.load(key))?.data).to.deep.equal({ a: 1 })
      rmSync(lock, { recursive: true })
      expect(await new FileLock(store.keyToFile(key)).run(() => 'free')).to.equal('free')
    }
  })

  describe('in the default directory', () => {
    const ours = (): string => path.join(root, `nuages-sessions-${user}`)
    const withDefault = (work: () => void | Promise<void>): void | Promise<void> => {
      process.env.TMPDIR = root
      return overrideSettings({ ...ENGINE, SESSION_FILE_PATH: null }, work)
    }

    it('are accessible only to their owner: mode 0700 for the directory and 0600 for the files, with any umask', () =>
      withDefault(async () => {
        const umask = process.umask(0)
        try {
          const store = openSessionStore()
          const saved = await store.create(record({ a: 1 }))
          expect(statSync(ours()).mode & 0o7777).to.equal(0o700)
          const [name] = readdirSync(ours())
          expect(statSync(path.join(ours(), name as string)).mode & 0o7777).to.equal(0o600)
          expect((await store.load((saved as { key: string }).key))?.data).to.deep.equal({ a: 1 })
          // No name in the temporary directory itself contains a key.
          expect(readdirSync(root)).to.deep.equal([path.basename(ours())])
          expect(await new SessionStore().exists((saved as { key: string }).key)).to.equal(true)
        } finally {
          process.umask(umask)
        }
      }))

    const WRONG: Record<string, [plant: () => void, message: string]> = {
      'a symbolic link': [
        () => {
          mkdirSync(path.join(root, 'other'), { mode: 0o700 })
          symlinkSync(path.join(root, 'other'), ours())
        },
        'is a symbolic link',
      ],
      'a symbolic link to nothing': [() => symlinkSync(path.join(root, 'nowhere'), ours()), 'is a symbolic link'],
      'a file': [() => writeFileSync(ours(), ''), 'is not a folder'],
      'a FIFO': [() => fifo(ours()), 'is not a folder'],
      ...Object.fromEntries(
        [0o755, 0o750, 0o701, 0o770, 0o777, 0o1777, 0o720, 0o740].map((mode) => [
          `a folder of mode ${mode.toString(8)}`,
          [
            () => {
              mkdirSync(ours())
              chmodSync(ours(), mode)
            },
            `has the mode ${mode.toString(8).padStart(4, '0')}`,
          ] as [() => void, string],
        ]),
      ),
      ...(user === 0 && {
        'a folder of another user': [
          () => {
            mkdirSync(ours(), { mode: 0o700 })
            chownSync(ours(), SOMEBODY_ELSE, SOMEBODY_ELSE)
          },
          `belongs to the user ${SOMEBODY_ELSE}`,
        ] as [() => void, string],
      }),
    }

    for (const [what, [plant, message]] of Object.entries(WRONG)) {
      it(`are refused at start if it is ${what}, which is left unchanged and reported by \`check\``, () =>
        withDefault(async () => {
          plant()
          const before = lstatSync(ours())
          for (const open of [() => new SessionStore(), openSessionStore]) {
            expect(open)
              .to.throw(ImproperlyConfigured, message)
              .with.property('message')
              .that.contains(ours())
              .and.contains('SESSION_FILE_PATH')
          }
          expect(lstatSync(ours()).mode).to.equal(before.mode)
          const found = (await runChecks({ tags: ['sessions'] })).filter(({ id }) => id === 'sessions.E001')
          expect(found.map((each) => [each.message.includes(message), each.level])).to.deep.equal([[true, 'ERROR']])
        }))
    }

    it('are refused later when the directory is exchanged while the server runs', () =>
      withDefault(async () => {
        const store = new SessionStore()
        const { key, version } = await store.create(record({ a: 1 }))
        renameSync(ours(), `${ours()}-away`)
        mkdirSync(ours())
        chmodSync(ours(), 0o777)
        for (const work of [
          () => store.create(record({})),
          () => store.update(key, record({}), version),
          () => store.delete(key),
          () => store.load(key),
          () => store.clearExpired(),
        ]) {
          expect(await thrownBy(work)).to.be.instanceOf(ImproperlyConfigured)
        }
        expect(readdirSync(ours())).to.deep.equal([])
      }))

    it('continue in a new directory of mode 0700 when the old one was deleted', () =>
      withDefault(async () => {
        const store = new SessionStore()
        const { key, version } = await store.create(record({ a: 1 }))
        for (const work of [
          async () => expect(await store.load(key)).to.equal(undefined),
          async () => expect(await store.delete(key)).to.equal(false),
          async () => expect(await store.clearExpired()).to.equal(0),
          async () =>
            expect(await thrownBy(() => store.update(key, record({}), version))).to.have.property(
              'name',
              'SessionGone',
            ),
          async () => expect((await store.create(record({}))).key).to.have.length(32),
        ]) {
          rmSync(ours(), { recursive: true })
          await work()
          expect(statSync(ours()).mode & 0o7777).to.equal(0o700)
        }
      }))

    it('must belong to this user: files of other users are ignored', function () {
      if (user !== 0) skipTest(this, 'Only root can act as another user.')
      return withDefault(async () => {
        const store = new SessionStore()
        const { key } = await store.create(record({ a: 1 }))
        chownSync(store.keyToFile(key), SOMEBODY_ELSE, SOMEBODY_ELSE)
        expect(await store.load(key)).to.equal(undefined)
        expect(await store.exists(key)).to.equal(false)
        expect(await store.delete(key)).to.equal(false)
        expect(lines.join()).to.contain(`belongs to the user ${SOMEBODY_ELSE}`)
      })
    })

    it('are not searched before there is a directory, without an error', () =>
      withDefault(async () => {
        const ids = (await runChecks({ tags: ['sessions'], deploy: true })).map(({ id }) => id)
        expect(ids).to.deep.equal([])
        expect(existsSync(ours())).to.equal(false)
        await new SessionStore().create(record({}))
        expect(await runChecks({ tags: ['sessions'], deploy: true })).to.deep.equal([])
      }))
  })

  describe('in a directory that another program shares', () => {
    const ids = (folder: string, deploy: boolean): Promise<string[]> =>
      overrideSettings({ ...ENGINE, SESSION_FILE_PATH: folder }, async () =>
        (await runChecks({ tags: ['sessions'], deploy })).map(({ id }) => id),
      )

    it('may belong to any owner, and the directory may have any mode', async function () {
      if (user !== 0) skipTest(this, 'Only root can act as another user.')
      const folder = inFolder(0o2775)
      chownSync(folder, SOMEBODY_ELSE, SOMEBODY_ELSE)
      const store = new SessionStore({ folder })
      const { key } = await store.create(record({ a: 1 }))
      chownSync(store.keyToFile(key), SOMEBODY_ELSE, SOMEBODY_ELSE)
      expect((await store.load(key))?.data).to.deep.equal({ a: 1 })
      expect(await store.exists(key)).to.equal(true)
      expect(await ids(folder, true)).to.deep.equal(['sessions.W003'])
      expect(await store.delete(key)).to.equal(true)
    })

    it('may be hard links, as backup copies are', async () => {
      const store = new SessionStore({ folder: root })
      const { key } = await store.create(record({ a: 1 }))
      linkSync(store.keyToFile(key), path.join(root, 'backup'))
      expect((await store.load(key))?.data).to.deep.equal({ a: 1 })
    })

    it('are reported by `check --deploy` if others can list them, and by `check` if anyone can remove them', async () => {
      const folder = inFolder(0o700)
      for (const [mode, plain, deploy] of [
        [0o700, [], []],
        [0o755, [], ['sessions.W003']],
        [0o750, [], ['sessions.W003']],
        [0o1777, [], ['sessions.W003']],
        [0o777, ['sessions.W002'], ['sessions.W002', 'sessions.W003']],
      ] as const) {
        chmodSync(folder, mode)
        expect(await ids(folder, false), mode.toString(8)).to.deep.equal(plain)
        expect(await ids(folder, true), mode.toString(8)).to.deep.equal(deploy)
      }
    })

    it('are counted by `check --deploy` if they are not sessions', async () => {
      const folder = inFolder(0o700)
      await new SessionStore({ folder }).create(record({}))
      writeFileSync(path.join(folder, 'notes'), '')
      expect(await ids(folder, true)).to.deep.equal([])
      fifo(path.join(folder, `sessionid${newSessionKey()}`))
      mkdirSync(path.join(folder, `sessionid${newSessionKey()}`))
      expect(await ids(folder, true)).to.deep.equal(['sessions.W004'])
      expect(await ids(folder, false)).to.deep.equal([])
    })

    it('are not checked for a user who may not list them', async function () {
      if (user !== 0) skipTest(this, 'Only root can act as another user.')
      const folder = inFolder(0o700)
      chmodSync(root, 0o755)
      const hidden = path.join(root, 'above', 'cache')
      mkdirSync(path.dirname(hidden), { mode: 0o700 })
      mkdirSync(hidden)
      const cache = { BACKEND: 'core.cache.backends.filebased.FileBasedCache', LOCATION: hidden }
      await overrideSettings({ ...ENGINE, SESSION_FILE_PATH: folder, CACHES: { default: cache } }, async () => {
        process.seteuid?.(SOMEBODY_ELSE)
        try {
          const messages = await runChecks({ deploy: true })
          const found = messages.map(({ id }) => id).filter((id) => /^(sessions|caches)\.W/.test(id))
          expect(found).to.deep.equal(['sessions.W003'])
        } finally {
          process.seteuid?.(0)
        }
      })
    })

    it('are not checked with another engine', () =>
      overrideSettings({ SESSION_FILE_PATH: inFolder(0o777) }, async () => {
        expect(await runChecks({ tags: ['sessions'], deploy: true })).to.deep.equal([])
      }))
  })

  describe('and files of the file cache', () => {
    it('are not read from other entries, which stop neither a write nor culling nor clearing', async () => {
      const folder = path.join(root, 'cache')
      const cache = new Cache(new FileBasedCache({ location: folder, options: { MAX_ENTRIES: 5, CULL_FREQUENCY: 1 } }))
      await cache.set('key', 'value')
      const [name] = readdirSync(folder)
      const file = path.join(folder, name as string)
      for (const [what, plant] of Object.entries(PLANTS)) {
        if (what === 'a file of one byte too many') continue
        rmSync(file, { recursive: true, force: true })
        await plant(file, file)
        expect(await cache.get('key'), what).to.equal(undefined)
        expect(await cache.hasKey('key'), what).to.equal(false)
        if (lstatSync(file).isDirectory()) continue
        await cache.set('key', what)
        expect(await cache.get('key')).to.equal(what)
        expect(lstatSync(file).isFile()).to.equal(true)
      }
      for (let i = 0; i < 20; i++) mkdirSync(path.join(folder, `${String(i).padStart(32, '0')}.djcache`))
      for (let i = 0; i < 20; i++) await cache.set(`key${i}`, i)
      await cache.clear()
      expect(await cache.get('key19')).to.equal(undefined)
      expect(readdirSync(folder)).to.have.length(20)
    })

    it('are reported by `check --deploy` if other users can access them', async () => {
      const folder = inFolder(0o700)
      const CACHES = { default: { BACKEND: 'core.cache.backends.filebased.FileBasedCache', LOCATION: folder } }
      const ids = (deploy: boolean): Promise<string[]> =>
        overrideSettings({ CACHES }, async () =>
          (await runChecks({ tags: ['security'], deploy })).map(({ id }) => id).filter((id) => id.startsWith('caches')),
        )
      expect(await ids(true)).to.deep.equal([])
      chmodSync(folder, 0o755)
      expect(await ids(true)).to.deep.equal(['caches.W101'])
      expect(await ids(false)).to.deep.equal([])
    })
  })

  it('are read to their end and no further, and closed again', () => {
    const file = path.join(root, 'file')
    const open = (): number => readdirSync('/proc/self/fd').length
    const before = existsSync('/proc/self/fd') ? open() : undefined
    for (const size of [0, 1, 100_000]) {
      writeFileSync(file, 'x'.repeat(size))
      expect(readRegularFile(file, { most: 100_000 })?.content.toString()).to.equal('x'.repeat(size))
    }
    writeFileSync(file, 'x'.repeat(100_001))
    expect(() => readRegularFile(file, { most: 100_000 })).to.throw(NotAFile, 'has 100001 bytes')
    expect(() => readRegularFile(root, { most: 100_000 })).to.throw(NotAFile, 'is not a regular file')
    unlinkSync(file)
    expect(readRegularFile(file, { most: 1 })).to.equal(undefined)
    if (before !== undefined) expect(open()).to.equal(before)
  })
})
