/**
 * Sends the responses of one tick of the event loop together: a client or proxy on the same machine that is woken for each
 * of them costs the sender more than a small request does.
 */
import type { Middleware } from 'koa'
import { tickEnd } from '#core/concurrency'

/** Outermost in the chain, because Koa sends a response when the outermost middleware has ended. */
export const sendAtTickEnd: Middleware = (_ctx, next) => next().then(tickEnd)
