/** The settings of this project, as in Django's settings.py. docs/reference/settings.md describes every setting. */
import type { Settings } from '#core/conf'

export default {
  // For development only. A production site keeps its key out of the repository, in NUAGES_SECRET_KEY.
  SECRET_KEY: 'django-insecure-3vq!k8w@1y#r5n0z&c7m^x2b*e9t(u4j)g6h-s+d=f_aLpQoWi',
  DEBUG: true,
  ALLOWED_HOSTS: [],

  INSTALLED_APPS: [
    // Before auth, so that its templates override those of auth.
    'apps.shop',
    'apps.mysession',
    'core.contrib.auth',
    'core.contrib.contenttypes',
    'core.contrib.sessions',
    'core.contrib.session_devices',
    'core.contrib.messages',
    'core.contrib.staticfiles',
  ],

  // From the outermost to the innermost. `./manage.ts check` reports a wrong order.
  MIDDLEWARE: [
    'core.middleware.security.SecurityMiddleware',
    'core.contrib.sessions.middleware.SessionMiddleware',
    'core.middleware.common.CommonMiddleware',
    'core.middleware.csrf.CsrfViewMiddleware',
    'core.contrib.auth.middleware.AuthenticationMiddleware',
    'core.contrib.messages.middleware.MessageMiddleware',
    'core.middleware.clickjacking.XFrameOptionsMiddleware',
  ],

  ROOT_URLCONF: 'apps.urls',

  TEMPLATES: [
    {
      BACKEND: 'core.template.backends.django.DjangoTemplates',
      APP_DIRS: true,
      OPTIONS: {
        context_processors: [
          'core.template.context_processors.request',
          'core.contrib.auth.context_processors.auth',
          'core.contrib.messages.context_processors.messages',
        ],
      },
    },
  ],

  DATABASES: {
    default: { ENGINE: 'core.db.backends.sqlite3', NAME: 'db.sqlite3' },
  },

  CACHES: {
    default: { BACKEND: 'core.cache.backends.locmem.LocMemCache' },
  },

  SESSION_ENGINE: 'core.contrib.sessions.backends.db',
  // Describes a login on the page "Your devices". Without it, nothing about the browser is stored.
  SESSION_DEVICE_DESCRIPTION: 'apps.shop.browser.nameBrowser',

  AUTH_PASSWORD_VALIDATORS: [
    { NAME: 'core.contrib.auth.password_validation.UserAttributeSimilarityValidator' },
    { NAME: 'core.contrib.auth.password_validation.MinimumLengthValidator' },
    { NAME: 'core.contrib.auth.password_validation.CommonPasswordValidator' },
    { NAME: 'core.contrib.auth.password_validation.NumericPasswordValidator' },
  ],
  LOGIN_URL: 'login',
  LOGIN_REDIRECT_URL: 'shop:profile',
  LOGOUT_REDIRECT_URL: 'shop:index',

  // Mail is printed on the server's console.
  EMAIL_BACKEND: 'core.mail.backends.console.EmailBackend',

  STATIC_URL: '/static/',

  TIME_ZONE: 'UTC',
} satisfies Settings
