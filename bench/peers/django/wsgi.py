"""The application. Creates its tables first, and reports its resource usage at /usage."""
import json
import os
import time

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created

os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'

PAGE = os.sysconf('SC_PAGE_SIZE')


def as_the_others(sender, connection, **kwargs):
    """Sets the same SQLite pragmas as the other servers."""
    if connection.vendor == 'sqlite':
        with connection.cursor() as cursor:
            cursor.execute('PRAGMA journal_mode = WAL')
            cursor.execute('PRAGMA synchronous = NORMAL')


connection_created.connect(as_the_others)
django.setup()
if os.environ['BENCH_STORE'].startswith('db-'):
    call_command('migrate', verbosity=0)

application_of_django = get_wsgi_application()
requests = 0


def usage():
    with open('/proc/self/statm') as statm:
        pages = int(statm.read().split()[1])
    return {'requests': requests, 'cpu': time.process_time() * 1e6, 'memory': pages * PAGE}


def application(environ, start_response):
    global requests
    if environ['PATH_INFO'] == '/usage':
        start_response('200 OK', [('Content-Type', 'application/json')])
        return [json.dumps(usage()).encode()]
    requests += 1
    return application_of_django(environ, start_response)
