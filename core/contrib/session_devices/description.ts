/** The function that SESSION_DEVICE_DESCRIPTION names. It describes the device of a request in a few words. */
import { functionOf, loadedFromSettings, loadNamed, settings } from '#core/conf'
import type { HttpRequest } from '#core/http'

/** @throws ImproperlyConfigured when the setting names no function */
export const deviceDescription = loadedFromSettings('SESSION_DEVICE_DESCRIPTION', async () => {
  const name = settings.SESSION_DEVICE_DESCRIPTION
  if (name === null) return undefined
  const description = functionOf<(request: HttpRequest) => string>('a function of (request)')
  return loadNamed('SESSION_DEVICE_DESCRIPTION', name, description)
})
