/** The measured views, written as in an ordinary project. */
import { type HttpRequest, HttpResponse } from '../../core/http/index.ts'
import { path } from '../../core/urls/index.ts'
import { HELLO } from '../workloads.ts'

declare module '../../core/contrib/sessions/index.ts' {
  interface SessionData {
    visits?: number
    ballast?: string
  }
}

export function hello(): HttpResponse {
  return new HttpResponse(HELLO)
}

function read({ session }: HttpRequest): HttpResponse {
  return new HttpResponse(String(session.visits ?? 0))
}

function counter({ session }: HttpRequest): HttpResponse {
  session.visits = (session.visits ?? 0) + 1
  return new HttpResponse(String(session.visits))
}

/** Stores pseudo-random letters in the session, which compress about as well as base64. */
function fill({ session }: HttpRequest, { bytes }: { bytes: number }): HttpResponse {
  let state = 1
  session.ballast = Array.from({ length: bytes }, () => {
    state = (state * 48_271) % 2_147_483_647
    return (state % 36).toString(36)
  }).join('')
  return new HttpResponse(String(session.ballast.length))
}

export const urlpatterns = [
  path('hello', hello),
  path('read', read),
  path('counter', counter),
  path('fill/<int:bytes>', fill),
]
