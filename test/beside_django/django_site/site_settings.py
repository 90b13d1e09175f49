"""The settings of the Django site: what the test hands over, in Django's own names."""
import json
import os

globals().update(json.loads(os.environ["SITE_SETTINGS"]))
