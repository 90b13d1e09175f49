/** A form of one side may be sent to the other; a token of another client, or a changed one, to neither. */
import { expect } from 'chai'
import { databases } from '../services.ts'
import { inBesideDjango } from './beside.ts'
import { Generator, SEED } from './generated.ts'
import { mutationsOf } from './mutations.ts'
import { databaseEngine, onDatabase } from './shared_setups.ts'
import { otherThan, SIDES, type Side, Browser } from './browser.ts'

const [sqlite] = await databases('beside_csrf')

for (const CSRF_USE_SESSIONS of [false, true]) {
  describe(`CSRF tokens shared with Django, CSRF_USE_SESSIONS ${CSRF_USE_SESSIONS}`, () => {
    const settings = { CSRF_USE_SESSIONS }
    const beside = inBesideDjango(onDatabase(sqlite as never, 'db', databaseEngine), { settings })
    const newBrowser = (): Browser => new Browser(() => beside.django, { enforceCsrfChecks: true })

    const tokenOf = async (browser: Browser, side: Side): Promise<string> =>
      (await browser.json<{ token: string }>(browser.get(side, '/token/'))).token

    /** The responses of both sides to a form with this token. */
    const statuses = async (browser: Browser, token: string): Promise<number[]> => {
      const statuses: number[] = []
      for (const side of SIDES) {
        const { status } = await browser.copy().post(side, '/guarded/', { csrfmiddlewaretoken: token })
        statuses.push(status)
      }
      // Refusals are logged, and here there are many.
      await beside.logged()
      return statuses
    }

    for (const side of SIDES) {
      const other = otherThan(side)

      it(`of ${side} are accepted by both, in a field and a header, also after ${other} creates another`, async () => {
        const browser = newBrowser()
        // Django before 4.1 reads our secret from a cookie, but not from a session, where its own has to be first.
        if (CSRF_USE_SESSIONS) await tokenOf(browser, 'django')
        const first = await tokenOf(browser, side)
        const second = await tokenOf(browser, other)
        const third = await tokenOf(browser, side)
        for (const token of [first, second, third]) {
          expect(await statuses(browser, token)).to.deep.equal([200, 200])
          for (const each of SIDES) {
            const headers = { 'X-CSRFToken': token }
            expect((await browser.copy().post(each, '/guarded/', {}, { headers })).status).to.equal(200)
          }
        }
      })

      it(`of ${side} are refused by both when they are another client’s, missing, cut or changed`, async () => {
        const [browser, stranger] = [newBrowser(), newBrowser()]
        const token = await tokenOf(browser, side)
        const wrong = [
          await tokenOf(stranger, side),
          await tokenOf(stranger, other),
          '',
          ...mutationsOf(token, new Generator(SEED), 40),
        ]
        for (const each of wrong) expect(await statuses(browser, each), each).to.deep.equal([403, 403])
        if (CSRF_USE_SESSIONS) return
        const cookie = browser.cookies.get('csrftoken') as string
        for (const each of mutationsOf(cookie, new Generator(SEED + 1), 40)) {
          const changed = browser.copy()
          changed.cookies.set('csrftoken', each)
          expect(await statuses(changed, token), each).to.deep.equal([403, 403])
        }
        browser.cookies.delete('csrftoken')
        expect(await statuses(browser, token)).to.deep.equal([403, 403])
      })
    }
  })
}
