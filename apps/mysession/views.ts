/** Views that read and write the session: a visit counter, a test cookie, a favorite color. */
import '#core/contrib/sessions'
import { type HttpRequest, HttpResponse } from '#core/http'

declare module '#core/contrib/sessions' {
  interface SessionData {
    num_visits?: number
    favorite_color?: string
  }
}

export function index(request: HttpRequest): HttpResponse {
  request.session.setTestCookie()
  const visits = (request.session.num_visits ?? 0) + 1
  request.session.num_visits = visits
  return new HttpResponse(`Visit count: ${visits}`)
}

export function about(request: HttpRequest): HttpResponse {
  let message = 'Cookie not set or not supported'
  if (request.session.testCookieWorked()) {
    request.session.deleteTestCookie()
    message = 'Cookie Tested!'
  }
  const visits = request.session.num_visits ?? 0
  return new HttpResponse(`About page<br>${message}<br>Current visit count: ${visits}`)
}

export function reset(request: HttpRequest): HttpResponse {
  delete request.session.num_visits
  return new HttpResponse('Visit count has been reset to 0')
}

export function setFavorite(request: HttpRequest): HttpResponse {
  request.session.favorite_color = 'blue'
  return new HttpResponse('Session data saved.')
}

export function getFavorite(request: HttpRequest): HttpResponse {
  const color = request.session.favorite_color
  return new HttpResponse(color === undefined ? 'Favorite color is not set.' : `Favorite color is ${color}.`)
}
