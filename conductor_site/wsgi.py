"""WSGI entry: `gunicorn conductor_site.wsgi`."""

import logging
import os

from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conductor_site.settings")
application = get_wsgi_application()


def _warm() -> None:
    """A process imports its pages and compiles the published versions before it takes its first request."""
    from orchestration.services.rule_set import warm

    get_resolver().url_patterns  # noqa: B018
    try:
        warm()
    except DatabaseError:
        logging.getLogger(__name__).warning("The database does not answer yet; versions are compiled when needed")
    finally:
        connection.close()


_warm()
