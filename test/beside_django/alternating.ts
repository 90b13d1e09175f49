/** The promise that two processes which take turns on one session never lose what the other one did. */
import { expect } from 'chai'
import type { Beside } from './beside.ts'
import { randomFrom, SEED } from './generated.ts'
import { SIDES, Visitor } from './visitor.ts'

const TURNS = 1000

export function takeTurns(beside: Beside): void {
  it(`a Django process and this one serve ${TURNS} requests of one session by turns, cart and counter intact`, async function () {
    const random = randomFrom(SEED)
    const visitor = new Visitor(() => beside.django)
    for (let visits = 1; visits <= TURNS; visits++) {
      // By turns for the first half; then in whatever order.
      const side = SIDES[visits <= TURNS / 2 ? visits % 2 : Math.floor(random() * 2)] as 'django' | 'nuages'
      const answer = await visitor.json(visitor.get(side, `/visit/?item=${side}-${visits}`))
      expect(answer, `request ${visits}, to ${side}`).to.deep.equal({ visits, items: visits })
    }
    const key = visitor.cookies.get('sessionid') as string
    const [text] = await beside.django.ask<string[]>('contents', { keys: [key] })
    const { visits, cart } = JSON.parse(text as string) as { visits: number; cart: { items: string[] } }
    expect(visits).to.equal(TURNS)
    expect(cart.items.map((item) => Number(item.split('-')[1]))).to.deep.equal(
      Array.from({ length: TURNS }, (_, i) => i + 1),
    )
  })
}
