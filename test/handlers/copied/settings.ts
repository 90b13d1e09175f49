/** The lists of a settings file as `django-admin startproject` writes them, without the admin, with Django's names. */
import type { Settings } from '#core/conf'

export default {
  SECRET_KEY: 'django-insecure-4w7$kd0z!p2m@x8v#n5b^c1t&y6r*q3j(h9f)g-s+a=e_LoUiPwZrT',
  DEBUG: true,
  ALLOWED_HOSTS: [],

  INSTALLED_APPS: [
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
    'django.contrib.staticfiles',
  ],

  MIDDLEWARE: [
    'django.middleware.security.SecurityMiddleware',
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
    'django.middleware.clickjacking.XFrameOptionsMiddleware',
  ],

  ROOT_URLCONF: 'test.handlers.copied.urls',

  TEMPLATES: [
    {
      BACKEND: 'django.template.backends.django.DjangoTemplates',
      DIRS: [],
      APP_DIRS: true,
      OPTIONS: {
        context_processors: [
          'django.template.context_processors.request',
          'django.contrib.auth.context_processors.auth',
          'django.contrib.messages.context_processors.messages',
        ],
      },
    },
  ],

  WSGI_APPLICATION: 'mysite.wsgi.application',

  DATABASES: {
    default: { ENGINE: 'django.db.backends.sqlite3', NAME: process.env.COPIED_DATABASE ?? ':memory:' },
  },

  AUTH_PASSWORD_VALIDATORS: [
    { NAME: 'django.contrib.auth.password_validation.UserAttributeSimilarityValidator' },
    { NAME: 'django.contrib.auth.password_validation.MinimumLengthValidator' },
    { NAME: 'django.contrib.auth.password_validation.CommonPasswordValidator' },
    { NAME: 'django.contrib.auth.password_validation.NumericPasswordValidator' },
  ],

  LANGUAGE_CODE: 'en-us',
  TIME_ZONE: 'UTC',
  USE_I18N: true,
  USE_TZ: true,

  STATIC_URL: 'static/',
} satisfies Settings
