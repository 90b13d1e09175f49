"""The app of the Django side."""
