/** The checks of the settings for users. */
import { expect } from 'chai'
import { apps, setup } from '#core/apps'
import { overrideSettings, projectRoot, settings } from '#core/conf'
import { checkContentTypes, checkPreferredHasher, checkUserModel } from '../../../core/contrib/auth/checks.ts'

const ids = (messages: readonly { id: string }[]): string[] => messages.map(({ id }) => id)

describe('checks of the auth app', () => {
  before(() => setup())
  afterEach(() => apps.populate(settings.INSTALLED_APPS, projectRoot()))

  it('report that the content types app is missing', async () => {
    await apps.populate(['django.contrib.auth'], projectRoot())
    expect(ids(checkContentTypes())).to.deep.equal(['auth.E101'])
    await apps.populate(['django.contrib.auth', 'django.contrib.contenttypes'], projectRoot())
    expect(checkContentTypes()).to.deep.equal([])
  })

  it('check the fields of the user class', async () => {
    expect(checkUserModel()).to.deep.equal([])
    await overrideSettings({ AUTH_USER_MODEL: 'test.contrib.auth.fixtures.members.AskedTwice' }, () => {
      expect(ids(checkUserModel())).to.deep.equal(['auth.E002'])
    })
  })

  it('warn about a hasher that is cracked quickly', async () => {
    expect(checkPreferredHasher()).to.deep.equal([])
    await overrideSettings({ PASSWORD_HASHERS: ['django.contrib.auth.hashers.MD5PasswordHasher'] }, () => {
      expect(ids(checkPreferredHasher())).to.deep.equal(['auth.W101'])
    })
  })
})
