"""Settings of the test run: the site's own, as a demo, with a secret of its own and quick passwords."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("DEMO", "1")
os.environ.setdefault("SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests-only-for-tests")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("CONDUCTOR_CHECK_EVERY", "0")  # no doorbell rings that a test has not asked for

from conductor_site.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Each process of a test run has its own files, so that two runs in one folder, or one that was killed, disturb nobody.
VAR_DIR = Path(tempfile.mkdtemp(prefix="tests-", dir=VAR_DIR))  # noqa: F405


def _forget(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not a fork of it
        shutil.rmtree(folder, ignore_errors=True)


atexit.register(_forget, VAR_DIR, os.getpid())

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, as in production: threads and processes of a test then meet as they would there.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"  # noqa: F405
