/** `npm start` on a fresh clone: it creates what is missing, serves, and does nothing more the next time. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { freePort, Running } from '../management/processes.ts'
import { type Clone, clone } from './clone.ts'

describe('npm start on a fresh clone', function () {
  // These tests start processes.
  this.timeout(60_000)

  let fresh: Clone
  let running: Running | undefined
  before(() => {
    fresh = clone()
  })
  afterEach(async () => {
    running?.kill()
    await running?.finished
  })
  after(() => fresh.remove())

  /** Starts, waits for the URL, and stops as with Ctrl-C. Returns the output and the page. */
  async function start(port: number): Promise<{ output: string; page: string; code: number | null }> {
    running = new Running(process.execPath, ['bin/start.mjs'], { cwd: fresh.root, env: { PORT: String(port) } })
    await running.line(/^Quit the server/)
    const page = await (await fetch(`http://127.0.0.1:${port}/favorite/get/`)).text()
    running.kill('SIGINT')
    const { stdout, stderr, code } = await running.finished
    return { output: stdout + stderr, page, code }
  }

  const database = (): string => path.join(fresh.root, 'db.sqlite3')
  const stateOf = (file: string): unknown[] => [readFileSync(file).toString('base64'), statSync(file).mtimeMs]

  it('migrates the database and serves at PORT', async () => {
    const port = await freePort()
    const { output, page, code } = await start(port)
    expect(output).to.include('Applying sessions.0001_initial... OK')
    expect(output).to.include(`Starting development server at http://127.0.0.1:${port}/`)
    expect(page).to.equal('Favorite color is not set.')
    expect(code).to.equal(0)
  })

  it('changes nothing the second time, and prints nothing about migrations', async () => {
    const before = stateOf(database())
    const { output, page } = await start(await freePort())
    expect(output).to.not.match(/migration|Applying/i)
    expect(page).to.equal('Favorite color is not set.')
    expect(stateOf(database())).to.deep.equal(before)
  })
})
