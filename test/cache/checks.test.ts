/** The checks of CACHES. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import '#core/cache'
import { runChecks } from '#core/checks'
import { overrideSettings, type Settings } from '#core/conf'

const FILE = 'django.core.cache.backends.filebased.FileBasedCache'
const LOCMEM = { BACKEND: 'core.cache.backends.locmem.LocMemCache' }

async function found(settings: Settings): Promise<string[]> {
  let lines: string[] = []
  await overrideSettings(settings, async () => {
    lines = (await runChecks({ tags: ['caches'], deploy: true })).map((message) => `${message.id} ${message.message}`)
  })
  return lines
}

describe('checks of CACHES', () => {
  before(() => setup())

  it('require a default cache', async () => {
    expect(await found({ CACHES: { other: LOCMEM } })).to.deep.equal([
      "caches.E001 You must define a 'default' cache in your CACHES setting.",
    ])
    expect(await found({ CACHES: { default: LOCMEM } })).to.deep.equal([])
  })

  it('require an absolute directory for a file cache', async () => {
    expect(await found({ CACHES: { default: { BACKEND: FILE, LOCATION: 'relative/cache' } } })).to.deep.equal([
      "caches.W003 Your 'default' cache LOCATION path is relative. Use an absolute path instead.",
    ])
    expect(await found({ CACHES: { default: { BACKEND: FILE, LOCATION: '/var/cache/shop' } } })).to.deep.equal([])
  })

  const EXPOSED: readonly [relation: string, location: string, served: string][] = [
    ['matches', '/srv/files', '/srv/files'],
    ['matches', '/srv/files', '/srv/files/'],
    ['is inside', '/srv/files/cache', '/srv/files'],
    ['contains', '/srv', '/srv/files'],
  ]

  for (const [relation, location, served] of EXPOSED) {
    for (const name of ['MEDIA_ROOT', 'STATIC_ROOT', 'STATICFILES_DIRS']) {
      it(`warn about a file cache at ${location} that ${relation} ${name}, ${served}`, async () => {
        const settings = {
          CACHES: { default: LOCMEM, file: { BACKEND: FILE, LOCATION: location } },
          [name]: name === 'STATICFILES_DIRS' ? [['prefix', served]] : served,
        }
        expect(await found(settings)).to.deep.equal([
          "caches.W002 Your 'file' cache configuration might expose your cache or lead to corruption of your data" +
            ` because its LOCATION ${relation} ${name}.`,
        ])
      })
    }
  }

  it('do not warn about a sibling directory', async () => {
    const settings = { CACHES: { default: { BACKEND: FILE, LOCATION: '/srv/files-cache' } }, MEDIA_ROOT: '/srv/files' }
    expect(await found(settings)).to.deep.equal([])
  })

  const KEYV = 'django.core.cache.backends.keyv.KeyvCache'

  class Store extends Map {}

  it('report what a Keyv storage adapter cannot guarantee, and name the adapter', async () => {
    for (const [adapter, name] of [
      ['@keyv/redis', '@keyv/redis'],
      [new URLSearchParams(), 'URLSearchParams'],
    ] as const) {
      const CACHES = { default: LOCMEM, shop: { BACKEND: KEYV, OPTIONS: { adapter } } }
      const [line, ...others] = await found({ CACHES })
      expect(others).to.deep.equal([])
      expect(line)
        .to.match(/^caches\.W102 Your 'shop' cache/)
        .and.contain(`Keyv (${name})`)
      for (const promise of ['add()', 'incr()', 'decr()', 'touch()', 'cas()', 'deleted', 'expired', 'MAX_ENTRIES']) {
        expect(line).to.contain(promise)
      }
    }
  })

  it('report that a Map of Keyv belongs to one process and has no limit', async () => {
    for (const OPTIONS of [undefined, {}, { adapter: new Map() }, { adapter: new Store() }]) {
      const CACHES = { default: { BACKEND: KEYV, ...(OPTIONS && { OPTIONS }) } }
      expect((await found({ CACHES })).map((line) => line.slice(0, 10))).to.deep.equal(['caches.W10'])
      expect((await found({ CACHES })).join()).to.match(/^caches\.W103.*each process.*MAX_ENTRIES/)
    }
  })

  it('give a hint with each of these, also without --deploy', async () => {
    await overrideSettings(
      { CACHES: { default: { BACKEND: KEYV, OPTIONS: { adapter: 'x' } }, map: { BACKEND: KEYV } } },
      async () => {
        const messages = await runChecks({ tags: ['caches'] })
        expect(messages.map(({ id, obj }) => [id, obj])).to.deep.equal([
          ['caches.W102', "CACHES['default'].BACKEND"],
          ['caches.W103', "CACHES['map'].BACKEND"],
        ])
        expect(messages[0]?.hint).to.contain('RedisCache')
        expect(messages[1]?.hint).to.contain('LocMemCache')
      },
    )
  })
})
