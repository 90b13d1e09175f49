/** Users created concurrently: a taken name is an error of the form, whichever request was first. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { DuplicateUserError, User, ValidationError } from '#core/contrib/auth'
import { connection, isUniqueViolation, transaction } from '#core/db'
import { callCommand } from '#core/management'
import { Client, type ClientResponse } from '#core/test'
import project from '../../settings.ts'
import { inUsers } from '../contrib/auth/installed.ts'
import { databases, onEachDatabase } from '../services.ts'
import { holdNoMore, holdUntil, RECORDING } from './hashers.ts'

const TAKEN = 'A user with that username already exists.'
const PASSWORD = 'three green apples'

const register = (username: string): Promise<ClientResponse> =>
  new Client().post('/shop/register/', { data: { username, password: PASSWORD, confirmation: PASSWORD } })

const duplicate = async (work: Promise<unknown>): Promise<DuplicateUserError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).to.be.instanceOf(DuplicateUserError).and.instanceOf(ValidationError)
  return error as DuplicateUserError
}

const all = await databases('registration')

describe('registrations', () => {
  before(() => setup())
  afterEach(holdNoMore)
  onEachDatabase(all, ({ config }) => {
    inUsers({ INSTALLED_APPS: project.INSTALLED_APPS, PASSWORD_HASHERS: [RECORDING] }, () => config)
    beforeEach(async () => {
      for (const table of ['django_session', 'auth_user']) await connection(table).delete()
    })

    it('of one name at the same time create one user, and show the others that the name is taken', async () => {
      for (const name of ['ada', 'øystein', 'O.Reilly+1@x-y_z']) {
        holdUntil(4)
        const responses = await Promise.all(Array.from({ length: 4 }, () => register(name)))
        holdNoMore()
        expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([200, 200, 200, 302])
        for (const { status, text } of responses) if (status === 200) expect(text).to.include(TAKEN)
        expect(await User.objects.count({ username: name })).to.equal(1)
      }
    })

    it('of different names at the same time all succeed', async () => {
      holdUntil(3)
      const responses = await Promise.all(['one', 'two', 'three'].map(register))
      expect(responses.map(({ status }) => status)).to.deep.equal([302, 302, 302])
    })

    it('in code throw an error that names the property, with the database’s error as its cause', async () => {
      await User.objects.createUser('ada', null, PASSWORD)
      for (const name of ['ada', '\uff41da']) {
        const error = await duplicate(User.objects.createUser(name, null, PASSWORD))
        expect([error.name, error.field, error.messages]).to.deep.equal(['DuplicateUserError', 'username', [TAKEN]])
        expect(isUniqueViolation(error.cause)).to.equal(true)
      }
      const bob = await User.objects.createUser('bob', null, PASSWORD)
      bob.username = 'ada'
      expect((await duplicate(bob.save())).field).to.equal('username')
      expect((await duplicate(User.objects.createSuperuser('ada', null, PASSWORD))).field).to.equal('username')
      expect(await User.objects.count()).to.equal(2)
    })

    it('leave the rollback to the transaction that they run in', async () => {
      await User.objects.createUser('ada', null, PASSWORD)
      const error = await duplicate(
        transaction(async () => {
          await User.objects.createUser('bob', null, PASSWORD)
          await User.objects.createUser('ada', null, PASSWORD)
        }),
      )
      expect(error.field).to.equal('username')
      expect(await User.objects.count()).to.equal(1)
    })

    it('name another property that a project made unique', async () => {
      await connection.schema.alterTable('auth_user', (table) => table.unique(['email'], { indexName: 'one_email' }))
      try {
        await User.objects.createUser('ada', "Key (username)=(x)' for key 'username'@x.org", PASSWORD)
        const error = await duplicate(
          User.objects.createUser('bob', "Key (username)=(x)' for key 'username'@x.org", PASSWORD),
        )
        expect([error.field, error.message]).to.deep.equal(['email', 'User with this email already exists.'])
      } finally {
        await connection.schema.alterTable('auth_user', (table) => table.dropUnique(['email'], 'one_email'))
      }
    })

    it('with values that no column can hold are errors that a form can show', async () => {
      const LONG = 'Ensure this value has at most'
      const NUL = 'Null characters are not allowed.'
      const cases: [name: string, email: string | null, password: string, message: string][] = [
        // One character becomes eighteen in its normal form.
        ['\ufdfa'.repeat(100), null, PASSWORD, `${LONG} 254 characters.`],
        ['a'.repeat(255), null, PASSWORD, `${LONG} 254 characters.`],
        ['a\0b', null, PASSWORD, NUL],
        ['ada', `${'a'.repeat(400)}@example.com`, PASSWORD, `${LONG} 320 characters.`],
        ['ada', 'ada\0@example.com', PASSWORD, NUL],
        ['ada', null, 'x'.repeat(1_000_000), 'This password is too long. It must contain at most 4096 characters.'],
      ]
      for (const [name, email, password, message] of cases) {
        for (const make of ['createUser', 'createSuperuser'] as const) {
          const error: unknown = await User.objects[make](name, email, password).catch((thrown: unknown) => thrown)
          expect(error).to.be.instanceOf(ValidationError).with.property('message', message)
        }
      }
      expect(await User.objects.count()).to.equal(0)
    })

    it('with values that are only too long for their column are such errors if the database reports it', async () => {
      for (const [name, email] of [
        ['a'.repeat(200), null],
        ['\ufdfa'.repeat(12), null],
        ['ada', `${'a'.repeat(300)}@x`],
      ]) {
        const error: unknown = await User.objects.createUser(name as string, email, PASSWORD).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        if (config.ENGINE.includes('sqlite')) expect(error).to.equal(undefined)
        else expect(error).to.be.instanceOf(ValidationError)
        await User.objects.rows().delete()
      }
    })

    it('of superusers with such values are errors of the command', async () => {
      const options = { username: 'root', email: 'root@example.com', noinput: true, verbosity: 0 }
      try {
        for (const [given, password] of [
          [{ username: '\ufdfa'.repeat(100) }, PASSWORD],
          [{ email: `${'a'.repeat(400)}@example.com` }, PASSWORD],
          [{}, 'x'.repeat(5000)],
        ] as const) {
          process.env.DJANGO_SUPERUSER_PASSWORD = password
          const error: unknown = await callCommand('createsuperuser', { ...options, ...given }).catch((e: unknown) => e)
          expect(error).to.have.property('name', 'CommandError')
        }
      } finally {
        delete process.env.DJANGO_SUPERUSER_PASSWORD
      }
    })

    it('pass on an error that is about no property', async () => {
      const ada = await User.objects.createUser('ada', null, PASSWORD)
      const error: unknown = await User.objects
        .createUser('bob', null, PASSWORD, { id: ada.id })
        .catch((thrown: unknown) => thrown)
      expect(error).not.to.be.instanceOf(DuplicateUserError)
      expect(isUniqueViolation(error)).to.equal(true)
    })

    it('of superusers by two concurrent commands create one, and report that to the other', async () => {
      process.env.DJANGO_SUPERUSER_PASSWORD = PASSWORD
      try {
        holdUntil(2)
        const options = { username: 'root', email: 'root@example.com', noinput: true, verbosity: 0 }
        const results = await Promise.allSettled([1, 2].map(() => callCommand('createsuperuser', options)))
        const failed = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []))
        expect(failed.map(({ message }) => message)).to.deep.equal([`Error: ${TAKEN}`])
        expect(await User.objects.count({ username: 'root', isSuperuser: true })).to.equal(1)
      } finally {
        delete process.env.DJANGO_SUPERUSER_PASSWORD
      }
    })
  })
})
