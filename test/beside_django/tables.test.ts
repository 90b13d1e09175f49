/** Our tables equal Django's as far as its introspection shows, and each side recognises the other's. */
import { expect } from 'chai'
import { connection, unappliedMigrations } from '#core/db'
import CreateCacheTable from '../../core/management/commands/createcachetable.ts'
import Migrate from '../../core/management/commands/migrate.ts'
import ShowMigrations from '../../core/management/commands/showmigrations.ts'
import { outcomeOf } from '../db/migrations/project.ts'
import { databases, onEachDatabase, type TestDatabase } from '../services.ts'
import { asNuages, djangoSettings, nuagesSettings, requireDjango } from './beside.ts'
import { Django } from './django.ts'
import { databaseEngine, onDatabase } from './shared_setups.ts'

const dbs = await databases('beside_tables')

const APPS = ['auth', 'contenttypes', 'sessions']

/** Without django_migrations, because the type of its key depends on DEFAULT_AUTO_FIELD. */
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

/** The default argument of the command. */
const CACHE_TABLES = { tableName: [], database: 'default' }

const CACHES = { default: { BACKEND: 'django.core.cache.backends.db.DatabaseCache', LOCATION: 'cache_table' } }

const without = (some: readonly string[], others: readonly string[]): string[] =>
  some.filter((each) => !others.includes(each))

describe('tables shared with Django', function () {
  this.timeout(60_000)
  before(function () {
    return requireDjango(this)
  })

  onEachDatabase(dbs, (db: TestDatabase) => {
    const setup = onDatabase(db, db.name, { ...databaseEngine, CACHES })
    let django: Django
    beforeEach(async () => {
      await db.create()
      django = new Django(djangoSettings(setup))
    })
    afterEach(() => django.close())

    /** `fn` has exclusive access to the database: no connection of Django stays open. */
    const ours = <T>(fn: () => Promise<T>): Promise<T> => asNuages(nuagesSettings(setup), fn)

    it('created by Django count as migrated, with the same list and the same times', async () => {
      await django.command('migrate', '--verbosity', '0')
      const shown = await django.command('showmigrations', ...APPS, '--verbosity', '2')
      await ours(async () => {
        expect(await unappliedMigrations()).to.deep.equal([])
        const { stdout, error } = await outcomeOf(Migrate, {})
        expect(error).to.equal(undefined)
        expect(stdout).to.match(/Running migrations:\n {2}No migrations to apply\.\n$/)
        expect((await outcomeOf(ShowMigrations, { appLabel: APPS }, 2)).stdout).to.equal(shown)
      })
      expect(await django.command('migrate')).to.include('No migrations to apply.')
    })

    it('created by us are the same in columns, keys and indexes, and leave Django nothing to do', async () => {
      await django.command('migrate', '--verbosity', '0')
      await django.command('createcachetable')
      const theirs = await django.ask<string[]>('schema', { tables: [...TABLES, 'cache_table'] })
      await django.close()
      await db.create()
      django = new Django(djangoSettings(setup))
      await ours(async () => {
        expect((await outcomeOf(CreateCacheTable, CACHE_TABLES)).error).to.equal(undefined)
      })
      const seen = await django.ask<string[]>('schema', { tables: [...TABLES, 'cache_table'] })
      // Keys of our cache that differ only in case are distinct on MySQL as well.
      const own = seen.map((line) => line.replace("collation='utf8mb4_bin'", 'collation=None'))
      expect({ onlyHere: without(own, theirs), onlyThere: without(theirs, own) }).to.deep.equal({
        onlyHere: [],
        onlyThere: [],
      })
      expect(await django.command('migrate', '--fake-initial')).to.include('No migrations to apply.')
      // It would end with 1 if there were something to do.
      await django.command('migrate', '--check')
      expect(await django.command('check', '--database', 'default')).to.include('no issues')
      expect(await django.command('makemigrations', '--check', '--dry-run')).to.include('No changes detected')
      expect(await django.command('createcachetable', '--verbosity', '1')).to.include("'cache_table' already exists")
      const shown = await django.command('showmigrations', ...APPS)
      expect(shown).to.not.include('[ ]')
      await ours(async () => {
        expect((await outcomeOf(ShowMigrations, { appLabel: APPS })).stdout).to.equal(shown)
        expect((await outcomeOf(CreateCacheTable, CACHE_TABLES)).stdout).to.equal(
          "Cache table 'cache_table' already exists.\n",
        )
      })
    })

    it('created by us without records are adopted by --fake-initial, and migrated further', async () => {
      await ours(async () => {
        for (const appLabel of ['auth', 'contenttypes']) {
          const { error } = await outcomeOf(Migrate, { appLabel, migrationName: '0001' })
          expect(error).to.equal(undefined)
        }
        await connection('django_migrations').delete()
      })
      const printed = await django.command('migrate', '--fake-initial')
      for (const app of APPS) expect(printed).to.include(`Applying ${app}.0001_initial... FAKED\n`)
      expect(printed).to.include('Applying auth.0012_alter_user_first_name_max_length... OK\n')
      const [[key] = ['']] = await django.ask<[string, string][]>('create', { strings: ['{"a":1}'] })
      await django.ask('create_user', { username: 'n'.repeat(150), password: 'three green apples' })
      await ours(async () => {
        expect(await unappliedMigrations()).to.deep.equal([])
        expect(await connection('django_session').pluck('session_key')).to.deep.equal([key])
      })
    })

    it('are migrated further by either side from where the other one stopped', async () => {
      await django.command('migrate', 'auth', '0005', '--verbosity', '0')
      const shown = await ours(async () => {
        expect(await unappliedMigrations()).to.deep.equal([])
        return (await outcomeOf(ShowMigrations, { appLabel: APPS })).stdout
      })
      expect(await django.command('showmigrations', ...APPS)).to.equal(shown)
      expect(await django.command('migrate')).to.include('No migrations to apply.')
      await ours(async () => {
        expect((await outcomeOf(Migrate, { appLabel: 'auth', migrationName: '0007' })).error).to.equal(undefined)
      })
      expect(await django.command('migrate')).to.include('Applying auth.0008_alter_user_username_max_length... OK\n')
      // It would end with 1 if there were something to do.
      await django.command('migrate', '--check')
    })
  })
})
