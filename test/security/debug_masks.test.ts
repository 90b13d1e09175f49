/** Short names of secrets are hidden everywhere, and words that contain them are not. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { allSettings, overrideSettings } from '#core/conf'
import { authenticate, userLoginFailed } from '#core/contrib/auth'
import { Client, RequestFactory } from '#core/test'
import { captureLogs, isSecretField, isSecretName, MASK } from '#core/utils'
import { masked } from '../../core/management/commands/diffsettings.ts'
import { knownSecrets, maskCookie, maskField, maskQuery, maskSetting, maskSource } from '../../core/views/debug/mask.ts'

const SECRET: readonly string[] = [
  'pwd',
  'PWD',
  'newPwd',
  'user_pwd',
  'userpwd',
  'pwd2',
  'DB_PWD',
  'pw',
  'userPw',
  'cvn',
  'pin',
  'PIN',
  'pin1',
  'userPin',
  'userPIN',
  'PINCode',
  'pincode',
  'pin-code',
  'pin_number',
  'user[pin]',
  'users[0][pin]',
  'card.pin',
  'card-pin',
  'otp',
  'OTP',
  'otpCode',
  'email_otp',
  'otps[0]',
  'totp',
  'hotp',
  'mfa',
  'mfaCode',
  '2fa',
  'code_2fa',
  'cvv',
  'CVV2',
  'card_cvv',
  'cardCvv',
  'cardcvv',
  'cvc',
  'csc',
  'ssn',
  'SSN',
  'user.ssn',
  'iban',
  'cardNumber',
  'card_number',
  'card-no',
  'creditCard',
  'ccnumber',
  'cc_num',
  'accountNumber',
  'security_code',
  'securityCode',
  'verification-code',
  'sms_code',
  'oneTimeCode',
  'recoveryCodes',
  'jwt',
  'password',
  'passphrase',
  'apiKey',
  'private_key',
  'credentials',
]

const HARMLESS: readonly string[] = [
  'shipping',
  'opinion',
  'pinned',
  'spinner',
  'pinterest',
  'shopping_cart',
  'footprint',
  'hotpot',
  'businessname',
  'mission',
  'tapping',
  'card',
  'discard',
  'number',
  'postcode',
  'zip_code',
  'country_code',
  'statusCode',
  'encoded',
  'spin',
  'Spin',
  'robots',
  'optional',
  'description',
  'name',
  'caliban',
  'q',
  '',
]

describe('names of secrets', () => {
  before(() => setup())

  for (const name of SECRET) {
    it(`hide the value of ${name}, in every table, in a query, in source and of a login`, () => {
      expect(isSecretName(name)).to.equal(true)
      expect(maskField(name, 'value')).to.equal(MASK)
      expect(maskCookie(name, 'value')).to.equal(MASK)
      expect(maskSetting(name, 'value')).to.equal(MASK)
      expect(maskSetting('OPTIONS', { [name]: 'value' })).to.deep.equal({ [name]: MASK })
      expect(masked('OPTIONS', { [name]: 'value' })).to.deep.equal({ [name]: MASK })
      for (const written of [
        name,
        encodeURIComponent(name),
        [...Buffer.from(name)].map((byte) => `%${byte.toString(16)}`).join(''),
      ]) {
        expect(maskQuery(`/p?a=1&${written}=value&b=2`)).to.equal(`/p?a=1&${written}=${MASK}&b=2`)
      }
    })
  }

  for (const name of HARMLESS) {
    it(`do not hide the value of ${JSON.stringify(name)}`, () => {
      expect([isSecretName(name), isSecretField(name)]).to.deep.equal([false, false])
      expect(maskField(name, 'value')).to.equal('value')
      expect(maskSetting('OPTIONS', { [name]: 'value' })).to.deep.equal({ [name]: 'value' })
      expect(masked('OPTIONS', { [name]: 'value' })).to.deep.equal({ [name]: 'value' })
      expect(maskQuery(`/p?${name}=value`)).to.equal(`/p?${name}=value`)
    })
  }

  for (const name of ['code', 'sid', 'connect.sid', 'PHPSESSID', 'JSESSIONID', 'Cookie', 'X-XSRF', 'session']) {
    it(`hide ${name} in a request, though it is not secret in settings`, () => {
      expect(maskField(name, 'value')).to.equal(MASK)
      expect(maskQuery(`https://a.test/cb?${name}=value`)).to.equal(`https://a.test/cb?${name}=${MASK}`)
      expect(isSecretName(name)).to.equal(false)
    })
  }

  it('hide literals in a line of source', () => {
    expect(maskSource(`const pin = '1234', shipping = 'home', user = { cvv: "123", newPwd: \`x\` }`)).to.equal(
      `const pin = '${MASK}', shipping = 'home', user = { cvv: "${MASK}", newPwd: \`${MASK}\` }`,
    )
  })

  it('are hidden in a setting that contains itself', async () => {
    const circular: Record<string, unknown> = { list: ['shown'], password: 'p' }
    circular.self = circular
    const expected = { list: ['shown'], password: MASK, self: '[Circular]' }
    expect(maskSetting('OPTIONS', circular)).to.deep.equal(expected)
    expect(masked('OPTIONS', circular)).to.deep.equal(expected)
    const request = await new RequestFactory().get('/')
    await overrideSettings({ LOGGING: { circular }, STORAGES: { s: { OPTIONS: { api_key: 'hunter2-7fq' } } } }, () => {
      expect(knownSecrets(request)).to.include('hunter2-7fq')
    })
  })

  it('hide a field after one whose name cannot be decoded', () => {
    expect(maskQuery('/?%=1&user%5Bpin%5D%=2&%ff[otp]=3')).to.equal(`/?%=1&user%5Bpin%5D%=${MASK}&%ff[otp]=${MASK}`)
  })

  it('are found in long names in time proportional to their length', () => {
    // A quadratic search would take a hundred thousand times as long, and exceed the timeout of mocha.
    for (const piece of ['A', 'a', 'aA', 'pin', '_', 'card', 'PINx', '0', '%41']) {
      isSecretField(piece.repeat(100_000))
    }
  })

  it('hide no setting that was shown before', () => {
    const shown = Object.keys(allSettings()).filter((name) => maskSetting(name, 'value') === 'value')
    expect(shown).to.include.members([
      'DEBUG',
      'SESSION_COOKIE_NAME',
      'SIGNED_COOKIE_LEGACY_SALT_FALLBACK',
      'TIME_ZONE',
    ])
  })

  it('hide the credentials of a failed login from signal handlers', async () => {
    const received: unknown[] = []
    const listen = ({ credentials }: { readonly credentials: unknown }): void => void received.push(credentials)
    userLoginFailed.connect(listen)
    try {
      // A backend that accepts no such credentials: the database is not queried.
      await authenticate(null, {
        name: 'ada',
        password: 'p',
        pin: '1234',
        otp: '999999',
        userPwd: 'x',
        shipping: 'home',
      })
    } finally {
      userLoginFailed.disconnect(listen)
    }
    expect(received).to.deep.equal([
      { name: 'ada', password: MASK, pin: MASK, otp: MASK, userPwd: MASK, shipping: 'home' },
    ])
  })

  describe('on the page of an error', () => {
    let stop: () => void
    beforeEach(() => (stop = captureLogs(() => {})))
    afterEach(() => stop())

    it('hide fields, files, cookies, headers and the addresses', async () => {
      const data = new FormData()
      for (const [name, value] of [
        ['user[pin]', 'SHOWN-1'],
        ['cardCvv', 'SHOWN-2'],
        ['shipping', 'to-ada'],
      ] as const)
        data.append(name, value)
      data.append('otp', new File(['x'], 'SHOWN-3.txt'))
      data.append('letter', new File(['x'], 'letter.txt'))
      const settings = { DEBUG: true, ROOT_URLCONF: 'test.security.bodies_site', MIDDLEWARE: [] }
      for (const accept of ['text/html', 'text/plain']) {
        const { status, text } = await overrideSettings(settings, () =>
          new Client().post('/fails/?pwd=SHOWN-4&q=tea&user%5Bssn%5D=SHOWN-5', {
            data,
            headers: {
              accept,
              referer: 'https://testserver/?otp=SHOWN-6&q=cake',
              cookie: 'pin=SHOWN-7; theme=dark',
              'x-user-pin': 'SHOWN-8',
            },
          }),
        )
        expect(status).to.equal(500)
        expect(text).not.to.match(/SHOWN-\d/)
        if (accept === 'text/html') {
          for (const shown of ['to-ada', 'letter.txt', 'tea', 'cake', 'dark']) expect(text).to.contain(shown)
        }
      }
    })

    it('are hidden from a request that a view was called with directly', async () => {
      const request = await new RequestFactory().post('/?pin=1', { data: { cvv: '2' } })
      expect(maskField([...request.POST.keys()][0] as string, '2')).to.equal(MASK)
    })
  })
})
