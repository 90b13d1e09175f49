/** System checks of the settings of static files, with Django's ids. */
import { type CheckMessage, Error as CheckError, register } from '#core/checks'
import { settings } from '#core/conf'
import { getFinders } from './configured.ts'

const checkFinders = (): CheckMessage[] => getFinders().flatMap((finder) => finder.check?.() ?? [])

function checkStorages(): CheckMessage[] {
  const aliases = Object.keys(settings.STORAGES)
  if (aliases.length === 0 || aliases.includes('staticfiles')) return []
  const hint = "Add staticfiles: { BACKEND: 'core.contrib.staticfiles.storage.StaticFilesStorage' } to STORAGES."
  const message = 'The STORAGES setting must define a staticfiles storage.'
  return [new CheckError(message, { hint, id: 'staticfiles.E005' })]
}

register(checkFinders, 'staticfiles')
register(checkStorages, 'staticfiles')
