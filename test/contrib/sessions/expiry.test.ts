/** The expiry date in a session is an instant, whatever time zone it is written in. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { openSession, type Session, type SessionStore } from '#core/contrib/sessions'
import { formatValue, setClock } from '#core/utils'
import {
  expiresAt,
  expiryAge,
  isoText,
  latestEnd,
  parseIsoText,
  storedExpiry,
} from '../../../core/contrib/sessions/expiry.ts'

const TIME_ZONE = 'America/St_Johns'
const SUMMER = Date.parse('2026-07-15T12:00:00Z')

describe('expiry dates', () => {
  before(() => setup())

  const withZones = (USE_TZ: boolean, test: () => void) => () => overrideSettings({ USE_TZ, TIME_ZONE }, test)

  it(
    'are written in UTC with USE_TZ',
    withZones(true, () => {
      expect(isoText(SUMMER)).to.equal('2026-07-15T12:00:00+00:00')
      expect(isoText(SUMMER + 1.5)).to.equal('2026-07-15T12:00:00.001500+00:00')
    }),
  )

  it(
    'are written in the local time of TIME_ZONE without USE_TZ',
    withZones(false, () => {
      expect(isoText(SUMMER)).to.equal('2026-07-15T09:30:00')
      expect(isoText(SUMMER + 678)).to.equal('2026-07-15T09:30:00.678000')
    }),
  )

  for (const USE_TZ of [true, false]) {
    it(
      `are read with a zone and without, USE_TZ ${USE_TZ}`,
      withZones(USE_TZ, () => {
        expect(parseIsoText('2026-07-15T09:30:00')).to.equal(SUMMER)
        expect(parseIsoText('2026-01-15T08:30:00.25')).to.equal(Date.parse('2026-01-15T12:00:00.25Z'))
        for (const text of ['2026-07-15T12:00:00+00:00', '2026-07-15T12:00Z', '2026-07-15 17:30:00+0530']) {
          expect(parseIsoText(text), text).to.equal(SUMMER)
        }
        for (const text of ['', 'soon', '2026-07-15', '2026-13-15T12:00:00', '2026-07-15T12:00:00+5']) {
          expect(parseIsoText(text), text).to.equal(undefined)
        }
      }),
    )
  }

  it(
    'count elapsed seconds, also across a clock change',
    withZones(false, () => {
      // The night of 8 March 2026 has 23 hours there.
      const before = Date.parse('2026-03-07T23:30:00-03:30')
      const data = { _session_expiry: '2026-03-08T23:30:00' }
      expect(expiresAt(data)).to.equal(before + 23 * 3_600_000)
      expect(expiryAge(data, before)).to.equal(23 * 3600)
    }),
  )

  for (const [zone, moment] of [
    // The clocks are set back from 3 to 2 o'clock, and in Lord Howe by half an hour.
    ['Europe/Berlin', '2026-10-25T02:10:00+01:00'],
    ['America/St_Johns', '2026-11-01T01:10:00-03:30'],
    ['Australia/Lord_Howe', '2026-04-05T01:35:00+10:30'],
  ] as const) {
    it(`last as long as they were given when the clocks are set back (${zone})`, () =>
      overrideSettings({ USE_TZ: false, TIME_ZONE: zone }, () => {
        const second = Date.parse(moment)
        for (let now = second - 7_200_000; now <= second + 7_200_000; now += 300_000) {
          setClock({ now: () => now })
          for (const minutes of [0, 5, 20, 30, 45, 60, 90, 180]) {
            const stored = storedExpiry({ minutes })
            expect(stored).to.be.a('string').and.not.match(/[+Z]/)
            expect(expiryAge({ _session_expiry: stored }), `${minutes} min at ${now}`).to.equal(minutes * 60)
          }
          const date = new Date(now + 1_800_500)
          expect(expiresAt({ _session_expiry: storedExpiry(date) })).to.be.closeTo(date.getTime(), 1)
        }
      }))
  }
})

describe('setExpiry()', () => {
  before(() => setup())
  afterEach(() => setClock())

  const session = (): Session => openSession({} as SessionStore)

  for (const value of [
    '3600',
    true,
    false,
    3600n,
    undefined,
    {},
    [],
    [3600],
    { weeks: 1 },
    { days: 1, weeks: 1 },
    { days: '1' },
    { days: Number.NaN },
    { seconds: Number.POSITIVE_INFINITY },
    { days: null },
    new Map([['days', 1]]),
    new Date(Number.NaN),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    () => 3600,
    Symbol('soon'),
  ] as never[]) {
    it(`refuses ${formatValue(value)}, and changes nothing`, () => {
      const each = session()
      expect(() => each.setExpiry(value)).to.throw(TypeError, 'setExpiry() takes a finite number of seconds')
      expect(each.isEmpty()).to.equal(true)
      if (value !== undefined) expect(() => each.getExpiryAge({ expiry: value })).to.throw(TypeError)
      if (value !== undefined) expect(() => each.getExpiryDate({ expiry: value })).to.throw(TypeError)
    })
  }

  for (const value of [
    1e12,
    -1e12,
    1e300,
    Number.MAX_SAFE_INTEGER,
    { days: 1e9 },
    { days: -1e9 },
    { hours: 1e300 },
    new Date(8.64e15),
    new Date(-8.64e15),
    new Date('+010000-01-01T00:00:00Z'),
  ]) {
    it(`refuses an end beyond the years 1 to 9999: ${formatValue(value)}`, () => {
      const each = session()
      expect(() => each.setExpiry(value)).to.throw(RangeError, 'between the years 1 and 9999')
      expect(each.isEmpty()).to.equal(true)
      expect(() => each.getExpiryAge({ expiry: value })).to.throw(RangeError)
      expect(() => each.getExpiryDate({ expiry: value })).to.throw(RangeError)
    })
  }

  it('rounds a fraction of a second away from 0, which would mean the end of the browser', () => {
    for (const [value, stored] of [
      [0.5, 1],
      [-0.5, -1],
      [0.001, 1],
      [1.5, 1],
      [0, 0],
    ] as const) {
      expect(storedExpiry(value), String(value)).to.equal(stored)
    }
  })

  it('refuses a moment of modification that is no date', () => {
    for (const modification of [new Date(Number.NaN), '2026-12-01' as never]) {
      expect(() => session().getExpiryAge({ modification })).to.throw(TypeError)
      expect(() => session().getExpiryDate({ modification })).to.throw(TypeError)
    }
  })

  it('counts from a beginning that no date can express as from the first or last date', () =>
    overrideSettings({ SESSION_MAX_LIFETIME: 3600 }, () => {
      for (const started of [-1e300, 1e300])
        expect(Number.isNaN(new Date(latestEnd({ _session_started: started })).getTime())).to.equal(false)
    }))

  it('takes a number near the last date also when it is saved much later', async () => {
    const each = session()
    const most = Math.floor((Date.parse('9999-12-30T23:59:59Z') - Date.now()) / 1000) - 1
    each.setExpiry(most)
    setClock({ now: () => Date.now() + 1e11 })
    expect(each.getExpiryDate().getTime()).to.equal(Date.parse('9999-12-30T23:59:59Z'))
  })
})
