/** The same site with error handlers that fail themselves. */
import type { HttpResponse } from '#core/http'

export { urlpatterns } from './urls.ts'

export function handler404(): HttpResponse {
  throw new Error('The page for 404 has an error of its own.')
}

export const handler500 = (): HttpResponse => 'no response' as unknown as HttpResponse
