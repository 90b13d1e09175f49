/** dbshell: the arguments of each engine's client, and its exit code. */
import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import path from 'node:path'
import { setup } from '#core/apps'
import { overrideSettings, projectRoot } from '#core/conf'
import { type ClientProgram, connections, type DatabaseSettings, type Vendor } from '#core/db'
import { callCommand, CommandError } from '#core/management'
import { databases, onEachDatabase, requireService, temporaryFolder } from '../../services.ts'
import { endAll, type Finished, managed, settingsText, TestProject } from '../processes.ts'

const entry = (engine: string, values: object = {}): DatabaseSettings => ({
  ENGINE: `core.db.backends.${engine}`,
  ...values,
})

/** The client for an entry of DATABASES. */
const client = (database: DatabaseSettings, ...parameters: string[]): Promise<ClientProgram | undefined> =>
  overrideSettings({ DATABASES: { default: database } }, async () => connections.database().shell(parameters))

/** The arguments with which each client runs one statement, with plain output. */
const STATEMENT: Readonly<Record<Vendor, (sql: string) => string[]>> = {
  sqlite: (sql) => [sql],
  postgresql: (sql) => ['-At', '-c', sql],
  mysql: (sql) => ['-N', '-e', sql],
}

const FULL = { NAME: 'site', USER: 'ada', PASSWORD: 'hush', HOST: 'db.example.org', PORT: '444' }

const all = await databases('dbshell')

describe('dbshell', () => {
  before(() => setup())

  describe('calls sqlite3', () => {
    it('with the file that the project uses, from any directory', async () => {
      expect(await client(entry('sqlite3', { NAME: 'site.sqlite3' }), '-header')).to.deep.equal({
        commands: ['sqlite3'],
        args: [path.join(projectRoot(), 'site.sqlite3'), '-header'],
        env: {},
      })
      expect((await client(entry('sqlite3', { NAME: ':memory:' })))?.args).to.deep.equal([':memory:'])
    })
  })

  describe('calls psql', () => {
    const psql = (values: object, ...parameters: string[]) => client(entry('postgresql', values), ...parameters)

    it('with everything in the entry, and a password that other processes cannot see', async () => {
      expect(await psql(FULL, '-c', 'SELECT 1')).to.deep.equal({
        commands: ['psql'],
        args: ['-U', 'ada', '-h', 'db.example.org', '-p', '444', '-c', 'SELECT 1', 'site'],
        env: { PGPASSWORD: 'hush' },
      })
    })

    it('with the database postgres if none is named, or that of a service', async () => {
      expect(await psql({})).to.deep.equal({ commands: ['psql'], args: ['postgres'], env: {} })
      expect(await psql({ OPTIONS: { service: 'mine' } })).to.deep.equal({
        commands: ['psql'],
        args: [],
        env: { PGSERVICE: 'mine' },
      })
    })

    it('with files of passwords and certificates', async () => {
      const OPTIONS = { passfile: 'p', sslmode: 'verify-ca', sslrootcert: 'r', sslcert: 'c', sslkey: 'k', pool: {} }
      expect((await psql({ NAME: 'site', OPTIONS }))?.env).to.deep.equal({
        PGPASSFILE: 'p',
        PGSSLCERT: 'c',
        PGSSLKEY: 'k',
        PGSSLMODE: 'verify-ca',
        PGSSLROOTCERT: 'r',
      })
    })
  })

  describe('calls mysql, or mariadb if that is its name', () => {
    const mysql = (values: object, ...parameters: string[]) => client(entry('mysql', values), ...parameters)

    it('with everything in the entry, and a password that other processes cannot see', async () => {
      expect(await mysql({ ...FULL, PORT: 444 }, '-e', 'SELECT 1')).to.deep.equal({
        commands: ['mysql', 'mariadb'],
        args: ['--user=ada', '--host=db.example.org', '--port=444', 'site', '-e', 'SELECT 1'],
        env: { MYSQL_PWD: 'hush' },
      })
    })

    it('at the address that the project connects to if there is no HOST', async () => {
      expect((await mysql({ NAME: 'site' }))?.args).to.deep.equal(['--host=127.0.0.1', 'site'])
    })

    it('at a socket', async () => {
      const args = ['--socket=/run/x.sock', 'site']
      expect((await mysql({ NAME: 'site', HOST: '/run/x.sock', PORT: 1 }))?.args).to.deep.equal(args)
      expect((await mysql({ NAME: 'site', OPTIONS: { unix_socket: '/run/x.sock' } }))?.args).to.deep.equal(args)
    })

    it('with OPTIONS overriding the entry', async () => {
      const OPTIONS = { user: 'u', passwd: 'w', host: 'h', port: 7, db: 'd', charset: 'latin1' }
      expect(await mysql({ ...FULL, OPTIONS })).to.deep.include({
        args: ['--user=u', '--host=h', '--port=7', '--default-character-set=latin1', 'd'],
        env: { MYSQL_PWD: 'w' },
      })
      const files = { read_default_file: '/etc/my.cnf' }
      expect((await mysql({ OPTIONS: files }))?.args).to.deep.equal(['--defaults-file=/etc/my.cnf'])
    })

    it('with files of certificates, and never with a key itself', async () => {
      const ssl = { ca: 'ca.pem', cert: 'cert.pem', key: '-----BEGIN PRIVATE KEY-----\nsecret\n' }
      expect((await mysql({ NAME: 'site', OPTIONS: { ssl } }))?.args).to.deep.equal([
        '--host=127.0.0.1',
        '--ssl-ca=ca.pem',
        '--ssl-cert=cert.pem',
        'site',
      ])
    })
  })

  it('reports a missing program by its usual name', async () => {
    const { PATH } = process.env
    process.env.PATH = temporaryFolder('no-programs')
    try {
      const DATABASES = { default: entry('mysql', { NAME: 'site' }) }
      const error = await overrideSettings({ DATABASES }, () => callCommand('dbshell')).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).to.be.instanceOf(CommandError).and.include({
        message: "You appear not to have the 'mysql' program installed or on your path.",
        exitCode: 1,
      })
    } finally {
      process.env.PATH = PATH
    }
  })

  it('reports a custom engine without a client', async () => {
    const DATABASES = { default: { ENGINE: 'test.db.engine_without_client', NAME: ':memory:' } }
    const error = await overrideSettings({ DATABASES }, () => callCommand('dbshell')).catch((thrown: unknown) => thrown)
    expect(String(error)).to.equal("CommandError: 'test.db.engine_without_client' has no client for the command line.")
  })

  it('lists the databases if --database is unknown', async () => {
    const error = await callCommand('dbshell', '--database', 'other').catch((thrown: unknown) => thrown)
    expect(String(error)).to.contain("DATABASES has no 'other'. It has: default.")
  })

  onEachDatabase(all, (database) => {
    let project: TestProject
    before(async function () {
      const names = (await client(database.config))?.commands ?? []
      const available = names.some((name) => spawnSync(name, ['--version']).status === 0)
      requireService({ available, reason: `The program ${names.join(' or ')} is not installed.` }, this)
      const DATABASES = JSON.stringify({ default: database.config })
      project = new TestProject({ 'settings.ts': settingsText({ DATABASES }) })
    })
    afterEach(endAll)
    after(() => project?.remove())

    const dbshell = (sql: string): Promise<Finished> =>
      managed(['dbshell', '--pythonpath', project.root, '--', ...STATEMENT[database.vendor](sql)])

    it('passes the arguments after -- to the client', async () => {
      const { code, stdout, stderr } = await dbshell('SELECT 40 + 2')
      expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '42\n', stderr: '' })
    })

    it('ends with the exit code of the client, and reports the command', async () => {
      const { code, stderr } = await dbshell('SELECT * FROM nowhere')
      expect(code).to.be.above(0)
      expect(stderr).to.match(/nowhere.*\n[^]*CommandError: ".* FROM nowhere.*" returned non-zero exit status \d+\.\n$/)
      expect(stderr).to.contain(`exit status ${code}.`)
    })
  })
})
