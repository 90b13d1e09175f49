/** The staticfiles app: ignore patterns for collectstatic, middleware for development, and system checks. */
import { AppConfig, apps } from '#core/apps'
import { serveStaticFilesWith } from '#core/handlers'
import { resolveStaticUrlsWith } from '#core/template'
import { getFinders, staticfilesStorage } from './finders.ts'
import { staticFilesHandler } from './views.ts'
import { type CheckMessage, Error as CheckError, register } from '#core/checks'
import { settings } from '#core/conf'

const isInstalled = (): boolean => apps.isInstalled('core.contrib.staticfiles')

export class StaticFilesConfig extends AppConfig {
  override verboseName = 'Static Files'
  /** Patterns of files that collectstatic ignores by default. A subclass may override them. */
  readonly ignorePatterns: readonly string[] = ['CVS', '.*', '*~']

  override async ready(): Promise<void> {
    await import('./apps.ts')
    resolveStaticUrlsWith((path) => (isInstalled() ? staticfilesStorage().url(path) : undefined))
    serveStaticFilesWith(() => (isInstalled() ? staticFilesHandler() : undefined))
  }
}

// System checks of the settings of static files, with Django's ids.

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
