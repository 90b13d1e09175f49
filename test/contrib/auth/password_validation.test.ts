/** Which new passwords are accepted, and the messages for the others. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { passwordHelpTexts, User, validatePassword, ValidationError } from '#core/contrib/auth'
import { commonPasswords } from '../../../core/contrib/auth/password_validation.ts'

const named = (name: string, OPTIONS: object = {}) => ({
  NAME: `django.contrib.auth.password_validation.${name}Validator`,
  OPTIONS,
})

async function objections(password: string, user?: object): Promise<readonly string[]> {
  try {
    await validatePassword(password, user)
    return []
  } catch (error) {
    if (error instanceof ValidationError) return error.messages
    throw error
  }
}

describe('password validators', () => {
  before(() => setup())
  const ada = Object.assign(new User(), {
    username: 'ada.lovelace',
    firstName: 'Augusta',
    email: 'count@byron.example',
  })

  it('accept everything when there are none', () =>
    overrideSettings({ AUTH_PASSWORD_VALIDATORS: [] }, async () => {
      expect(await objections('x')).to.deep.equal([])
    }))

  it('check the length', () =>
    overrideSettings({ AUTH_PASSWORD_VALIDATORS: [named('MinimumLength')] }, async () => {
      expect(await objections('1234567')).to.deep.equal([
        'This password is too short. It must contain at least 8 characters.',
      ])
      expect(await objections('12345678')).to.deep.equal([])
      expect(await objections('🔑🔑🔑🔑')).to.have.length(1)
      expect(passwordHelpTexts()).to.deep.equal(['Your password must contain at least 8 characters.'])
    }))

  it('check the similarity to the user', () =>
    overrideSettings({ AUTH_PASSWORD_VALIDATORS: [named('UserAttributeSimilarity')] }, async () => {
      for (const password of ['ada.lovelace', 'Lovelace1', 'AUGUSTA12', 'augusta!']) {
        expect(await objections(password, ada), password).to.have.length(1)
      }
      expect(await objections('count@byron', ada)).to.deep.equal(['The password is too similar to the email.'])
      expect(await objections('augusta12', ada)).to.deep.equal(['The password is too similar to the first name.'])
      expect(await objections('quite different', ada)).to.deep.equal([])
      expect(await objections('ada.lovelace')).to.deep.equal([])
    }))

  it('reject common passwords', () =>
    overrideSettings({ AUTH_PASSWORD_VALIDATORS: [named('CommonPassword')] }, async () => {
      for (const password of ['password', 'Password1', ' 123456 ', 'qwerty123', 'monkey!', 'P@ssw0rd']) {
        expect(await objections(password), password).to.deep.equal(['This password is too common.'])
      }
      expect(await objections('vellum ostrich 9')).to.deep.equal([])
      expect(commonPasswords().size).to.be.greaterThan(5000)
    }))

  it('read a custom list', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-passwords-'))
    const file = path.join(folder, 'list.txt')
    writeFileSync(file, 'vellum\nostrich\n')
    await overrideSettings(
      { AUTH_PASSWORD_VALIDATORS: [named('CommonPassword', { password_list_path: file })] },
      async () => {
        expect(await objections('Ostrich')).to.have.length(1)
        expect(await objections('password')).to.deep.equal([])
      },
    )
    rmSync(folder, { recursive: true })
  })

  it('reject passwords of digits only', () =>
    overrideSettings({ AUTH_PASSWORD_VALIDATORS: [named('NumericPassword')] }, async () => {
      expect(await objections('9081726354')).to.deep.equal(['This password is entirely numeric.'])
      expect(await objections('٣٤٥٦٧٨٩٠')).to.have.length(1)
      expect(await objections('9081726354x')).to.deep.equal([])
    }))

  it('report all problems together', () =>
    overrideSettings(
      { AUTH_PASSWORD_VALIDATORS: ['MinimumLength', 'CommonPassword', 'NumericPassword'].map((n) => named(n)) },
      async () => {
        expect(await objections('123456')).to.have.length(3)
      },
    ))

  it('are checked at start', async () => {
    const wrong = (validators: object[]) =>
      overrideSettings({ AUTH_PASSWORD_VALIDATORS: validators as never }, () => undefined).catch(
        (error: Error) => error.message,
      )
    expect(await wrong([{ NAME: 'django.contrib.auth.password_validation.Nope' }])).to.match(
      /AUTH_PASSWORD_VALIDATORS\[0\]\.NAME names .* exports no 'Nope'/,
    )
    expect(await wrong([{}])).to.match(/AUTH_PASSWORD_VALIDATORS\[0\]\.NAME should be the dotted name/)
  })
})
