/** Checks run by tag and level, and print their messages as Django does. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type CheckMessage, CheckRegistry, Error as CheckError, Info, isSilenced, Warning } from '#core/checks'
import { overrideSettings } from '#core/conf'

const warning = new Warning('Too small.', { id: 'shop.W001', hint: 'Make it larger.' })
const error = new CheckError('Broken.', { id: 'shop.E001', obj: 'shop.Cart' })

describe('checks', () => {
  let registry: CheckRegistry
  before(() => setup())
  beforeEach(() => {
    registry = new CheckRegistry()
    registry.register(() => [warning], 'shop')
    registry.register(async () => [error], ['security', 'shop'], { deploy: true })
    registry.register(() => [new Info('Reached.', { id: 'db.I001' })], 'database')
  })

  it('run without those for deployment and for databases by default', async () => {
    expect(await registry.run()).to.deep.equal([warning])
    expect(await registry.run({ deploy: true })).to.deep.equal([warning, error])
    expect((await registry.run({ databases: ['default'] })).map(({ id }) => id)).to.deep.equal(['shop.W001', 'db.I001'])
  })

  it('run by tag', async () => {
    expect(await registry.run({ tags: ['security'], deploy: true })).to.deep.equal([error])
    expect(await registry.run({ tags: ['nothing'] })).to.deep.equal([])
    expect(registry.tags()).to.deep.equal(['database', 'shop'])
    expect(registry.tags({ deploy: true })).to.deep.equal(['database', 'security', 'shop'])
  })

  it('are registered once', async () => {
    const check = (): CheckMessage[] => [warning]
    registry.register(check, 'twice')
    registry.register(check, 'twice')
    expect(await registry.run({ tags: ['twice'] })).to.deep.equal([warning])
  })

  it('print their messages as Django does', () => {
    expect(String(warning)).to.equal('?: (shop.W001) Too small.\n\tHINT: Make it larger.')
    expect(String(error)).to.equal('shop.Cart: (shop.E001) Broken.')
  })

  it('know the level of a message, and whether it is silenced', async () => {
    expect([warning.isAtLeast('WARNING'), warning.isAtLeast('ERROR'), error.isAtLeast('WARNING')]).to.deep.equal([
      true,
      false,
      true,
    ])
    await overrideSettings({ SILENCED_SYSTEM_CHECKS: ['shop.W001'] }, () => {
      expect([isSilenced(warning), isSilenced(error)]).to.deep.equal([true, false])
    })
  })
})
