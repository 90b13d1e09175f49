"""The settings of the Django side. Those that nuages-site/settings.ts has to repeat stand first."""
import os
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent

# What both sides share and no repository keeps: the key and the database.
KEPT = Path(os.environ.get('BESIDE_FOLDER', EXAMPLE / '.nuages'))

# The same on both sides.
SECRET_KEY = (KEPT / 'secret_key').read_text().strip()
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': str(KEPT / 'db.sqlite3')}}
USE_TZ = True
TIME_ZONE = 'UTC'
SESSION_ENGINE = 'django.contrib.sessions.backends.db'
ALLOWED_HOSTS = ['127.0.0.1', 'localhost']
# Only the proxy reaches this server, and it sets the header itself.
SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')
# Each side hashes a password anew at a login where its own count differs, and that ends the user's other sessions.
PASSWORD_HASHERS = ['pages.hashers.SharedPasswordHasher']
LOGIN_URL = '/accounts/login/'
LOGIN_REDIRECT_URL = '/'
LOGOUT_REDIRECT_URL = '/'
AUTH_PASSWORD_VALIDATORS = [
    {'NAME': 'django.contrib.auth.password_validation.UserAttributeSimilarityValidator'},
    {'NAME': 'django.contrib.auth.password_validation.MinimumLengthValidator'},
]

# Each side's own.
DEBUG = True
ROOT_URLCONF = 'urls'
INSTALLED_APPS = [
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
    'pages',
]
MIDDLEWARE = [
    'django.middleware.security.SecurityMiddleware',
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
    'django.middleware.clickjacking.XFrameOptionsMiddleware',
]
TEMPLATES = [
    {
        'BACKEND': 'django.template.backends.django.DjangoTemplates',
        'DIRS': [EXAMPLE / 'templates'],
        'APP_DIRS': True,
        'OPTIONS': {
            'context_processors': [
                'django.template.context_processors.request',
                'django.contrib.auth.context_processors.auth',
                'django.contrib.messages.context_processors.messages',
            ],
        },
    },
]
