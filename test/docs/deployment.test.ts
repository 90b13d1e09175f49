/** What the page on deployment gives to copy works: it serves, and it stops without losing a request. */
import { expect } from 'chai'
import { freePort, Running, settingsText, TestProject } from '../management/processes.ts'
import { blocks, page } from './markdown.ts'

const URLS = `
import { once } from 'node:events'
import { HttpResponse } from '#core/http'
import { path } from '#core/urls'

// The answer is made after the process was told to stop.
async function slow() {
  const stopping = once(process, 'SIGTERM')
  console.log('in hand')
  await stopping
  return new HttpResponse('answered')
}

export const urlpatterns = [path('slow', slow)]
`

describe('the serve.ts of the page on deployment', function () {
  // A whole process starts here.
  this.timeout(30_000)

  let project: TestProject
  let running: Running | undefined
  before(() => {
    const serve = blocks(page('docs/topics/deployment.md')).find(({ file }) => file === 'serve.ts')
    project = new TestProject({
      'serve.ts': serve?.text ?? '',
      'settings.ts': settingsText({ DEBUG: 'false', ALLOWED_HOSTS: "['127.0.0.1']" }),
      'apps/urls.ts': URLS,
    })
  })
  after(async () => {
    running?.kill()
    await running?.finished
    project.remove()
  })

  it('answers what it has in hand when it is told to stop, and ends', async () => {
    const port = await freePort()
    const env = { PORT: String(port), NODE_ENV: 'production' }
    running = new Running(process.execPath, ['--import', 'tsx', 'serve.ts'], { cwd: project.root, env })
    await running.line(/^Serving at port/)
    const answer = fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text())
    await running.line(/^in hand$/)
    running.kill('SIGTERM')
    expect(await answer).to.equal('answered')
    const { code, stderr } = await running.finished
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
  })
})
