"""A connection to PostgreSQL is asked whether it lives only where there is doubt, and a lost one is never used."""

from collections.abc import Iterator

import pytest
from django.db import connection

from conductor_site.postgresql import base
from tests.own_database import end_session

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="elsewhere there is no server to lose"),
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """What came of each question whether the connection lives."""
    answers: list[bool] = []
    is_usable = base.DatabaseWrapper.is_usable

    def noting(self: base.DatabaseWrapper) -> bool:
        answers.append(is_usable(self))
        return answers[-1]

    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", noting)
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    monkeypatch.setattr(connection, "health_check_enabled", True)
    yield answers
    connection.close()


def request() -> int:
    """As Django does before and after one; the process that serves the connection."""
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (process,) = cursor.fetchone()
    connection.close_if_unusable_or_obsolete()
    return int(process)


def test_one_used_a_moment_ago_is_not_asked(asked: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "TRUSTED_FOR", 3_600.0)
    assert len({request() for _ in range(4)}) == 1
    assert asked == []


def test_one_unused_for_a_while_is_asked(asked: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    first = request()
    monkeypatch.setattr(base, "TRUSTED_FOR", 0.0)
    assert request() == first
    assert asked == [True]


@pytest.mark.parametrize("trusted_for", [0.0, 3_600.0])
def test_one_that_the_server_ended_is_replaced_before_it_is_used(
    asked: list[bool], monkeypatch: pytest.MonkeyPatch, trusted_for: float
) -> None:
    monkeypatch.setattr(base, "TRUSTED_FOR", trusted_for)
    first = request()
    del asked[:]
    end_session(first)
    assert request() != first
    assert asked == [False]
