/** The same site with its own error handlers. */
import { type HttpRequest, HttpResponse } from '#core/http'

export { urlpatterns } from './urls.ts'

const page = (status: number, exception: unknown): HttpResponse =>
  new HttpResponse(`own ${status}: ${exception instanceof Error ? exception.name : 'none'}`, { status })

export const handler400 = (_request: HttpRequest, exception?: unknown): HttpResponse => page(400, exception)
export const handler403 = (_request: HttpRequest, exception?: unknown): HttpResponse => page(403, exception)
export const handler404 = (_request: HttpRequest, exception?: unknown): HttpResponse => page(404, exception)
export const handler500 = (_request: HttpRequest): HttpResponse => page(500, undefined)
