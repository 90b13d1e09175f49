/** Pickles are exchanged with Python without loss. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { stringifyJson } from '#core/serialization'
import { dumpsPickle, loadsPickle } from '../../core/serialization/pickle/index.ts'
import { python, PYTHON, requireService } from '../services.ts'

const partner = path.join(import.meta.dirname, 'pickle_partner.py')
const onPython = await python('pickle')

const runPartner = (input: string, ...args: string[]): string =>
  execFileSync(PYTHON, [partner, ...args], { input, encoding: 'utf8', maxBuffer: 2 ** 28 })

const base64 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64')

describe('pickles and Python', function () {
  this.timeout(60_000)
  const seed = Number(process.env.PICKLE_SEED ?? Math.floor(Math.random() * 2 ** 31))

  before(function () {
    requireService(onPython, this)
    process.stdout.write(`    PICKLE_SEED=${seed}\n`)
  })

  it('returns 4,000 values to Python unchanged, in all protocols', () => {
    const lines = runPartner('', 'generate', String(seed), '4000').trim().split('\n')
    expect(lines).to.have.length(4000)
    const back = lines.map(
      (line) => `${base64(dumpsPickle(loadsPickle(Buffer.from(line, 'base64').toString('latin1'))))} ${line}`,
    )
    expect(runPartner(back.join('\n'), 'compare')).to.equal('')
  })

  it('writes 4,000 JSON values as Python reads them from JSON', () => {
    const value = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 })
    const big = fc.bigInt()
    const values = fc.sample(fc.oneof(value, fc.dictionary(fc.string(), fc.oneof(value, big)), fc.array(big)), {
      seed,
      numRuns: 4000,
    })
    const lines = values.map((each) => `${base64(dumpsPickle(each))} ${base64(stringifyJson(each))}`)
    expect(runPartner(lines.join('\n'), 'compare-json')).to.equal('')
  })
})
