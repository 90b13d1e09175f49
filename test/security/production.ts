/** A production start in its own process: the serve.ts of the deployment page, and a project for it. */
import { freePort, Running, settingsText, TestProject } from '../management/processes.ts'
import { blocks, page } from '../docs/markdown.ts'

const URLS = `
import { HttpResponse } from '#core/http'
import { path } from '#core/urls'

export const urlpatterns = [
  path('page/', (request) => new HttpResponse([...request.GET.keys()].join() + JSON.stringify(request.ctx.query))),
  path('', () => new HttpResponse('home')),
  path('rejects', () => {
    void Promise.reject(new Error('nothing waits\\u009b31m\\nfor this'))
    return new HttpResponse('responded')
  }),
  path('rejects-later', () => {
    setTimeout(() => void Promise.reject(new Error('later')), 5)
    return new HttpResponse('responded')
  }),
  path('rejects-nothing', () => {
    void Promise.reject()
    void Promise.reject(Object.create(null))
    void Promise.reject(new Proxy(new Error(), { get() { throw new Error('trap') } }))
    return new HttpResponse('responded')
  }),
  path('throws-later', () => {
    setTimeout(() => { throw new Error('out of a timer') }, 5)
    return new HttpResponse('responded')
  }),
  path('slow', async () => {
    console.log('in hand')
    await new Promise((resolve) => setTimeout(resolve, 300))
    return new HttpResponse('slow but sure')
  }),
]
`

export interface Production {
  readonly project: TestProject
  readonly running: Running
  readonly port: number
  stop(): Promise<void>
}

/** Starts it on a free port. */
export async function startProduction(
  settings: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Production> {
  const serve = blocks(page('docs/topics/deployment.md')).find(({ file }) => file === 'serve.ts')?.text ?? ''
  const middleware = ['security.SecurityMiddleware', 'common.CommonMiddleware', 'csrf.CsrfViewMiddleware']
  const project = new TestProject({
    'serve.ts': serve,
    'settings.ts': settingsText({
      DEBUG: 'false',
      ALLOWED_HOSTS: "['127.0.0.1', '[::1]', 'example.com']",
      INSTALLED_APPS: "['core.contrib.staticfiles']",
      MIDDLEWARE: JSON.stringify(middleware.map((name) => `core.middleware.${name}`)),
      STATIC_URL: "'static/'",
      ...settings,
    }),
    'apps/urls.ts': URLS,
    ...files,
  })
  const port = await freePort()
  const env = { PORT: String(port), NODE_ENV: 'production' }
  const running = new Running(process.execPath, ['--import', 'tsx', 'serve.ts'], { cwd: project.root, env })
  try {
    await running.line(/^Serving at port/)
  } catch (error) {
    project.remove()
    throw error
  }
  return {
    project,
    running,
    port,
    async stop() {
      running.kill()
      await running.finished
      project.remove()
    },
  }
}
