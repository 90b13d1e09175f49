/** What the sample answers, visit by visit. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Client } from '#core/test'
import { inDatabase } from '../../test/contrib/sessions/database.ts'

describe('apps/mysession', () => {
  let client: Client
  before(() => setup())
  inDatabase()
  beforeEach(() => {
    client = new Client()
  })

  const text = async (path: string): Promise<string> => (await client.get(path)).text

  it('counts the visits of a visitor', async () => {
    expect(await text('/')).to.equal('Visit count: 1')
    expect(await text('/')).to.equal('Visit count: 2')
    expect(await text('/')).to.equal('Visit count: 3')
  })

  it('counts every visitor apart', async () => {
    await text('/')
    expect((await new Client().get('/')).text).to.equal('Visit count: 1')
  })

  it('tells once that the test cookie worked', async () => {
    await text('/')
    expect(await text('/about/')).to.equal('About page<br>Cookie Tested!<br>Current visit count: 1')
    expect(await text('/about/')).to.equal('About page<br>Cookie not set or not supported<br>Current visit count: 1')
  })

  it('tells a visitor without cookies so', async () => {
    expect(await text('/about/')).to.equal('About page<br>Cookie not set or not supported<br>Current visit count: 0')
  })

  it('starts at 1 again after a reset', async () => {
    await text('/')
    await text('/')
    expect(await text('/reset/')).to.equal('Visit count has been reset to 0')
    expect(await text('/')).to.equal('Visit count: 1')
  })

  it('remembers a favorite color', async () => {
    expect(await text('/favorite/get/')).to.equal('Favorite color is not set.')
    expect(await text('/favorite/set/')).to.equal('Session data saved.')
    expect(await text('/favorite/get/')).to.equal('Favorite color is blue.')
  })
})
