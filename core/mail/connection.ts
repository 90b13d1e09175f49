/** The backend that EMAIL_BACKEND names. */
import { loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { importName, formatValue } from '#core/utils'
import type { EmailBackend, EmailBackendClass, EmailBackendOptions } from './backends/base.ts'

const backendClass = loadedFromSettings(['EMAIL_BACKEND'], async () => {
  const found = await importName(settings.EMAIL_BACKEND, { setting: 'EMAIL_BACKEND', root: projectRoot() })
  const prototype = typeof found === 'function' ? (found.prototype as Partial<EmailBackend> | undefined) : undefined
  if (typeof prototype?.sendMessages === 'function') return found as EmailBackendClass
  throw new ImproperlyConfigured(
    `EMAIL_BACKEND names '${settings.EMAIL_BACKEND}', which should be a class with a method sendMessages(), found ${formatValue(found)}.`,
  )
})

/** A backend to send mail with. */
export function getConnection(
  options: EmailBackendOptions & { readonly backend?: EmailBackendClass } = {},
): EmailBackend {
  const { backend = backendClass(), ...rest } = options
  return new backend(rest)
}
