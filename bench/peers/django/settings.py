"""The settings of the measured Django project, with its sessions in BENCH_STORE."""
import json
import os

STORE = os.environ['BENCH_STORE']
LOCATION = os.environ['BENCH_LOCATION']

SECRET_KEY = 'only-ever-used-on-127.0.0.1-for-sessions-that-live-for-seconds'
DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1']
ROOT_URLCONF = 'urls'
USE_TZ = True
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
GIVEN = json.loads(os.environ['BENCH_SETTINGS'])
INSTALLED_APPS = GIVEN.get('INSTALLED_APPS', ['django.contrib.sessions'])
MIDDLEWARE = GIVEN.get('MIDDLEWARE', ['django.contrib.sessions.middleware.SessionMiddleware'])

DATABASES = {}
if STORE == 'db-sqlite':
    DATABASES['default'] = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': LOCATION, 'CONN_MAX_AGE': None}
elif STORE == 'db-postgresql':
    DATABASES['default'] = {
        **json.loads(LOCATION),
        'ENGINE': 'django.db.backends.postgresql',
        'OPTIONS': {},
        'CONN_MAX_AGE': None,
    }

# A cache that drops a session would lose its count.
CACHES = {
    'default': {
        'BACKEND': 'django.core.cache.backends.locmem.LocMemCache',
        'OPTIONS': {'MAX_ENTRIES': 10_000_000},
    },
}

SESSION_ENGINE = 'django.contrib.sessions.backends.' + {
    'db-sqlite': 'db',
    'db-postgresql': 'db',
    'cache-locmem': 'cache',
    'file': 'file',
    'file-tmpfs': 'file',
    'signed_cookies': 'signed_cookies',
}[STORE]
if STORE.startswith('file'):
    SESSION_FILE_PATH = LOCATION
