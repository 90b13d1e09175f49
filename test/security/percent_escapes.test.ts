/** A percent sign outside an escape is a clear error, or stays unchanged; it never causes a URIError. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { cacheFromUrl, databaseFromUrl } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { EmailMessage } from '#core/mail'
import { RedisCache } from '../../core/cache/backends/redis.ts'

const URLS = {
  DATABASE_URL: [
    'postgres://%',
    'postgres://user:secret%word@db/name',
    'postgres://us%er@db/name',
    'postgres://user@db/na%ffme',
    'mysql://db/100%',
    'sqlite:///a%zzb.sqlite3',
  ],
  CACHE_URL: ['file:///tmp/100%', 'file:///tmp/%ff', 'locmem://%'],
}
const READERS = { DATABASE_URL: databaseFromUrl, CACHE_URL: cacheFromUrl }

function refusal(read: () => unknown): Error {
  try {
    read()
  } catch (error) {
    return error as Error
  }
  throw new Error('It was accepted.')
}

describe('a percent sign outside an escape', () => {
  for (const name of ['DATABASE_URL', 'CACHE_URL'] as const) {
    for (const url of URLS[name]) {
      it(`is refused in ${url}, with the name of the setting and without the URL`, () => {
        const error = refusal(() => READERS[name](url, name))
        expect(error).to.be.instanceOf(ImproperlyConfigured)
        expect(error.message).to.match(new RegExp(`^${name} `))
        expect(error.message).not.to.contain('secret')
      })
    }
  }

  it('is refused in the LOCATION of a Redis cache', () => {
    for (const location of ['redis://us%er@127.0.0.1', 'redis://:pass%word@127.0.0.1', 'unix:///tmp/100%.sock']) {
      const error = refusal(() => new RedisCache({ location, options: {} }))
      expect(error).to.be.instanceOf(ImproperlyConfigured)
      expect(error.message).to.contain("CACHES['default'].LOCATION").and.not.to.contain('pass')
    }
  })

  it('is decoded if it starts an escape', () => {
    expect(databaseFromUrl('postgres://u:a%25b@db/n%C3%A9')).to.include({ PASSWORD: 'a%b', NAME: 'né' })
    expect(cacheFromUrl('file:///tmp/a%20b')).to.include({ LOCATION: '/tmp/a b' })
  })
})

describe('the name of an attachment', () => {
  before(() => setup())

  for (const [name, written] of [
    ['100%.txt', 'filename="100%.txt"'],
    ['né.txt', "filename*=utf-8''n%C3%A9.txt"],
    ['\ud800.txt', "filename*=utf-8''%EF%BF%BD.txt"],
    ["it's é*.txt", "filename*=utf-8''it%27s%20%C3%A9%2A.txt"],
  ] as const) {
    it(`${JSON.stringify(name)} is ${written}`, () => {
      const message = new EmailMessage({ attachments: [{ filename: name, content: 'x' }] })
      expect(message.asText()).to.contain(`attachment; ${written}`)
    })
  }
})
