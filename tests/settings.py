"""Settings of the test run: the site's own, as a demo, with a secret of its own and quick passwords."""

import os

os.environ.setdefault("DEMO", "1")
os.environ.setdefault("SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests-only-for-tests")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from conductor_site.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
