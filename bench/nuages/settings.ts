/** A project that says hello and counts; BENCH_SETTINGS has the settings, as JSON, that differ from one run to another. */
import type { Settings } from '../../core/conf/index.ts'

export default {
  SECRET_KEY: 'only-ever-used-on-127.0.0.1-for-sessions-that-live-for-seconds',
  ALLOWED_HOSTS: ['127.0.0.1'],
  INSTALLED_APPS: ['core.contrib.sessions'],
  MIDDLEWARE: [],
  ROOT_URLCONF: 'urls',
  DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' } },
  ...(JSON.parse(process.env.BENCH_SETTINGS ?? '{}') as Settings),
} satisfies Settings
