/** A form of one side may be sent to the other; another user's token, or one that was changed, is refused by both. */
import { expect } from 'chai'
import { databases } from '../services.ts'
import { inBesideDjango } from './beside.ts'
import { Generator, SEED } from './generated.ts'
import { mutationsOf } from './mutations.ts'
import { databaseEngine, onDatabase } from './places.ts'
import { otherThan, SIDES, type Side, Visitor } from './visitor.ts'

const [sqlite] = await databases('beside_csrf')

for (const CSRF_USE_SESSIONS of [false, true]) {
  describe(`CSRF tokens beside a live Django, CSRF_USE_SESSIONS ${CSRF_USE_SESSIONS}`, () => {
    const settings = { CSRF_USE_SESSIONS }
    const beside = inBesideDjango(onDatabase(sqlite as never, 'db', databaseEngine), { settings })
    const newVisitor = (): Visitor => new Visitor(() => beside.django, { enforceCsrfChecks: true })

    const tokenOf = async (visitor: Visitor, side: Side): Promise<string> =>
      (await visitor.json<{ token: string }>(visitor.get(side, '/token/'))).token

    /** What both sides answer to a form with this token. */
    const answers = async (visitor: Visitor, token: string): Promise<number[]> => {
      const statuses: number[] = []
      for (const side of SIDES) {
        const { status } = await visitor.copy().post(side, '/guarded/', { csrfmiddlewaretoken: token })
        statuses.push(status)
      }
      // A refusal is noted, and here there are many.
      await beside.logged()
      return statuses
    }

    for (const side of SIDES) {
      const other = otherThan(side)

      it(`of ${side} are good on both, in a field and in a header, and stay good when ${other} makes another`, async () => {
        const visitor = newVisitor()
        // Django before 4.1 reads a secret of ours in a cookie, but not in a session: there it has to be the first.
        if (CSRF_USE_SESSIONS) await tokenOf(visitor, 'django')
        const first = await tokenOf(visitor, side)
        const second = await tokenOf(visitor, other)
        const third = await tokenOf(visitor, side)
        for (const token of [first, second, third]) {
          expect(await answers(visitor, token)).to.deep.equal([200, 200])
          for (const each of SIDES) {
            const headers = { 'X-CSRFToken': token }
            expect((await visitor.copy().post(each, '/guarded/', {}, { headers })).status).to.equal(200)
          }
        }
      })

      it(`of ${side} are refused by both when they are another visitor’s, absent, cut or changed`, async () => {
        const [visitor, stranger] = [newVisitor(), newVisitor()]
        const token = await tokenOf(visitor, side)
        const wrong = [
          await tokenOf(stranger, side),
          await tokenOf(stranger, other),
          '',
          ...mutationsOf(token, new Generator(SEED), 40),
        ]
        for (const each of wrong) expect(await answers(visitor, each), each).to.deep.equal([403, 403])
        if (CSRF_USE_SESSIONS) return
        const cookie = visitor.cookies.get('csrftoken') as string
        for (const each of mutationsOf(cookie, new Generator(SEED + 1), 40)) {
          const changed = visitor.copy()
          changed.cookies.set('csrftoken', each)
          expect(await answers(changed, token), each).to.deep.equal([403, 403])
        }
        visitor.cookies.delete('csrftoken')
        expect(await answers(visitor, token)).to.deep.equal([403, 403])
      })
    }
  })
}
