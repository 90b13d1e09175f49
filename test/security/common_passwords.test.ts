/** All passwords on Django's list of common passwords are refused. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { CommonPasswordValidator, ValidationError } from '#core/contrib/auth'
import { requireService, temporaryFolder } from '../services.ts'

const DJANGO = '/usr/lib/python3/dist-packages/django/contrib/auth/common-passwords.txt.gz'

function isRefused(password: string, validator = new CommonPasswordValidator()): boolean {
  try {
    validator.validate(password)
    return false
  } catch (error) {
    if (error instanceof ValidationError && error.message === 'This password is too common.') return true
    throw error
  }
}

describe('common passwords', () => {
  before(() => setup())
  it('include every line of the list of the installed Django', function () {
    requireService({ available: existsSync(DJANGO), reason: `There is no ${DJANGO}.` }, this)
    const lines = gunzipSync(readFileSync(DJANGO)).toString().trim().split('\n')
    expect(lines).to.have.length.greaterThan(19_000)
    expect(lines.filter((line) => !isRefused(line))).to.deep.equal([])
  })

  it('are 25,879: those of two releases of Django, and words with usual endings', () => {
    const file = path.join(import.meta.dirname, '../../core/contrib/auth/common-passwords.txt.gz')
    const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n')
    expect(lines).to.have.length(25_879)
    expect(lines.filter((line) => !isRefused(line))).to.deep.equal([])
  })

  it('are recognised in any case, and with surrounding spaces', () => {
    const common = [
      ['godzilla', 'abc123', 'password', '123456', 'qwerty', 'letmein', 'trustno1', 'chobits', 'desadesa', 'mewtwo'],
      ['taekwondo', 'bigpimpin1', 'пароль', 'йцукен', '09121962q', '!qaz1qaz', 'monkey123', 'dragon', 'iloveyou'],
    ].flat()
    for (const password of common) {
      for (const variant of [password, password.toUpperCase(), ` ${password}\t`]) {
        expect(isRefused(variant), variant).to.equal(true)
      }
    }
  })

  it('are recognised between all characters that Python strips, and not inside others', () => {
    const spaces = [
      '\x1c\x1d\x1e\x1f',
      '\x85',
      '\v\f\r\n',
      '\xa0',
      '\u1680\u2000\u200a',
      '\u2028\u2029\u202f\u205f\u3000',
    ]
    for (const space of spaces) {
      for (const variant of [`${space}Godzilla`, `GODZILLA${space}`, `${space}godzilla${space}`]) {
        expect(isRefused(variant), JSON.stringify(variant)).to.equal(true)
      }
      expect(isRefused(`god${space}zilla`)).to.equal(false)
    }
  })

  it('do not include an uncommon or an empty password', () => {
    for (const password of ['vellum ostrich 9', 'godzilla-and-the-tulip', '', '   ', 'constructor!', '__proto__']) {
      expect(isRefused(password), password).to.equal(false)
    }
  })

  it('are those of a project’s own list, compressed or not, if it has one', () => {
    const folder = temporaryFolder('passwords')
    const [plain, compressed] = [path.join(folder, 'list.txt'), path.join(folder, 'list.gz')]
    writeFileSync(plain, 'vellum\r\nostrich\n')
    writeFileSync(compressed, gzipSync('vellum\nostrich'))
    for (const passwordListPath of [plain, compressed]) {
      const validator = new CommonPasswordValidator({ passwordListPath })
      expect(['Vellum', ' ostrich', 'godzilla', ''].map((each) => isRefused(each, validator))).to.deep.equal([
        true,
        true,
        false,
        false,
      ])
    }
  })
})
