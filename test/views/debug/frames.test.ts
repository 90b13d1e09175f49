/** Stack frames are read from an error, and never from its message. */
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { causeChain, framesOf, sourceOf } from '../../../core/views/debug/frames.ts'

describe('stack frames', () => {
  before(() => setup())

  it("give function, file and line, and whether the code is the project's", () => {
    const error = new Error('x')
    error.stack = [
      'Error: x',
      `    at view (${path.resolve('apps/x/views.ts')}:3:5)`,
      `    at async Object.run (file://${path.resolve('core/handlers/index.ts')}:10:2)`,
      `    at ${path.resolve('node_modules/koa/lib/a%20b.js')}:7:1`,
      '    at process.processTicks (node:internal/process/task_queues:95:5)',
      '    at new Thing (<anonymous>)',
    ].join('\n')
    expect(framesOf(error).map((each) => [each.owner, each.shownFile, each.line, each.function])).to.deep.equal([
      ['project', 'apps/x/views.ts', 3, 'view'],
      ['framework', 'core/handlers/index.ts', 10, 'Object.run'],
      ['library', 'node_modules/koa/lib/a%20b.js', 7, ''],
      ['node', 'node:internal/process/task_queues', 95, 'process.processTicks'],
    ])
  })

  it('include the source around them', () => {
    const [frame] = framesOf(new Error('here'))
    const lines = frame === undefined ? [] : sourceOf(frame)
    expect(lines.find(({ isCurrent }) => isCurrent)?.text).to.contain("framesOf(new Error('here'))")
    expect(lines).to.have.length.greaterThan(8)
  })

  it('are not read from a message that looks like one, and do not show a file that is not source code', () => {
    const error = new Error('x\n    at evil (/etc/passwd:1:1)\n    at evil (/etc/hostname.ts:1:1)')
    expect(
      framesOf(error)
        .map(({ file }) => file)
        .join(),
    ).not.to.contain('/etc/')
    const other = new Error('y')
    other.stack = 'Error: z\n    at evil (/etc/passwd:1:1)'
    expect(framesOf(other).flatMap(sourceOf)).to.deep.equal([])
  })

  it('are empty for an error without a stack', () => {
    const error = new Error('x')
    delete error.stack
    expect(framesOf(error)).to.deep.equal([])
  })

  it('include a chain of causes, which may be circular or end in any value', () => {
    const first = new Error('first')
    const second = new TypeError('second', { cause: first })
    first.cause = second
    expect(causeChain(second)).to.deep.equal([second, first])
    expect(causeChain(new Error('a', { cause: 'a text' })).map(({ message }) => message)).to.deep.equal(['a', 'a text'])
    expect(causeChain({ any: 'thing' })[0]?.message).to.contain('no Error')
  })
})
