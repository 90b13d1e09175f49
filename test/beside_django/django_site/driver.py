"""Runs operations on the Django site: reads one line of JSON for each, and writes one with the result."""
import binascii
import hashlib
import io
import json
import logging
import os
import sys
import time
import traceback
from datetime import datetime, timedelta, timezone as zones
from importlib import import_module

import django

# Other output must not mix with the replies.
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.hashers import check_password, make_password  # noqa: E402
from django.contrib.auth.tokens import default_token_generator  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.core import signing  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import SimpleCookie  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

SessionStore = import_module(settings.SESSION_ENGINE).SessionStore
operations = {}


def operation(function):
    operations[function.__name__] = function
    return function


class RecordingHandler(logging.Handler):
    """Keeps log records until they are fetched."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append([record.name, record.levelname, record.getMessage()])


remembered = RecordingHandler()
logging.getLogger("django.security").addHandler(remembered)
logging.getLogger("django.contrib.sessions").addHandler(remembered)


def verdict(judge):
    """The result, or the name of the exception."""
    try:
        return [judge()]
    except Exception as error:
        return type(error).__name__


@operation
def logged():
    records, remembered.records = remembered.records, []
    return records


@operation
def command(words):
    """Runs a management command; returns its exit code and its output."""
    out = io.StringIO()
    try:
        call_command(*words, stdout=out, stderr=out, no_color=True)
    except SystemExit as error:
        return [error.code, out.getvalue()]
    return [0, out.getvalue()]


@operation
def schema(tables):
    """Tables as Django's introspection sees them: columns with their types, keys, indexes."""
    seen = []
    with connection.cursor() as cursor:
        for table in tables:
            for column in connection.introspection.get_table_description(cursor, table):
                # PostgreSQL uses the sequence in the default, or an identity from Django 4.1 on.
                counted = str(column.default).startswith("nextval(")
                seen.append("%s: %r" % (table, column._replace(default=None) if counted else column))
            for name, each in connection.introspection.get_constraints(cursor, table).items():
                # SQLite's introspection parses the CREATE TABLE statement, where a key is also part of its column.
                if name != "__primary__":
                    each.pop("orders", None)
                    seen.append("%s: %s %r" % (table, name, sorted(each.items())))
    return sorted(seen)


# Sessions


def tight(value):
    return json.dumps(value, separators=(",", ":"))


def is_same(one, other):
    """Whether value, type and order of keys are equal: 1 is neither 1.0 nor True."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)
    return one == other


@operation
def create(strings):
    """Creates sessions with the content of JSON strings; returns their keys, and the content as Python writes it."""
    made = []
    with transaction.atomic():
        for text in strings:
            session = SessionStore()
            session.update(json.loads(text))
            session.save()
            made.append([session.session_key, tight(dict(session.items()))])
    return made


@operation
def differences(sessions):
    """The sessions whose content differs from the given JSON: key, actual content, expected content."""
    different = []
    for key, text in sessions:
        found, expected = SessionStore(key).load(), json.loads(text)
        if not is_same(found, expected):
            different.append([key, tight(found), tight(expected)])
    return different


@operation
def change(keys, name, value):
    """Sets one value in each session; returns their keys, which may have changed."""
    changed = []
    with transaction.atomic():
        for key in keys:
            session = SessionStore(key)
            session[name] = value
            session.save()
            changed.append(session.session_key)
    return changed


@operation
def contents(keys):
    """The content of sessions as JSON strings; null for a missing session."""
    found = []
    for key in keys:
        session = SessionStore(key)
        content = tight(dict(session.items()))
        found.append(None if session.session_key is None else content)
    return found


@operation
def end_dates(keys):
    """The expiry of the rows of sessions, in microseconds since the epoch."""

    def micros(date):
        aware = date if timezone.is_aware(date) else timezone.make_aware(date)
        return (aware - datetime(1970, 1, 1, tzinfo=zones.utc)) // timedelta(microseconds=1)

    return [micros(Session.objects.get(session_key=key).expire_date) for key in keys]


@operation
def delete(keys):
    for key in keys:
        SessionStore(key).delete()


@operation
def decode(strings):
    """Session strings, decoded by Django."""

    def content(text):
        try:
            return SessionStore().decode(text)
        except binascii.Error:
            # 3.2 tries its older format for unreadable strings, and fails; 4.0 has no other format, and returns {}.
            return {}

    return [tight(content(text)) for text in strings]


@operation
def encode(strings):
    return [SessionStore().encode(json.loads(text)) for text in strings]


@operation
def iso_texts(moments):
    """The expiry that `set_expiry(timezone.now() + …)` stores from Django 4.1 on, for microseconds since the epoch."""
    dates = [datetime.fromtimestamp(micros // 10**6, zones.utc).replace(microsecond=micros % 10**6) for micros in moments]
    return [(date if settings.USE_TZ else timezone.make_naive(date)).isoformat() for date in dates]


# Requests


@operation
def request(method, path, data, cookies, headers, secure, csrf):
    client = Client(enforce_csrf_checks=csrf)
    client.cookies = SimpleCookie(cookies)
    named = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
    response = getattr(client, method.lower())(path, data or {}, secure=secure, **named)
    lines = [each.OutputString() for each in response.cookies.values()]
    return {"status": response.status_code, "text": response.content.decode(), "cookies": lines}


# Users and passwords


@operation
def create_user(username, password):
    return get_user_model().objects.create_user(username, username + "@example.com", password).pk


def user_named(username):
    return get_user_model().objects.get(username=username)


@operation
def auth_hash(username):
    return user_named(username).get_session_auth_hash()


@operation
def make_token(username):
    return default_token_generator.make_token(user_named(username))


@operation
def check_tokens(username, tokens):
    user = user_named(username)
    return [default_token_generator.check_token(user, token) for token in tokens]


@operation
def set_last_login(username, micros):
    date = datetime.fromtimestamp(micros // 10**6, zones.utc).replace(microsecond=micros % 10**6)
    user = user_named(username)
    user.last_login = date if settings.USE_TZ else timezone.make_naive(date)
    user.save()


@operation
def hash_passwords(passwords, hasher):
    return [make_password(password, hasher=hasher) for password in passwords]


@operation
def check_passwords(pairs):
    return [verdict(lambda: check_password(*each)) == [True] for each in pairs]


@operation
def scrypt(password, salt, n, r, p):
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=2**27, dklen=64).hex()


# Signing


@operation
def moment(seconds):
    """Signs and verifies at another time; null restores the system's clock."""
    time.time = system_time if seconds is None else lambda: seconds


system_time = time.time


@operation
def sign(values, salt):
    return [signing.TimestampSigner(salt=salt).sign(value) for value in values]


@operation
def unsign(values, salt, max_age):
    return [verdict(lambda: signing.TimestampSigner(salt=salt).unsign(each, max_age=max_age)) for each in values]


@operation
def dumps(strings, salt, compress):
    return [signing.dumps(json.loads(text), salt=salt, compress=compress) for text in strings]


@operation
def loads(values, salt, max_age):
    return [verdict(lambda: tight(signing.loads(each, salt=salt, max_age=max_age))) for each in values]


@operation
def unsign_cookie(value, salt):
    return signing.get_cookie_signer(salt=salt).unsign(value.strip('"'))


# The cache


@operation
def cache_set(entries):
    for key, text in entries:
        cache.set(key, json.loads(text))


@operation
def cache_differences(entries):
    different = []
    for key, text in entries:
        found = cache.get(key)
        if not is_same(found, json.loads(text)):
            different.append([key, repr(found), text])
    return different


for line in sys.stdin:
    call = json.loads(line)
    try:
        reply = {"value": operations[call["operation"]](**call["given"])}
    except Exception:
        reply = {"error": traceback.format_exc()}
    replies.write(json.dumps(reply) + "\n")
    replies.flush()
