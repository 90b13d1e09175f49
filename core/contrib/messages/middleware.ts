/** Gives each request its messages, and keeps for the next one those that were not read. */
import type { Middleware } from 'koa'
import { loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue, importName } from '#core/utils'
import { giveMessages } from './api.ts'
import { Messages } from './messages.ts'
import type { MessageStorageClass } from './storage/base.ts'

const storageClass = loadedFromSettings('MESSAGE_STORAGE', async () => {
  const name = settings.MESSAGE_STORAGE
  const found = await importName(name, { setting: 'MESSAGE_STORAGE', root: projectRoot() })
  const { prototype } = found as { prototype?: Partial<Record<string, unknown>> }
  if (typeof prototype?.retrieve === 'function' && typeof prototype.store === 'function') {
    return found as MessageStorageClass
  }
  throw new ImproperlyConfigured(
    `MESSAGE_STORAGE names '${name}', which should be a class with retrieve() and store(), found ${formatValue(found)}.`,
  )
})

/** The middleware as MIDDLEWARE names it. */
export function MessageMiddleware(): Middleware {
  const Storage = storageClass()
  return async function messages({ request, response }, next) {
    const ofRequest = new Messages(new Storage(request))
    giveMessages(request, ofRequest)
    await next()
    const left = ofRequest.store(response)
    if (left.length === 0 || !settings.DEBUG) return
    throw new Error(
      `Not all temporary messages could be stored: ${settings.MESSAGE_STORAGE} has no room for ${left.length} of them.` +
        " 'core.contrib.messages.storage.fallback.FallbackStorage' keeps the rest in the session.",
    )
  }
}
