/** Users, groups and permissions on every database. */
import { inspect } from 'node:util'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { settings } from '#core/conf'
import {
  AnonymousUser,
  authenticate,
  Group,
  ModelBackend,
  normalizeEmail,
  ObjectDoesNotExist,
  Permission,
  User,
} from '#core/contrib/auth'
import { ContentType } from '#core/contrib/contenttypes'
import { connection, isUniqueViolation } from '#core/db'
import { overrideSettings } from '#core/test'
import { setClock } from '#core/utils'
import { databases, onEachDatabase } from '../../services.ts'
import { CHEAP, inUsers } from './installed.ts'
import { runs } from './fixtures/hashers.ts'

const WEAKER = 'test.contrib.auth.fixtures.hashers.WeakerHasher'

const all = await databases('auth_models')

describe('users', () => {
  before(() => setup())
  afterEach(() => setClock())
  onEachDatabase(all, ({ config }) => {
    inUsers({}, () => config)
    beforeEach(async () => {
      for (const table of ['auth_user_groups', 'auth_user_user_permissions', 'auth_group_permissions']) {
        await connection(table).delete()
      }
      await connection('auth_user').delete()
      await connection('auth_group').delete()
    })

    it('are saved with all their values', async () => {
      setClock({ now: () => Date.UTC(2026, 4, 6, 7, 8, 9, 123) })
      const made = await User.objects.createUser('ada', 'Ada@EXAMPLE.com', 'secret', {
        firstName: 'Ada',
        lastName: 'Łovelace 🙂',
        isStaff: true,
      })
      const read = await User.objects.getByNaturalKey('ada')
      expect(read.toJSON()).to.deep.equal({
        id: made.id,
        lastLogin: null,
        isSuperuser: false,
        username: 'ada',
        firstName: 'Ada',
        lastName: 'Łovelace 🙂',
        email: 'Ada@example.com',
        isStaff: true,
        isActive: true,
        dateJoined: new Date(Date.UTC(2026, 4, 6, 7, 8, 9, 123)),
      })
      expect(read.getFullName()).to.equal('Ada Łovelace 🙂')
      expect(String(read)).to.equal('ada')
    })

    it('are found, counted and deleted', async () => {
      for (const name of ['a', 'b', 'c'])
        await User.objects.createUser(name, `${name}@x.org`, null, { isStaff: name > 'a' })
      expect(await User.objects.count()).to.equal(3)
      expect((await User.objects.filter({ isStaff: true })).map(String)).to.deep.equal(['b', 'c'])
      expect((await User.objects.filter({ lastLogin: null })).length).to.equal(3)
      expect(await User.objects.first({ username: 'z' })).to.equal(null)
      expect(await User.objects.exists({ username: 'a' })).to.equal(true)
      await (await User.objects.get({ username: 'b' })).delete()
      expect((await User.objects.all()).map(String)).to.deep.equal(['a', 'c'])
      const missing = await User.objects.get({ username: 'b' }).catch((error: unknown) => error)
      expect(missing)
        .to.be.instanceOf(ObjectDoesNotExist)
        .with.property('message', 'User matching query does not exist.')
    })

    it('have unique names, also among visually identical letters', async () => {
      await User.objects.createUser('file')
      const twice = await User.objects.createUser('ﬁle').catch((error: unknown) => error)
      expect(isUniqueViolation(twice)).to.equal(true)
    })

    it('save only changed fields', async () => {
      const mine = await User.objects.createUser('ada', 'ada@x.org')
      const theirs = await User.objects.get({ id: mine.id })
      theirs.firstName = 'Augusta'
      await theirs.save()
      mine.email = 'new@x.org'
      await mine.save()
      await mine.refresh()
      expect([mine.firstName, mine.email]).to.deep.equal(['Augusta', 'new@x.org'])
      mine.lastName = 'unsaved'
      await mine.save({ updateFields: ['email'] })
      expect((await User.objects.get({ id: mine.id })).lastName).to.equal('')
      await connection('auth_user').delete()
      expect(await mine.save().catch((error: Error) => error.message)).to.match(/no row of its id any more/)
    })

    it('have no password, a usable one or an unusable one', async () => {
      const user = await User.objects.createUser('ada', null, 'secret')
      expect(user.password).not.to.include('secret')
      expect(await user.checkPassword('secret')).to.equal(true)
      expect(await user.checkPassword('Secret')).to.equal(false)
      user.setUnusablePassword()
      expect(user.hasUsablePassword()).to.equal(false)
      expect(await user.checkPassword('secret')).to.equal(false)
      expect((await User.objects.createUser('nobody')).hasUsablePassword()).to.equal(false)
    })

    it('show their password in neither logs nor JSON', async () => {
      const user = await User.objects.createUser('ada', null, 'secret')
      for (const text of [JSON.stringify(user), inspect(user), inspect({ deep: [user] })]) {
        expect(text).to.include('ada').and.not.include('pbkdf2')
      }
    })

    it('get a current hash at a login with an outdated one, the same for all of several concurrent logins', async () => {
      await overrideSettings({ PASSWORD_HASHERS: [WEAKER] }, () => User.objects.createUser('ada', null, 'secret'))
      const users = await Promise.all(
        Array.from({ length: 5 }, () => authenticate(null, { username: 'ada', password: 'secret' })),
      )
      const stored = await User.objects.get({ username: 'ada' })
      expect(stored.password).to.match(/^pbkdf2_sha256\$10\$/)
      expect(new Set(users.map((user) => user?.password))).to.deep.equal(new Set([stored.password]))
    })

    it('can log in when active, with the right password', async () => {
      await User.objects.createUser('ada', null, 'secret')
      await User.objects.createUser('gone', null, 'secret', { isActive: false })
      const attempt = (username: string, password: string) => authenticate(null, { username, password })
      expect((await attempt('ada', 'secret'))?.getUsername()).to.equal('ada')
      expect((await attempt('ada', 'secret'))?.backend).to.equal('core.contrib.auth.backends.ModelBackend')
      for (const wrong of [
        ['ada', 'x'],
        ['ada', ''],
        ['', 'secret'],
        ['gone', 'secret'],
        ['a\0da', 'secret'],
        ['x', 'y'],
      ]) {
        expect(await attempt(wrong[0] as string, wrong[1] as string)).to.equal(null)
      }
      await overrideSettings(
        { AUTHENTICATION_BACKENDS: ['django.contrib.auth.backends.AllowAllUsersModelBackend'] },
        async () => {
          expect((await attempt('gone', 'secret'))?.getUsername()).to.equal('gone')
        },
      )
    })

    it('cannot be distinguished by the duration of a refusal', async () => {
      await User.objects.createUser('ada', null, 'secret')
      await User.objects.createUser('gone', null, 'secret', { isActive: false })
      await User.objects.createUser('unusable')
      await overrideSettings({ PASSWORD_HASHERS: [WEAKER] }, () => User.objects.createUser('old', null, 'secret'))
      const work: Record<string, number> = {}
      for (const username of ['ada', 'gone', 'unusable', 'old', 'unknown', 'nul\0']) {
        runs.length = 0
        await authenticate(null, { username, password: 'wrong' })
        work[username] = runs.reduce((sum, { iterations }) => sum + iterations, 0)
      }
      expect(new Set(Object.values(work)), JSON.stringify(work)).to.deep.equal(new Set([10]))
    })

    it('have the permissions of their own and of their groups', async () => {
      const user = await User.objects.createUser('ada')
      const [add, change, view] = (await Promise.all(
        ['add_user', 'change_user', 'view_user'].map((name) =>
          Permission.objects.findByNaturalKey(name, 'auth', 'user'),
        ),
      )) as [Permission, Permission, Permission]
      const group = await Group.objects.create({ name: 'editors' })
      await user.userPermissions.add(add, add)
      await group.permissions.set([change, view])
      await group.permissions.remove(view)
      await user.groups.add(group)
      expect([...(await user.getAllPermissions())].toSorted()).to.deep.equal(['auth.add_user', 'auth.change_user'])
      expect([...(await new ModelBackend().getGroupPermissions(user))]).to.deep.equal(['auth.change_user'])
      expect(await user.hasPerms(['auth.add_user', 'auth.change_user'])).to.equal(true)
      expect(await user.hasPerms(['auth.add_user', 'auth.view_user'])).to.equal(false)
      expect(await user.hasPerm('auth.add_user', user)).to.equal(false)
      expect([await user.hasModulePerms('auth'), await user.hasModulePerms('sessions')]).to.deep.equal([true, false])
      expect((await user.groups.all()).map(String)).to.deep.equal(['editors'])
      expect((await group.permissions.all()).map(String)).to.deep.equal(['Can change user'])

      const inactive = await User.objects.get({ id: user.id })
      inactive.isActive = false
      expect([...(await inactive.getAllPermissions())]).to.deep.equal([])
      expect(await inactive.hasPerm('auth.add_user')).to.equal(false)
      inactive.isSuperuser = true
      expect(await inactive.hasPerm('auth.add_user')).to.equal(false)
      inactive.isActive = true
      expect(await inactive.hasPerm('what.ever')).to.equal(true)
      expect(await new AnonymousUser().hasPerm('auth.add_user')).to.equal(false)
      await group.delete()
      await user.delete()
      expect(await connection('auth_user_groups')).to.deep.equal([])
    })

    it('are found by an id in any string, and by a mail address in any case', async () => {
      const user = await User.objects.createUser('ada', 'Ada@X.org')
      expect((await User.objects.findById(String(user.id)))?.username).to.equal('ada')
      for (const text of ['', '0', '-1', 'x', '1e1', '99999999999', '2147483648', `${user.id} or 1=1`]) {
        expect(await User.objects.findById(text), text).to.equal(null)
      }
      expect((await User.objects.findByEmail('ADA@x.ORG')).map(String)).to.deep.equal(['ada'])
      expect(await User.objects.findByEmail('%@x.org')).to.deep.equal([])
      user.isActive = false
      await user.save()
      expect(await User.objects.findByEmail('ada@x.org')).to.deep.equal([])
    })

    it('have content types and permissions with Django’s names for every model', async () => {
      const types = (await ContentType.objects.all()).map(String).toSorted()
      expect(types).to.deep.equal([
        'auth | group',
        'auth | permission',
        'auth | user',
        'contenttypes | contenttype',
        'sessions | session',
      ])
      expect(await Permission.objects.count()).to.equal(20)
      const view = await Permission.objects.findByNaturalKey('view_contenttype', 'contenttypes', 'contenttype')
      expect(view?.name).to.equal('Can view content type')
      expect((await ContentType.objects.getByNaturalKey('auth', 'user')).id).to.equal(
        (await Permission.objects.findByNaturalKey('add_user', 'auth', 'user'))?.contentTypeId,
      )
    })
  })

  it('have hashers of current strength by default', () => {
    expect(settings.PASSWORD_HASHERS[0]).to.equal('core.contrib.auth.hashers.PBKDF2PasswordHasher')
    expect(CHEAP).not.to.equal(settings.PASSWORD_HASHERS[0])
  })

  it('have mail addresses with a case-insensitive domain', () => {
    expect(normalizeEmail('A.B@Example.COM')).to.equal('A.B@example.com')
    expect(normalizeEmail('"a@b"@X.org')).to.equal('"a@b"@x.org')
    expect([normalizeEmail(null), normalizeEmail('plain')]).to.deep.equal(['', 'plain'])
  })
})
