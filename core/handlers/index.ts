/** From settings to a Koa application: MIDDLEWARE around the views of ROOT_URLCONF. */
import type Koa from 'koa'
import { setup } from '#core/apps'
import { prepareSettings, projectRoot, requireSecretKeys, settings } from '#core/conf'
import { extendKoa } from '#core/http'
import { loadEngines } from '#core/template'
import { loadUrlconf } from '#core/urls'
import { fastPaths } from '#core/utils'
import { Application, staticFilesMiddleware } from './application.ts'
import { sendAtTickEnd } from './fast/response_end.ts'
import { loadMiddleware, viewDispatch } from './middleware_chain.ts'
import { ErrorResponses, logKoaError } from './error_responses.ts'
import { errorBoundary } from './error_boundary.ts'
export { GracefulServer, type StopOptions } from './graceful.ts'
export { markAsLogged, pathForLog } from './error_responses.ts'
export { serveStaticFilesWith } from './application.ts'

export interface ApplicationOptions {
  /**
   * Whether the files of the staticfiles app are served; as DEBUG says where absent. `runserver --nostatic` is false,
   * `runserver --insecure` true.
   */
  readonly serveStatic?: boolean | undefined
}

/**
 * The application that the settings describe. Everything that can be wrong with them shows here, not at a request.
 * @throws ImproperlyConfigured, outside DEBUG also for a SECRET_KEY that is publicly known or can be guessed
 */
export async function createApplication({ serveStatic }: ApplicationOptions = {}): Promise<Koa> {
  await setup()
  requireSecretKeys()
  await loadEngines()
  const middleware = await loadMiddleware(settings.MIDDLEWARE, projectRoot())
  const resolver = await loadUrlconf()
  // What the views' modules need from the settings is known only now.
  await prepareSettings()
  const errors = new ErrorResponses(resolver.handlers)
  const app = new Application(settings.DEBUG)
  extendKoa(app)
  app.on('error', logKoaError)
  if (fastPaths) app.use(sendAtTickEnd)
  app.use(errorBoundary(resolver, errors))
  for (const each of staticFilesMiddleware(serveStatic)) app.use(each)
  for (const each of middleware) app.use(each)
  app.use(viewDispatch(resolver, errors))
  return app
}
