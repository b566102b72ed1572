"""Conductor's settings and the peer's one table and address: either is served by the same processes and middleware."""

from conductor_site.settings import *  # noqa: F403
from conductor_site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.bare.apps.BareConfig"]
ROOT_URLCONF = "benchmarks.bare.urls"
