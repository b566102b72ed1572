"""Django's PostgreSQL engine, asking a connection whether it still lives only where there is doubt."""

from __future__ import annotations

import select
from time import monotonic
from typing import Any, Final

from django.db.backends.postgresql import base

TRUSTED_FOR: Final = 1.0
"""Seconds since its last use for which a connection counts as alive, unless the server has hung up."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's health check costs each request a round trip.

    A server that ends a session, be it that it stops, says so and hangs up: the socket then has something to read,
    which a look at it tells without any round trip. What a look cannot tell, a way that was cut without a word, is
    left to Django's check once a connection has not been used for a while.
    """

    _used_at = float("-inf")

    def _cursor(self, name: str | None = None) -> Any:
        cursor = super()._cursor(name)
        self._used_at = monotonic()
        return cursor

    def close_if_health_check_failed(self) -> None:
        if self.connection is not None and not self.health_check_done:
            recent = monotonic() - self._used_at < TRUSTED_FOR
            self.health_check_done = recent and not _has_something_to_read(self.connection)
        super().close_if_health_check_failed()


def _has_something_to_read(connection: Any) -> bool:
    """Between statements nothing is to be read but that the session ends. True also where it is closed already."""
    if connection.closed:
        return True
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return bool(look.poll(0))
