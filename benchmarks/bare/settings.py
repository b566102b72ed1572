"""Conductor's settings, with the peer's one table and address, on Django's own database engine."""

from conductor_site.settings import *  # noqa: F403
from conductor_site.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.bare.apps.BareConfig"]
ROOT_URLCONF = "benchmarks.bare.urls"
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
