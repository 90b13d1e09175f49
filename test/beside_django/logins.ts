/** The promises about users that each place has to keep, whichever side they log in on, log out on, change on. */
import { expect } from 'chai'
import type { Beside } from './beside.ts'
import type { SharedPlace } from './places.ts'
import { otherThan, type Side, SIDES, Visitor } from './visitor.ts'

const PASSWORD = 'three green apples'

/** All of it on one place. */
export function oneSite(beside: Beside, place: SharedPlace): void {
  // A session that is only in a cookie cannot be revoked.
  const isStored = place.settings.SESSION_ENGINE !== 'django.contrib.sessions.backends.signed_cookies'
  const newVisitor = (): Visitor => new Visitor(() => beside.django)
  let users = 0

  async function newUser(): Promise<string> {
    const username = `user${++users}`
    await beside.django.ask('create_user', { username, password: PASSWORD })
    return username
  }

  async function logIn(visitor: Visitor, side: Side, username: string, password = PASSWORD): Promise<string | null> {
    const answer = visitor.post(side, '/login/', { username, password })
    return (await visitor.json<{ user: string | null }>(answer)).user
  }

  /** Whom both sides take a browser for. */
  const seen = async (visitor: Visitor): Promise<(string | null)[]> => [
    await visitor.who('django'),
    await visitor.who('nuages'),
  ]

  for (const side of SIDES) {
    const other = otherThan(side)

    it(`a login on ${side} is seen on both, and what was in the session before is there still`, async () => {
      const [visitor, username] = [newVisitor(), await newUser()]
      await visitor.get(other, '/visit/?item=tea')
      const before = visitor.cookies.get('sessionid')
      expect(await logIn(visitor, side, username)).to.equal(username)
      expect(await seen(visitor)).to.deep.equal([username, username])
      expect(visitor.cookies.get('sessionid')).to.not.equal(before)
      expect(await visitor.json(visitor.get(other, '/visit/?item=milk'))).to.deep.equal({ visits: 2, items: 2 })
    })

    it(`a wrong password on ${side} is seen on neither`, async () => {
      const [visitor, username] = [newVisitor(), await newUser()]
      expect(await logIn(visitor, side, username, 'three red apples')).to.equal(null)
      expect(await seen(visitor)).to.deep.equal([null, null])
    })

    it(`a logout on ${side} ends a session of ${other} on both`, async () => {
      const [visitor, username] = [newVisitor(), await newUser()]
      await logIn(visitor, other, username)
      const copy = visitor.copy()
      expect(await seen(copy)).to.deep.equal([username, username])
      await visitor.post(side, '/logout/')
      expect(await seen(visitor)).to.deep.equal([null, null])
      if (isStored) expect(await seen(copy)).to.deep.equal([null, null])
    })

    it(`a change of the password on ${side} ends the old sessions of both sides, and not the one it was made in`, async () => {
      const username = await newUser()
      const [changing, onSide, onOther] = [newVisitor(), newVisitor(), newVisitor()]
      await logIn(changing, other, username)
      await logIn(onSide, side, username)
      await logIn(onOther, other, username)
      expect(await seen(onSide)).to.deep.equal([username, username])
      await changing.post(side, '/password/', { password: 'four blue apples' })
      for (const old of [onSide, onOther]) {
        const copy = old.copy()
        expect([await copy.who(other), await old.who(side)]).to.deep.equal([null, null])
      }
      expect(await seen(changing)).to.deep.equal([username, username])
      expect(await logIn(newVisitor(), other, username)).to.equal(null)
      expect(await logIn(newVisitor(), other, username, 'four blue apples')).to.equal(username)
    })

    it(`a login on ${side} over another user's session leaves nothing of that one`, async () => {
      const [visitor, first, second] = [newVisitor(), await newUser(), await newUser()]
      await logIn(visitor, other, first)
      await visitor.get(other, '/visit/?item=tea')
      expect(await logIn(visitor, side, second)).to.equal(second)
      expect(await seen(visitor)).to.deep.equal([second, second])
      expect(await visitor.json(visitor.get(other, '/visit/?item=milk'))).to.deep.equal({ visits: 1, items: 1 })
    })
  }
}
