/** A message of one side is shown once by the other, from the cookie or the session. Forged ones are never shown. */
import { expect } from 'chai'
import { databases } from '../services.ts'
import { inBesideDjango } from './beside.ts'
import { Generator, SEED } from './generated.ts'
import { mutationsOf } from './mutations.ts'
import { databaseEngine, onDatabase } from './shared_setups.ts'
import { otherThan, SIDES, type Side, Browser } from './browser.ts'

const [sqlite] = await databases('beside_messages')

/** Level, text, extra tags. */
type Said = readonly [number, string, string]

const SAID: readonly Said[] = [
  [20, 'Saved.', ''],
  [25, 'Größe 日本語 🎉 "quoted" & <b>', 'shop'],
  [40, 'semi;colon, comma = equals \\ backslash', ''],
  [30, 'x'.repeat(300), 'a b'],
]

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz0123456789')

/** Incompressible strings: more than a cookie holds. */
function long(generator: Generator): Said[] {
  return Array.from({ length: 12 }, (_, i) => {
    const letters = Array.from({ length: 300 }, () => generator.pick(LETTERS))
    return [20, `${i} ${letters.join('')}`, ''] as const
  })
}

const TAGS: Readonly<Record<number, string>> = { 20: 'info', 25: 'success', 30: 'warning', 40: 'error' }
const shown = (said: readonly Said[]): unknown =>
  said.map(([level, text, tags]) => [level, text, [tags, TAGS[level]].filter((tag) => tag !== '').join(' ')])

for (const storage of ['cookie.CookieStorage', 'session.SessionStorage', 'fallback.FallbackStorage']) {
  describe(`messages shared with Django, ${storage}`, () => {
    const settings = { MESSAGE_STORAGE: `django.contrib.messages.storage.${storage}` }
    const beside = inBesideDjango(onDatabase(sqlite as never, 'db', databaseEngine), { settings })
    const newBrowser = (): Browser => new Browser(() => beside.django)

    const say = (browser: Browser, side: Side, said: readonly Said[]) =>
      browser.post(side, '/messages/add/', {
        level: said.map(([level]) => String(level)),
        text: said.map(([, text]) => text),
        tags: said.map(([, , tags]) => tags),
      })
    const listed = async (browser: Browser, side: Side): Promise<unknown> =>
      (await browser.json<{ messages: unknown }>(browser.get(side, '/messages/'))).messages

    for (const side of SIDES) {
      const other = otherThan(side)

      it(`${other} shows once what ${side} added`, async () => {
        const browser = newBrowser()
        await say(browser, side, SAID)
        expect(await listed(browser, other)).to.deep.equal(shown(SAID))
        for (const each of SIDES) expect(await listed(browser, each)).to.deep.equal([])
        expect([...browser.cookies.keys()]).to.not.include('messages')
      })

      it(`${other} adds to the messages of ${side}, and ${side} shows both`, async () => {
        const browser = newBrowser()
        await say(browser, side, SAID.slice(0, 2))
        await say(browser, other, SAID.slice(2))
        expect(await listed(browser, side)).to.deep.equal(shown(SAID))
        expect(await listed(browser, other)).to.deep.equal([])
      })

      it(`${other} shows of too many messages those that ${side} kept`, async () => {
        const browser = newBrowser()
        const said = long(new Generator(SEED))
        await say(browser, side, said)
        const found = (await listed(browser, other)) as unknown[]
        if (storage === 'cookie.CookieStorage') {
          expect(found.length).to.be.within(2, said.length - 1)
          expect(found).to.deep.equal(shown(said.slice(-found.length)))
        } else expect(found).to.deep.equal(shown(said))
        expect(await listed(browser, side)).to.deep.equal([])
      })
    }

    if (storage === 'cookie.CookieStorage') {
      it('neither shows forged or truncated messages', async () => {
        for (const side of SIDES) {
          const author = newBrowser()
          await say(author, side, SAID.slice(0, 1))
          const good = (author.cookies.get('messages') as string).replaceAll('"', '')
          const read = async (reader: Side, value: string): Promise<unknown> => {
            const browser = newBrowser()
            browser.cookies.set('messages', value)
            return listed(browser, reader)
          }
          for (const reader of SIDES) expect(await read(reader, good)).to.deep.equal(shown(SAID.slice(0, 1)))
          for (const value of mutationsOf(good, new Generator(SEED + 1), 60)) {
            for (const reader of SIDES) expect(await read(reader, value), `${value} on ${reader}`).to.deep.equal([])
          }
        }
      })
    }
  })
}
