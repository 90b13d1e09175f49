"""The settings of the Django site, passed by the test with Django's names."""
import json
import os

globals().update(json.loads(os.environ["SITE_SETTINGS"]))
