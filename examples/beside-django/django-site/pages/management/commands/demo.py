"""Makes the user that one can log in as, unless the user is there."""
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = 'Makes the user of the example.'

    def add_arguments(self, parser):
        parser.add_argument('username')
        parser.add_argument('password')

    def handle(self, *args, username, password, **options):
        users = get_user_model().objects
        if not users.filter(username=username).exists():
            users.create_user(username, password=password)
