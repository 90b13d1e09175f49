/** Dates as Django keeps them in each engine, to the microsecond. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { connection, fromDatabaseDate, toDatabaseDate } from '#core/db'
import { instantOf, localTimeAt } from '../../core/db/date_strings.ts'
import { databases, onEachDatabase } from '../services.ts'

const all = await databases('dates')

/** 2030-01-16 03:04:05.678901 UTC. */
const INSTANT = Date.UTC(2030, 0, 16, 3, 4, 5) + 678.901
const TOKYO = { TIME_ZONE: 'Asia/Tokyo' }

const engine = (name: string, more: object = {}): Settings => ({
  DATABASES: { default: { ENGINE: `core.db.backends.${name}`, NAME: ':memory:', ...more } },
})

describe('dates in a database', () => {
  before(() => setup())

  const stored: [string, Settings, string][] = [
    ['sqlite3', { ...TOKYO, USE_TZ: true }, '2030-01-16 03:04:05.678901'],
    ['sqlite3', { ...TOKYO, USE_TZ: false }, '2030-01-16 12:04:05.678901'],
    ['mysql', { ...TOKYO, USE_TZ: true }, '2030-01-16 03:04:05.678901'],
    ['mysql', { ...TOKYO, USE_TZ: false }, '2030-01-16 12:04:05.678901'],
    ['postgresql', { ...TOKYO, USE_TZ: true }, '2030-01-16 03:04:05.678901+00:00'],
    ['postgresql', { ...TOKYO, USE_TZ: false }, '2030-01-16 03:04:05.678901+00:00'],
  ]
  for (const [name, settings, text] of stored) {
    it(`are ${text} in ${name} with TIME_ZONE Asia/Tokyo and USE_TZ ${settings.USE_TZ}`, () =>
      overrideSettings({ ...engine(name), ...settings }, () => {
        expect(toDatabaseDate(INSTANT)).to.equal(text)
        expect(fromDatabaseDate(text)).to.be.closeTo(INSTANT, 0.0005)
      }))
  }

  it('follow TIME_ZONE of the entry in DATABASES, if there is one', () =>
    overrideSettings({ ...engine('sqlite3', TOKYO), USE_TZ: true }, () => {
      expect(toDatabaseDate(INSTANT)).to.equal('2030-01-16 12:04:05.678901')
      expect(fromDatabaseDate('2030-01-16 12:04:05')).to.equal(Date.UTC(2030, 0, 16, 3, 4, 5))
    }))

  it('have no fraction when it is zero', () =>
    overrideSettings(engine('sqlite3'), () => {
      expect(toDatabaseDate(Date.UTC(2030, 0, 16, 3, 4, 5))).to.equal('2030-01-16 03:04:05')
      expect(toDatabaseDate(Date.UTC(2030, 0, 16, 3, 4, 5) + 0.9999)).to.equal('2030-01-16 03:04:05.001000')
      expect(toDatabaseDate(-0.001)).to.equal('1969-12-31 23:59:59.999999')
      expect(toDatabaseDate(Date.UTC(2030, 0, 16) - 0.0001)).to.equal('2030-01-16 00:00:00')
    }))

  it('read the formats that other programs write', () =>
    overrideSettings(engine('sqlite3'), () => {
      const [noon, second] = [Date.UTC(2030, 0, 16, 12), Date.UTC(2030, 0, 16, 12, 0, 1)]
      const strings: [unknown, number][] = [
        ['2030-01-16', noon - 43_200_000],
        ['2030-01-16T12:00', noon],
        ['2030-01-16T12:00:01.5Z', second + 500],
        ['2030-01-16 21:00:01+09', second],
        ['2030-01-16 17:30:01.25+05:30', second + 250],
        ['2030-01-16 08:00:01 -0400', second],
        ['2030-01-16 12:00:01.123456789', second + 123.456],
        [new Date(second), second],
        ['infinity', Number.POSITIVE_INFINITY],
      ]
      for (const [text, ms] of strings) expect(fromDatabaseDate(text), String(text)).to.equal(ms)
    }))

  it('refuse values that are not dates, and years that databases do not accept', () =>
    overrideSettings(engine('sqlite3'), () => {
      for (const value of ['', 'now', '2030-13-01 00:00:00', '2030-02-30 00:00:00', '2030-01-01 25:00:00', 5, null]) {
        expect(() => fromDatabaseDate(value), String(value)).to.throw(TypeError, 'which is not a date')
      }
      for (const ms of [Date.UTC(10_000, 0, 1), Date.UTC(-1, 0, 1), Number.NaN]) {
        expect(() => toDatabaseDate(ms)).to.throw(RangeError, 'between the years 1 and 9999')
      }
    }))

  it('use the first of two equal local times, and move a skipped one forward, as Python does', () => {
    const newYork = 'America/New_York'
    // 2026-11-01: 01:30 came at 05:30 UTC and again at 06:30 UTC.
    expect(instantOf(Date.UTC(2026, 10, 1, 1, 30), newYork)).to.equal(Date.UTC(2026, 10, 1, 5, 30))
    // 2026-03-08: after 01:59 came 03:00.
    expect(instantOf(Date.UTC(2026, 2, 8, 2, 30), newYork)).to.equal(Date.UTC(2026, 2, 8, 7, 30))
    expect(instantOf(Date.UTC(2026, 2, 8, 3, 0), newYork)).to.equal(Date.UTC(2026, 2, 8, 7, 0))
    expect(instantOf(Date.UTC(2026, 2, 8, 1, 59), newYork)).to.equal(Date.UTC(2026, 2, 8, 6, 59))
  })

  it('are read back unchanged in every time zone, except in the hour that occurs twice', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu')
    const times = fc.integer({ min: Date.UTC(1950, 0, 1), max: Date.UTC(2090, 0, 1) })
    fc.assert(
      fc.property(zones, times, (zone, ms) => {
        const back = instantOf(localTimeAt(ms, zone), zone)
        if (back !== ms) expect(localTimeAt(back, zone)).to.equal(localTimeAt(ms, zone))
        expect(back).to.be.at.most(ms)
      }),
      { numRuns: 300 },
    )
  })

  onEachDatabase(all, ({ config, vendor }) => {
    for (const USE_TZ of [true, false]) {
      it(`are read back unchanged with USE_TZ ${USE_TZ}, and a Date may be bound directly`, () =>
        overrideSettings({ DATABASES: { default: config }, ...TOKYO, USE_TZ }, async () => {
          await connection.schema.dropTableIfExists('dates')
          await connection.schema.createTable('dates', (table) => {
            table.integer('id').primary()
            table.datetime('at', { precision: 6 })
          })
          const whole = Math.floor(INSTANT)
          await connection('dates').insert({ id: 1, at: toDatabaseDate(INSTANT) })
          await connection('dates').insert({ id: 2, at: new Date(whole) })
          const strings: unknown[] = await connection('dates').orderBy('id').pluck('at')
          const [first, second] = strings.map((text) => fromDatabaseDate(text))
          expect(first).to.be.closeTo(INSTANT, 0.0005)
          expect(second).to.equal(whole)
          const later = await connection('dates')
            .where('at', '>', toDatabaseDate(INSTANT - 0.002))
            .pluck('id')
          expect(later).to.deep.equal([1])
        }))
    }

    if (vendor === 'postgresql') {
      it('are shown by SQL in the time zone of the project', () =>
        overrideSettings({ DATABASES: { default: config }, ...TOKYO, USE_TZ: false }, async () => {
          const { rows } = (await connection.raw('SHOW timezone')) as { rows: unknown[] }
          expect(rows).to.deep.equal([{ TimeZone: 'Asia/Tokyo' }])
        }))
    }
  })
})
