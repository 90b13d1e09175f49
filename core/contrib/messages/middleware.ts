/** Gives each request its messages, and keeps for the next one those that were not read. */
import type { Middleware } from 'koa'
import { classWith, loadedFromSettings, loadNamed, settings } from '#core/conf'
import { giveMessages } from './api.ts'
import { Messages } from './messages.ts'
import type { MessageStorageClass } from './storage/base.ts'

const storageClass = loadedFromSettings('MESSAGE_STORAGE', () =>
  loadNamed('MESSAGE_STORAGE', settings.MESSAGE_STORAGE, classWith<MessageStorageClass>('retrieve', 'store')),
)

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
