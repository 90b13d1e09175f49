/** The short run of the fuzz suite: no generated input crashes, blocks or misleads the server. `npm run fuzz` is the long one. */
import { expect } from 'chai'
import { DOMAINS } from './fuzz/domains.ts'
import { failureText, resultTable } from './fuzz/report.ts'
import { chooseSeed, type DomainResult, runFuzz } from './fuzz/run.ts'

describe('generated inputs', function () {
  this.timeout(600_000)
  const seed = chooseSeed()
  let results: readonly DomainResult[] = []

  before(async () => {
    results = await runFuzz({ length: 'short', seed })
  })

  after(() => {
    console.log(`\n    FUZZ_SEED=${seed}\n${resultTable(results).replaceAll(/^/gm, '    ')}`)
  })

  for (const { name } of DOMAINS) {
    it(`of the domain ${name} pass`, () => {
      const result = results.find((each) => each.name === name)
      expect(result?.failures.map(failureText)).to.deep.equal([])
      expect(result).to.include({ failed: 0, deaths: 0 })
      expect(result?.inputs).to.equal(result?.planned)
    })
  }
})
