/** A session's own date of expiry is an instant, whatever zone its text is written in. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { expiresAt, expiryAge, isoText, parseIsoText } from '../../../core/contrib/sessions/expiry.ts'

const TIME_ZONE = 'America/St_Johns'
const SUMMER = Date.parse('2026-07-15T12:00:00Z')

describe('dates of expiry', () => {
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
    'are written as the wall clock of TIME_ZONE shows them without USE_TZ',
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
    'count in seconds that go by, also over a change of the clock',
    withZones(false, () => {
      // The night of 8 March 2026 has 23 hours there.
      const before = Date.parse('2026-03-07T23:30:00-03:30')
      const data = { _session_expiry: '2026-03-08T23:30:00' }
      expect(expiresAt(data)).to.equal(before + 23 * 3_600_000)
      expect(expiryAge(data, before)).to.equal(23 * 3600)
    }),
  )
})
