/** The function that SESSION_DEVICE_DESCRIPTION names. It describes the device of a request in a few words. */
import { loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { importName } from '#core/utils'

/** @throws ImproperlyConfigured when the setting names no function */
export const deviceDescription = loadedFromSettings('SESSION_DEVICE_DESCRIPTION', async () => {
  const name = settings.SESSION_DEVICE_DESCRIPTION
  if (name === null) return undefined
  const found = await importName(name, { setting: 'SESSION_DEVICE_DESCRIPTION', root: projectRoot() })
  if (typeof found === 'function') return found as (request: HttpRequest) => string
  throw new ImproperlyConfigured(`SESSION_DEVICE_DESCRIPTION names '${name}', which is not a function.`)
})
