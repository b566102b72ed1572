"""WSGI entry: `gunicorn conductor_site.wsgi`."""

import logging
import os

from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conductor_site.settings")
application = get_wsgi_application()


def _warm() -> None:
    """A process compiles the published versions before it takes its first request."""
    from orchestration.services.rule_set import warm

    try:
        warm()
    except DatabaseError:
        logging.getLogger(__name__).warning("The database does not answer yet; versions are compiled when needed")
    finally:
        connection.close()


_warm()
