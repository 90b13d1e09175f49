/** The system check that builds the middleware chain, so that `check` tells what a start would stumble over. */
import { type CheckMessage, Error as CheckError, register } from '#core/checks'
import { projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { loadMiddleware } from './middleware_chain.ts'

async function checkMiddleware(): Promise<CheckMessage[]> {
  try {
    await loadMiddleware(settings.MIDDLEWARE, projectRoot())
    return []
  } catch (error) {
    if (!(error instanceof ImproperlyConfigured)) throw error
    return error.message.split('\n').map((line) => new CheckError(line, { id: 'handlers.E001', obj: 'MIDDLEWARE' }))
  }
}

register(checkMiddleware, 'handlers')
