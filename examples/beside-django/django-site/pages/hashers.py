"""The hasher of passwords: the same as that of nuages-site, whatever the Django release."""
from django.contrib.auth.hashers import PBKDF2PasswordHasher


class SharedPasswordHasher(PBKDF2PasswordHasher):
    iterations = 600_000
