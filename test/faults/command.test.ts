/** The command line of `npm run faults`. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect } from 'chai'

function faults(...args: string[]) {
  const file = path.join(import.meta.dirname, 'run.ts')
  return spawnSync(process.execPath, ['--import', 'tsx', file, ...args], { encoding: 'utf8' })
}

describe('npm run faults', function () {
  this.timeout(30_000)

  it('shows its help', () => {
    const { status, stdout } = faults('--help')
    expect(status).to.equal(0)
    expect(stdout).to.match(/^npm run faults -- \[word …\]/)
  })

  it('selects faults by whole words', () => {
    const { status, stdout } = faults('--list', 'PostgreSQL', 'fin')
    expect({ status, stdout }).to.deep.equal({ status: 0, stdout: 'db postgresql fin\ncached_db postgresql fin\n' })
  })

  const WRONG: [string[], string][] = [
    [['oracle'], "No engine, store or fault is named 'oracle'. --list prints the names."],
    [['file', 'fin'], 'No fault has all of these words: file, fin. --list prints the names.'],
    [['--short', 'trickle'], 'No fault of the short run has all of these words: trickle. --list prints the names.'],
    [['--kills', '0'], "--kills should be a whole number from 1 to 10000, found '0'."],
    [['--kills', '1e9'], "--kills should be a whole number from 1 to 10000, found '1e9'."],
    [['--long'], "Unknown option '--long'"],
  ]
  for (const [args, message] of WRONG) {
    it(`refuses ${args.join(' ')}`, () => {
      const { status, stderr } = faults(...args)
      expect(status).to.equal(2)
      expect(stderr.startsWith(message), stderr).to.equal(true)
    })
  }
})
