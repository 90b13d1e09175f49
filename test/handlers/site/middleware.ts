/** Middleware of all kinds, valid and invalid. */
import type { Middleware } from 'koa'
import { MiddlewareNotUsed } from '#core/exceptions'

export const calls: string[] = []

export function First(): Middleware {
  return async function first({ response }, next) {
    calls.push('first in')
    await next()
    calls.push(`first out ${response.status}`)
    response.set('X-First', 'was here')
  }
}

export function Second(): Middleware {
  return async function second({ request, response }, next) {
    calls.push(`second in ${request.resolverMatch?.route ?? 'no match'}`)
    await next()
    calls.push(`second out ${response.status}`)
  }
}

export async function Late(): Promise<Middleware> {
  return Promise.resolve((_ctx, next) => next())
}

export function LeftOut(): undefined {
  return undefined
}

export function NotUsed(): Middleware {
  throw new MiddlewareNotUsed('nobody needs it')
}

export function FailsOnTheWayOut(): Middleware {
  return async function fails({ response }, next) {
    response.setCookie('kept', '1')
    await next()
    throw new Error('The middleware failed.')
  }
}

export function AnswersItself(): Middleware {
  return (ctx) => {
    ctx.body = { maintenance: true }
  }
}

export function Throws401(): Middleware {
  return (ctx) => ctx.throw(401, 'Who are you?', { headers: { 'WWW-Authenticate': 'Basic' } })
}

export function FailsAtStart(): Middleware {
  throw new Error('no such service')
}

export const notAFunction = 5

export function GivesAText(): string {
  return 'middleware'
}
