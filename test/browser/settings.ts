/** The project's own settings, on the database of the browser test. */
import type { Settings } from '#core/conf'
import project from '../../settings.ts'

export default {
  ...project,
  DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: process.env.BROWSER_TEST_DATABASE ?? ':memory:' } },
} satisfies Settings
