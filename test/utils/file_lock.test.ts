/** The lock of a file: one holder at a time, the whole new file or the old one, and no leftovers. */
import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect } from 'chai'
import { ServiceUnavailable } from '#core/exceptions'
import { FileLock } from '#core/utils'
import { temporaryFolder } from '../services.ts'

const LETTERS = 'abcdefghij'.split('')

describe('the lock of a file', () => {
  let folder: string
  let file: string
  let lock: string
  beforeEach(() => {
    folder = temporaryFolder('lock')
    file = path.join(folder, 'session')
    lock = path.join(folder, '.lock-session')
    writeFileSync(file, 'old')
  })

  it('replaces the content, for the owner alone, and leaves no other file', async () => {
    await new FileLock(file).replace(() => 'new')
    expect(readFileSync(file, 'utf8')).to.equal('new')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(readdirSync(folder)).to.deep.equal(['session'])
  })

  it('leaves the file unchanged if there is no new content', async () => {
    const error = new Error('somebody else was first')
    const replaced = new FileLock(file).replace(() => {
      throw error
    })
    expect(await replaced.catch((each: unknown) => each)).to.equal(error)
    expect(readFileSync(file, 'utf8')).to.equal('old')
    expect(readdirSync(folder)).to.deep.equal(['session'])
  })

  it('has one holder at a time', async () => {
    const append = (letter: string) => new FileLock(file).replace(() => readFileSync(file, 'utf8') + letter)
    await Promise.all(LETTERS.map(append))
    expect(readFileSync(file, 'utf8').slice(3).split('').toSorted()).to.deep.equal(LETTERS)
  })

  it('cannot be acquired while another process holds it', () => {
    const taken = new FileLock(file).try(() => {
      expect(new FileLock(file).try(() => undefined)).to.equal(false)
    })
    expect(taken).to.equal(true)
    expect(new FileLock(file).try(() => undefined)).to.equal(true)
  })

  it('is removed if its process died', async () => {
    writeFileSync(lock, '')
    const longAgo = Date.now() / 1000 - 60
    utimesSync(lock, longAgo, longAgo)
    await new FileLock(file).replace(() => 'new')
    expect(readFileSync(file, 'utf8')).to.equal('new')
    expect(existsSync(lock)).to.equal(false)
  })

  it('is removed if its time is far in the future, because it would never expire', async () => {
    writeFileSync(lock, '')
    const later = Date.now() / 1000 + 3600
    utimesSync(lock, later, later)
    await new FileLock(file).replace(() => 'new')
    expect(readFileSync(file, 'utf8')).to.equal('new')
    expect(existsSync(lock)).to.equal(false)
  })

  it('is kept if the clock of a file server is slightly ahead', () => {
    writeFileSync(lock, '')
    const soon = Date.now() / 1000 + 20
    utimesSync(lock, soon, soon)
    expect([1, 2].map(() => new FileLock(file).try(() => undefined))).to.deep.equal([false, false])
  })

  /** A process that is killed while it holds the lock. */
  const killedHolder = (): void => {
    const code = `import { FileLock } from '#core/utils'; new FileLock(process.argv[1]).try(() => process.kill(process.pid, 'SIGKILL'))`
    const { signal } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, file])
    expect(signal).to.equal('SIGKILL')
    expect(existsSync(lock)).to.equal(true)
  }

  it('is taken immediately from a process that was killed', async () => {
    killedHolder()
    const began = performance.now()
    await new FileLock(file).replace(() => 'new')
    expect(performance.now() - began).to.be.lessThan(200)
    expect(readFileSync(file, 'utf8')).to.equal('new')
  })

  it('is taken immediately from a process that was killed while it wrote', async () => {
    const code = `import { FileLock } from '#core/utils'; new FileLock(process.argv[1]).replace(() => { process.kill(process.pid, 'SIGKILL') })`
    spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, file])
    writeFileSync(lock, 'half of the new content', { flag: 'r+' })
    const began = performance.now()
    await new FileLock(file).replace(() => 'new')
    expect(performance.now() - began).to.be.lessThan(200)
    expect(readFileSync(file, 'utf8')).to.equal('new')
  })

  it('is not taken from a process that lives, or of another container', () => {
    const taken = new FileLock(file).try(() => {
      const { atime } = statSync(lock)
      expect(new FileLock(file).try(() => undefined)).to.equal(false)
      utimesSync(lock, Number(atime) / 1000 + 0.25, Date.now() / 1000)
      expect(new FileLock(file).try(() => undefined)).to.equal(false)
    })
    expect(taken).to.equal(true)
  })

  it('is taken after five seconds when the clock was set back, which makes it a lock of the future', async () => {
    writeFileSync(lock, '')
    const soon = Date.now() / 1000 + 50
    utimesSync(lock, soon, soon)
    const began = performance.now()
    await new FileLock(file).replace(() => 'new')
    expect(performance.now() - began).to.be.within(4900, 6000)
    expect(readFileSync(file, 'utf8')).to.equal('new')
  })

  it('is removed with others of dead processes', async () => {
    killedHolder()
    writeFileSync(path.join(folder, '.lock-other'), '')
    writeFileSync(path.join(folder, '.lock-session-abcd1234'), '')
    const longAgo = Date.now() / 1000 - 100
    utimesSync(path.join(folder, '.lock-session-abcd1234'), longAgo, longAgo)
    await FileLock.clearStale(folder, (name) => name === 'session')
    expect(readdirSync(folder).toSorted()).to.deep.equal(['.lock-other', 'session'])
  })

  it('writes nothing once it was lost, and leaves the next one his lock', async () => {
    const replaced = new FileLock(file).replace(() => {
      // As other processes do with the lock of a process that was suspended.
      unlinkSync(lock)
      writeFileSync(lock, 'of another')
      return 'new'
    })
    expect(await replaced.catch((each: unknown) => each)).to.be.instanceOf(ServiceUnavailable)
    expect(readFileSync(file, 'utf8')).to.equal('old')
    expect(readFileSync(lock, 'utf8')).to.equal('of another')
  })
})
