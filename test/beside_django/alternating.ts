/** Two processes that alternate on one session never lose each other's changes. */
import { expect } from 'chai'
import type { Beside } from './beside.ts'
import { randomFrom, SEED } from './generated.ts'
import { SIDES, Browser } from './browser.ts'

const REQUESTS = 1000

export function takeTurns(beside: Beside): void {
  it(`alternating Django and Nuages processes keep cart and counter intact in ${REQUESTS} requests`, async function () {
    const random = randomFrom(SEED)
    const browser = new Browser(() => beside.django)
    for (let visits = 1; visits <= REQUESTS; visits++) {
      // Alternating in the first half; then in any order.
      const side = SIDES[visits <= REQUESTS / 2 ? visits % 2 : Math.floor(random() * 2)] as 'django' | 'nuages'
      const response = await browser.json(browser.get(side, `/visit/?item=${side}-${visits}`))
      expect(response, `request ${visits}, to ${side}`).to.deep.equal({ visits, items: visits })
    }
    const key = browser.cookies.get('sessionid') as string
    const [text] = await beside.django.ask<string[]>('contents', { keys: [key] })
    const { visits, cart } = JSON.parse(text as string) as { visits: number; cart: { items: string[] } }
    expect(visits).to.equal(REQUESTS)
    expect(cart.items.map((item) => Number(item.split('-')[1]))).to.deep.equal(
      Array.from({ length: REQUESTS }, (_, i) => i + 1),
    )
  })
}
