"""What never changes once written, refused by the models and, for every other way in, by database triggers."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from orchestration.models.version_status import NEXT


class Frozen(Exception):
    """The row is part of the record and cannot be changed or deleted."""


class FrozenQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise Frozen(f"{self.model._meta.verbose_name} rows never change.")

    def delete(self) -> NoReturn:
        raise Frozen(f"{self.model._meta.verbose_name} rows are never deleted.")


class FrozenModel(models.Model):
    """A row that is written once."""

    objects = FrozenQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Frozen(f"{self._meta.verbose_name} rows never change.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Frozen(f"{self._meta.verbose_name} rows are never deleted.")


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers anew. SQLite drops them silently when a migration rebuilds a table."""
    tables = set(connection.introspection.table_names())
    present = [trigger for trigger in _TRIGGERS if trigger[0] in tables]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for table, action, condition, message in present:
            _drop(cursor, connection.vendor, table, action)
            cursor.execute(_create(connection.vendor, table, action, condition, message))


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    """Remove the triggers, for emptying a test database."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table, action, _, _ in _TRIGGERS:
            if table in tables:
                _drop(cursor, connection.vendor, table, action)


_ERASING = "NEW.erased_at IS NULL"
_ENDED = "OLD.status IN ('succeeded', 'failed')"
_SUBMITTED = "OLD.status <> 'draft'"
_DIFFERS = "OLD.{0} <> NEW.{0}"
_VERSION_CHANGED = " OR ".join(
    _DIFFERS.format(column) for column in ("content", "digest", "number", "workflow_id", "note", "revision")
)
_AUTHOR_CHANGED = "COALESCE(OLD.author_id, 0) <> COALESCE(NEW.author_id, 0)"
_STATUS_LEAPT = " OR ".join(
    f"(OLD.status = '{status}' AND NEW.status NOT IN ({', '.join(repr(str(one)) for one in (status, *following))}))"
    for status, following in NEXT.items()
)
_HISTORY = "is part of the record and never changes"

# table, action, when (None: always), message
_TRIGGERS: Final[tuple[tuple[str, str, str | None, str], ...]] = (
    *(
        (f"orchestration_{table}", action, None, f"{table} {_HISTORY}")
        for table in (
            "caseevent",
            "evaluation",
            "rulehit",
            "decision",
            "feedback",
            "feedbackpost",
            "agentattempt",
            "submission",
            "approval",
            "versionevent",
            "agentevent",
        )
        for action in ("UPDATE", "DELETE")
    ),
    ("orchestration_agentrun", "UPDATE", _ENDED, f"a finished agent run {_HISTORY}"),
    ("orchestration_agentrun", "DELETE", None, f"an agent run {_HISTORY}"),
    (
        "orchestration_workflowversion",
        "UPDATE",
        f"({_SUBMITTED} AND ({_VERSION_CHANGED} OR {_AUTHOR_CHANGED})) OR {_STATUS_LEAPT}",
        "a submitted version never changes, and statuses follow in their order",
    ),
    ("orchestration_workflowversion", "DELETE", _SUBMITTED, "a submitted version is never deleted"),
    *(
        (f"orchestration_{table}content", "UPDATE", _ERASING, f"the content of a {table} can only be erased")
        for table in ("caseevent", "decision", "feedback", "workitem")
    ),
    (
        "orchestration_agentruncontent",
        "UPDATE",
        f"OLD.sealed AND {_ERASING}",
        "the content of a finished agent run can only be erased",
    ),
    (
        "orchestration_casecontent",
        "UPDATE",
        f"({_DIFFERS.format('payload')} OR {_DIFFERS.format('salt')}) AND {_ERASING}",
        "a posted payload can only be erased",
    ),
    (
        "orchestration_case",
        "UPDATE",
        "OLD.status IN ('decided', 'cancelled') AND OLD.status <> NEW.status",
        "a decided or cancelled case stays so",
    ),
)

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION conductor_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def _name(table: str, action: str) -> str:
    return f"{table}_keep_{action.lower()}"


def _drop(cursor: Any, vendor: str, table: str, action: str) -> None:
    on = f" ON {table}" if vendor == "postgresql" else ""
    cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, action)}{on}")


def _create(vendor: str, table: str, action: str, condition: str | None, message: str) -> str:
    when = f" WHEN ({condition})" if condition else ""
    start = f"CREATE TRIGGER {_name(table, action)} BEFORE {action} ON {table} FOR EACH ROW{when}"
    if vendor == "postgresql":
        return f"{start} EXECUTE FUNCTION conductor_refuse('{message}')"
    return f"{start} BEGIN SELECT RAISE(ABORT, '{message}'); END"
