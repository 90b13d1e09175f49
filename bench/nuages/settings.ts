/** The settings of the measured project. BENCH_SETTINGS contains the settings of a target, as JSON. */
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
