/** Runs `fn` on the site of these tests with further settings, and records the log. */
import path from 'node:path'
import { overrideSettings, type Settings } from '#core/conf'
import { Client } from '#core/test'
import { captureLogs, type LogRecord } from '#core/utils'

const PROCESSORS = ['core.template.context_processors.csp']

/** A template engine with the templates of the site, and more directories. */
export const templates = (...folders: string[]): NonNullable<Settings['TEMPLATES']> => [
  {
    BACKEND: 'core.template.backends.django.DjangoTemplates',
    DIRS: [path.join(import.meta.dirname, 'site/templates'), ...folders],
    APP_DIRS: false,
    OPTIONS: { context_processors: PROCESSORS },
  },
]

export const SITE = {
  DEBUG: false,
  ALLOWED_HOSTS: ['testserver', 'shop.example.com'],
  ROOT_URLCONF: 'test.middleware.site.urls',
  TEMPLATES: templates(),
} satisfies Settings

export async function withSite<T>(
  settings: Settings,
  fn: (client: Client, logs: LogRecord[]) => Promise<T>,
): Promise<T> {
  const logs: LogRecord[] = []
  return overrideSettings({ ...SITE, ...settings }, async () => {
    const stop = captureLogs((record) => logs.push(record))
    try {
      return await fn(new Client(undefined, { enforceCsrfChecks: true }), logs)
    } finally {
      stop()
    }
  })
}

/** `django.security.csrf: Forbidden (…): /`, one line for each record. */
export const lines = (logs: readonly LogRecord[]): string[] =>
  logs.map(({ logger, message }) => `${logger}: ${message}`)
