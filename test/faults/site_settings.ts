/** The settings of the site under test. FAULTS_SETTINGS contains those of its engine, as JSON. */
import type { Settings } from '../../core/conf/index.ts'

export default {
  SECRET_KEY: 'only-ever-used-on-127.0.0.1-for-sessions-that-live-for-seconds',
  ALLOWED_HOSTS: ['127.0.0.1'],
  INSTALLED_APPS: ['core.contrib.sessions'],
  MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
  ROOT_URLCONF: 'site_urls',
  // Responses that wait for a silent store come after this time.
  SESSION_STORE_TIMEOUT: 1,
  ...(JSON.parse(process.env.FAULTS_SETTINGS ?? '{}') as Settings),
} satisfies Settings
