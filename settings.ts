/** The settings of this project: what Django's settings.py is. Every setting is described in docs/reference/settings.md. */
import type { Settings } from '#core/conf'

export default {
  // For development only: a real site keeps its key out of the repository, as NUAGES_SECRET_KEY.
  SECRET_KEY: 'django-insecure-3vq!k8w@1y#r5n0z&c7m^x2b*e9t(u4j)g6h-s+d=f_aLpQoWi',
  DEBUG: true,
  ALLOWED_HOSTS: [],

  INSTALLED_APPS: ['core.contrib.sessions', 'apps.mysession'],

  MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],

  ROOT_URLCONF: 'apps.urls',

  DATABASES: {
    default: { ENGINE: 'core.db.backends.sqlite3', NAME: 'db.sqlite3' },
  },

  CACHES: {
    default: { BACKEND: 'core.cache.backends.locmem.LocMemCache' },
  },

  SESSION_ENGINE: 'core.contrib.sessions.backends.db',

  TIME_ZONE: 'UTC',
} satisfies Settings
