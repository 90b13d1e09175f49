/** The views that are measured, written as anybody would write them. */
import { type HttpRequest, HttpResponse } from '#core/http'
import { path } from '#core/urls'
import { HELLO } from '../works.ts'

declare module '#core/contrib/sessions' {
  interface SessionData {
    visits?: number
  }
}

function hello(): HttpResponse {
  return new HttpResponse(HELLO)
}

function read({ session }: HttpRequest): HttpResponse {
  return new HttpResponse(String(session.visits ?? 0))
}

function counter({ session }: HttpRequest): HttpResponse {
  session.visits = (session.visits ?? 0) + 1
  return new HttpResponse(String(session.visits))
}

export const urlpatterns = [path('hello', hello), path('read', read), path('counter', counter)]
