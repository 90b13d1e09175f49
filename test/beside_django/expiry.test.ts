/** setExpiry() stores dates as Django does from 4.1 on, with and without time zones. */
import { expect } from 'chai'
import { openSession, openSessionStore } from '#core/contrib/sessions'
import { stopClock } from '#core/test'
import { databases } from '../services.ts'
import { inBesideDjango } from './beside.ts'
import { databaseEngine, onDatabase } from './shared_setups.ts'

const [sqlite] = await databases('beside_expiry')

/** In TIME_ZONE: winter, summer, the minutes around both clock changes, a fraction, the distant past and future. */
const MOMENTS = [
  '2026-01-15T12:00:00.000Z',
  '2026-07-15T12:00:00.000Z',
  '2026-03-08T05:29:59.999Z',
  '2026-03-08T05:30:00.000Z',
  '2026-11-01T04:29:59.999Z',
  '2026-11-01T05:30:00.000Z',
  '2026-11-21T23:59:59.123Z',
  '1970-01-01T00:00:00.000Z',
  '9998-12-31T23:59:59.001Z',
].map((text) => new Date(text))

for (const USE_TZ of [true, false]) {
  describe(`expiry dates shared with Django, USE_TZ ${USE_TZ}`, () => {
    const setup = onDatabase(sqlite as never, 'db', { ...databaseEngine, USE_TZ })
    const beside = inBesideDjango(setup)

    const kept = async (date: Date): Promise<unknown> => {
      const session = openSession(openSessionStore())
      session.setExpiry(date)
      expect(session.getExpiryDate().getTime()).to.equal(date.getTime())
      return session.get('_session_expiry')
    }

    it('are stored in the same format, and read as the same moment', async () => {
      const moments = MOMENTS.map((date) => date.getTime() * 1000)
      expect(await Promise.all(MOMENTS.map(kept))).to.deep.equal(await beside.django.ask('iso_texts', { moments }))
    })

    it('are stored in the same format when they are given as a duration', async () => {
      const clock = stopClock(MOMENTS[0])
      try {
        const session = openSession(openSessionStore())
        session.setExpiry({ days: 181 })
        const expected = await beside.django.ask('iso_texts', { moments: [(MOMENTS[1] as Date).getTime() * 1000] })
        expect([session.get('_session_expiry')]).to.deep.equal(expected)
        expect(session.getExpiryAge()).to.equal(181 * 86_400)
      } finally {
        clock.restore()
      }
    })

    it('set the exact expiry of the row, and Django reads the session until then', async () => {
      const { django } = beside
      const [past, coming] = [-60_000, 60_123].map((ms) => new Date(Date.now() + ms)) as [Date, Date]
      const keys: string[] = []
      for (const date of [past, coming]) {
        const session = openSession(openSessionStore())
        session.set('a', 1)
        session.setExpiry(date)
        await session.save()
        keys.push(session.sessionKey as string)
      }
      const contents = await django.ask<(string | null)[]>('contents', { keys })
      expect(contents.map((content) => content !== null)).to.deep.equal([false, true])
      expect(await django.ask('end_dates', { keys })).to.deep.equal([past.getTime() * 1000, coming.getTime() * 1000])
      const loaded = await Promise.all(keys.map((key) => openSessionStore().load(key)))
      expect(loaded.map((found) => found !== undefined)).to.deep.equal([false, true])
    })
  })
}
