/** Our migrations and Django's create the same tables, and each side recognises the other's. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { connection, loadMigrations, MigrationExecutor, connections, migrationSql, unappliedMigrations } from '#core/db'
import { User } from '#core/contrib/auth'
import { databases, onEachDatabase, PYTHON, python, requireService } from '../../services.ts'
import { withUsers } from './installed.ts'

const run = promisify(execFile)

type Row = Record<string, unknown>

const TABLES = [
  'auth_group',
  'auth_group_permissions',
  'auth_permission',
  'auth_user',
  'auth_user_groups',
  'auth_user_user_permissions',
  'django_content_type',
  'django_session',
]

/** The columns, foreign keys and indexes of a SQLite database: its schema without the spelling. */
async function schemaOf(): Promise<unknown> {
  const schema: Record<string, unknown> = {}
  const by = (name: string) => (a: Row, b: Row) => (String(a[name]) < String(b[name]) ? -1 : 1)
  for (const table of TABLES) {
    const columns = (await connection.raw(`PRAGMA table_info(${table})`)) as Row[]
    const keys = (await connection.raw(`PRAGMA foreign_key_list(${table})`)) as Row[]
    const indexes = (await connection.raw(
      `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '${table}' AND sql IS NOT NULL`,
    )) as Row[]
    const [{ sql }] = (await connection.raw(
      `SELECT sql FROM sqlite_master WHERE type = 'table' AND name = '${table}'`,
    )) as [{ sql: string }]
    schema[table] = {
      columns: columns.map(({ cid: _, ...rest }) => rest).toSorted(by('name')),
      keys: keys.map(({ id: _, seq: __, ...rest }) => rest).toSorted(by('from')),
      indexes:
        table === 'django_session'
          ? []
          : indexes.map((index) => ({ ...index, sql: unquoted(String(index.sql)) })).toSorted(by('name')),
      deferred: sql.match(/DEFERRABLE INITIALLY DEFERRED/g)?.length ?? 0,
      counted: /AUTOINCREMENT/.test(sql),
    }
  }
  return schema
}

const unquoted = (sql: string): string => sql.replaceAll('"', '')

const permissionsOf = async (): Promise<unknown> =>
  connection('auth_permission as p')
    .join('django_content_type as t', 't.id', 'p.content_type_id')
    .select('t.app_label', 't.model', 'p.codename', 'p.name')
    .orderBy(['t.app_label', 't.model', 'p.codename'])

describe('the tables of the auth app compared with Django', function () {
  this.timeout(60_000)
  let folder = ''
  const file = (): string => path.join(folder, 'db.sqlite3')

  before(async function () {
    await setup()
    requireService(await python('django'), this)
  })
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-users-'))
    writeFileSync(
      path.join(folder, 'site_settings.py'),
      `SECRET_KEY = 'x' * 50
USE_TZ = True
INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions']
DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': '${file()}'}}
PASSWORD_HASHERS = ['django.contrib.auth.hashers.PBKDF2PasswordHasher']
`,
    )
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  async function django(...words: string[]): Promise<string> {
    const env = { ...process.env, PYTHONPATH: folder, DJANGO_SETTINGS_MODULE: 'site_settings' }
    return (await run(PYTHON, ['-m', 'django', ...words], { env, cwd: folder })).stdout
  }

  const database = () => ({ ENGINE: 'django.db.backends.sqlite3', NAME: file() })
  /** The real hasher, because the other side verifies its hashes. */
  const overrides = { PASSWORD_HASHERS: ['django.contrib.auth.hashers.PBKDF2PasswordHasher'], TIME_ZONE: 'UTC' }
  const ours = <T>(fn: () => Promise<T>): Promise<T> => withUsers(fn, overrides, database())

  it('are the same on both sides, with the same permissions', async () => {
    await django('migrate')
    const theirs = await ours(async () => {
      expect(await unappliedMigrations()).to.deep.equal([])
      return { schema: await schemaOf(), permissions: await permissionsOf() }
    })
    for (const ending of ['', '-wal', '-shm']) rmSync(file() + ending, { force: true })
    await ours(async () => {
      expect(await schemaOf()).to.deep.equal(theirs.schema)
      expect(await permissionsOf()).to.deep.equal(theirs.permissions)
    })
  })

  it('leave Django nothing to migrate, and users of either side can log in on both', async () => {
    await ours(async () => {
      await User.objects.createSuperuser('ours', 'Ours@Example.COM', 'a long secret')
    })
    expect(await django('migrate')).to.include('No migrations to apply.')
    const script = `
from django.contrib.auth import authenticate
from django.contrib.auth.models import User, Permission
u = User.objects.get(username='ours')
print(u.email, u.is_superuser, u.is_staff, u.last_login, u.check_password('a long secret'))
t = User.objects.create_user('theirs', 't@example.com', 'another secret', first_name='T')
t.user_permissions.add(Permission.objects.get(codename='add_user'))
print(Permission.objects.count())
`
    expect(await django('shell', '-c', script)).to.equal('Ours@example.com True True None True\n20\n')
    await ours(async () => {
      const theirs = await User.objects.getByNaturalKey('theirs')
      expect(await theirs.checkPassword('another secret')).to.equal(true)
      expect(await theirs.checkPassword('a wrong secret')).to.equal(false)
      expect([...(await theirs.getAllPermissions())]).to.deep.equal(['auth.add_user'])
    })
  })

  it('are continued from any migration at which Django stopped', async () => {
    for (const stop of ['0001', '0004', '0008']) {
      await django('migrate', 'auth', stop)
      await ours(async () => {
        expect(await unappliedMigrations()).to.deep.equal([])
        expect(await User.objects.createUser('n'.repeat(150))).to.have.property('id')
      })
      for (const ending of ['', '-wal', '-shm']) rmSync(file() + ending, { force: true })
    }
  })
})

const all = await databases('auth_migrations')

describe('the migrations of the auth app', () => {
  before(() => setup())
  onEachDatabase(all, ({ config, vendor }) => {
    it('run all the way back and forth, and keep the rows', () =>
      withUsers(
        async () => {
          const user = await User.objects.createUser('ada', 'ada@example.com', 'x', { firstName: 'Ada' })
          const graph = await loadMigrations()
          const executor = new MigrationExecutor(connections.database(), graph)
          const keys = new Set(graph.all().map(({ key }) => key))
          const back = graph.plan([['auth', '0001_initial']], keys)
          expect(back).to.have.length(11)
          await executor.execute(back)
          const left = new Set([...keys].filter((key) => !back.some(({ migration }) => migration.key === key)))
          await executor.execute(
            graph.plan(
              graph.leaves().map(({ app, name }) => [app, name] as const),
              left,
            ),
          )
          const again = await User.objects.get({ id: user.id })
          expect(again.firstName).to.equal('Ada')
          // It was null, which the older table could not hold.
          expect(again.lastLogin?.getTime()).to.equal(again.dateJoined.getTime())
          await executor.execute(graph.plan([['auth', null]], keys))
          expect(await connection.schema.hasTable('auth_user')).to.equal(false)
        },
        {},
        config,
      ))

    it('can be printed without a database', () =>
      withUsers(
        async () => {
          const graph = await loadMigrations()
          const statements = await migrationSql(connections.database(), graph.of('auth')[0] as never)
          const created = statements.filter((sql) => sql.startsWith('CREATE TABLE'))
          expect(created).to.have.length(6)
          const deferred = vendor === 'mysql' ? 0 : 7
          expect(statements.filter((sql) => sql.includes('DEFERRABLE'))).to.have.length(
            vendor === 'sqlite' ? 4 : deferred,
          )
        },
        {},
        config,
      ))
  })
})
