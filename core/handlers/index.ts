/** `createApplication`: builds a Koa application from MIDDLEWARE and the views of ROOT_URLCONF. */
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
   * Whether to serve the files of the staticfiles app; DEBUG by default. `runserver --nostatic` sets false,
   * `runserver --insecure` true.
   */
  readonly serveStatic?: boolean | undefined
}

/**
 * Creates the application that the settings describe. Invalid settings are reported here, not at a request.
 * @throws ImproperlyConfigured for invalid settings, and outside DEBUG for a SECRET_KEY that is public or weak
 */
export async function createApplication({ serveStatic }: ApplicationOptions = {}): Promise<Koa> {
  await setup()
  requireSecretKeys()
  await loadEngines()
  const middleware = await loadMiddleware(settings.MIDDLEWARE, projectRoot())
  const resolver = await loadUrlconf()
  // Importing the views has registered further values to load from settings.
  await prepareSettings()
  const errors = new ErrorResponses(resolver.handlers)
  const app = new Application(settings.DEBUG)
  extendKoa(app)
  app.on('error', logKoaError)
  app.use(errorBoundary(resolver, errors, fastPaths ? sendAtTickEnd : undefined))
  for (const each of staticFilesMiddleware(serveStatic)) app.use(each)
  for (const each of middleware) app.use(each)
  app.use(viewDispatch(resolver, errors))
  return app
}
