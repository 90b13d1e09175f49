"""Values in Redis as stored by Django's RedisCache from 4.0 on; older releases use a replacement."""
import pickle

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

try:
    from django.core.cache.backends.redis import RedisCache
except ImportError:

    class RedisCache(BaseCache):
        def __init__(self, server, params):
            super().__init__(params)
            self._client = redis.Redis.from_url(server)

        def _put(self, key, value, timeout, version, **conditions):
            whole = isinstance(value, int) and not isinstance(value, bool)
            stored = value if whole else pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
            if seconds is not None and seconds <= 0:
                return self.delete(key, version)
            return bool(self._client.set(self.make_key(key, version), stored, ex=seconds, **conditions))

        def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
            return self._put(key, value, timeout, version, nx=True)

        def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
            self._put(key, value, timeout, version)

        def get(self, key, default=None, version=None):
            stored = self._client.get(self.make_key(key, version))
            if stored is None:
                return default
            try:
                return int(stored)
            except ValueError:
                return pickle.loads(stored)

        def delete(self, key, version=None):
            return bool(self._client.delete(self.make_key(key, version)))
