/** Runs `fn` on the site of these tests with further settings, and records the log. */
import { overrideSettings, type Settings } from '#core/conf'
import { Client } from '#core/test'
import { captureLogs, type LogRecord } from '#core/utils'

export const SITE = {
  DEBUG: false,
  ALLOWED_HOSTS: ['testserver'],
  ROOT_URLCONF: 'test.handlers.site.urls',
  MIDDLEWARE: [],
  INSTALLED_APPS: [],
} satisfies Settings

export const middleware = (name: string): string => `test.handlers.site.middleware.${name}`

export async function withSite<T>(
  settings: Settings,
  fn: (client: Client, logs: LogRecord[]) => Promise<T>,
): Promise<T> {
  const logs: LogRecord[] = []
  return overrideSettings({ ...SITE, ...settings }, async () => {
    const stop = captureLogs((record) => logs.push(record))
    try {
      return await fn(new Client(), logs)
    } finally {
      stop()
    }
  })
}
