/** The staticfiles app: finds the static files of apps and folders, serves them in development, collects them for a server. */
import { AppConfig, apps } from '#core/apps'
import { serveStaticFilesWith } from '#core/handlers'
import { resolveStaticUrlsWith } from '#core/template'
import { staticfilesStorage } from './configured.ts'
import { staticFilesHandler } from './handlers.ts'

const isInstalled = (): boolean => apps.isInstalled('core.contrib.staticfiles')

export class StaticFilesConfig extends AppConfig {
  override verboseName = 'Static Files'
  /** Patterns of files that collectstatic leaves out unless told otherwise. A subclass may name others. */
  readonly ignorePatterns: readonly string[] = ['CVS', '.*', '*~']

  override async ready(): Promise<void> {
    await import('./checks.ts')
    resolveStaticUrlsWith((path) => (isInstalled() ? staticfilesStorage().url(path) : undefined))
    serveStaticFilesWith(() => (isInstalled() ? staticFilesHandler() : undefined))
  }
}
