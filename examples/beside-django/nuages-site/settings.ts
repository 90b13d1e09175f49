/** The settings of the Nuages side. Those that django-site/settings.py has as well stand first, in the same order. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '#core/conf'

const EXAMPLE = path.dirname(import.meta.dirname)

// What both sides share and no repository keeps: the key and the database.
const KEPT = process.env.BESIDE_FOLDER ?? path.join(EXAMPLE, '.nuages')

export default {
  // The same on both sides.
  SECRET_KEY: readFileSync(path.join(KEPT, 'secret_key'), 'utf8').trim(),
  DATABASES: { default: { ENGINE: 'django.db.backends.sqlite3', NAME: path.join(KEPT, 'db.sqlite3') } },
  USE_TZ: true,
  TIME_ZONE: 'UTC',
  SESSION_ENGINE: 'django.contrib.sessions.backends.db',
  ALLOWED_HOSTS: ['127.0.0.1', 'localhost'],
  // Only the proxy reaches this server, and it sets the header itself.
  SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https'],
  // Each side hashes a password anew at a login where its own count differs, and that ends the user's other sessions.
  PASSWORD_HASHERS: ['apps.hashers.SharedPasswordHasher'],
  // Django's login page: it leads back to the page of ours that asked for it.
  LOGIN_URL: '/accounts/login/',
  LOGIN_REDIRECT_URL: '/',
  LOGOUT_REDIRECT_URL: '/',
  AUTH_PASSWORD_VALIDATORS: [
    { NAME: 'django.contrib.auth.password_validation.UserAttributeSimilarityValidator' },
    { NAME: 'django.contrib.auth.password_validation.MinimumLengthValidator' },
  ],

  // Each side's own.
  DEBUG: true,
  ROOT_URLCONF: 'apps.urls',
  INSTALLED_APPS: [
    'core.contrib.auth',
    'core.contrib.contenttypes',
    'core.contrib.sessions',
    'core.contrib.messages',
    'apps.shop',
  ],
  MIDDLEWARE: [
    'core.middleware.security.SecurityMiddleware',
    'core.contrib.sessions.middleware.SessionMiddleware',
    'core.middleware.common.CommonMiddleware',
    'core.middleware.csrf.CsrfViewMiddleware',
    'core.contrib.auth.middleware.AuthenticationMiddleware',
    'core.contrib.messages.middleware.MessageMiddleware',
    'core.middleware.clickjacking.XFrameOptionsMiddleware',
  ],
  TEMPLATES: [
    {
      BACKEND: 'core.template.backends.django.DjangoTemplates',
      DIRS: [path.join(EXAMPLE, 'templates')],
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
} satisfies Settings
