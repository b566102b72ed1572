"""INSERT and UPDATE for the way of a posted case, where two dozen rows are written within a request.

Django makes the text of a statement anew each time, which costs more than running it. These write exactly what
`bulk_create` and `save` would; triggers, constraints and defaults see no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model in one statement and set their keys."""
    if not rows:
        return
    start, end = _insert_text(connection.vendor, type(rows[0]))
    fields = _fields(type(rows[0]))
    parameters: list[Any] = []
    for row in rows:
        row._prepare_related_fields_for_save(operation_name="insert")
    texts = [f"({', '.join([_part(field, row, parameters) for field in fields])})" for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(f"{start} {', '.join(texts)} {end}", parameters)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, connection.alias
        for field in fields:
            if hasattr(getattr(row, field.attname), "resolve_expression"):
                del row.__dict__[field.attname]  # what the database made of it is read when somebody asks


def update(row: models.Model, *names: str) -> None:
    """Write these fields of the row, which is found by its key."""
    meta, quote = row._meta, connection.ops.quote_name
    parameters: list[Any] = []
    fields = [meta.get_field(name) for name in names]
    changes = ", ".join([f"{quote(field.column)} = {_part(field, row, parameters)}" for field in fields])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {quote(meta.pk.column)} = %s",  # noqa: S608
            [*parameters, row.pk],
        )


def lock(row: models.Model, **values: Any) -> bool:
    """Hold the row until the transaction ends, if these fields still have these values in the database."""
    meta, quote = row._meta, connection.ops.quote_name
    fields = [meta.get_field(name) for name in values]
    where = " AND ".join(f"{quote(field.column)} = %s" for field in (meta.pk, *fields))
    hold = " FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    parameters = [
        field.get_db_prep_save(value, connection) for field, value in zip(fields, values.values(), strict=True)
    ]
    with connection.cursor() as cursor:
        text = f"SELECT 1 FROM {quote(meta.db_table)} WHERE {where}{hold}"  # noqa: S608 - names of our own columns
        cursor.execute(text, [row.pk, *parameters])
        return cursor.fetchone() is not None


def _part(field: Any, row: models.Model, parameters: list[Any]) -> str:
    """The value's place in the statement: a parameter, or the SQL of an expression such as Now()."""
    value = getattr(row, field.attname)
    if isinstance(value, DatabaseDefault):
        return _default_text(connection.vendor, field)
    if hasattr(value, "resolve_expression"):
        query = row.__class__._base_manager.all().query
        text, more = query.get_compiler(connection=connection).compile(value.resolve_expression(query))
        parameters.extend(more)
        return str(text)
    parameters.append(field.get_db_prep_save(value, connection))
    return "%s"


@lru_cache(maxsize=64)
def _fields(model: type[models.Model]) -> tuple[Any, ...]:
    """All columns but a key that the database gives."""
    return tuple(field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))


@lru_cache(maxsize=64)
def _insert_text(vendor: str, model: type[models.Model]) -> tuple[str, str]:
    quote, meta = connection.ops.quote_name, model._meta
    columns = ", ".join(quote(field.column) for field in _fields(model))
    start = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES"
    return start, f"RETURNING {quote(meta.pk.column)}"


@lru_cache(maxsize=64)
def _default_text(vendor: str, field: Any) -> str:
    """The default's own SQL, since SQLite knows no DEFAULT here. Ours are without parameters."""
    query = field.model._base_manager.all().query
    text, parameters = query.get_compiler(connection=connection).compile(field._db_default_expression)
    if parameters:
        raise ValueError(f"The database default of {field} has parameters; statements cannot write it.")
    return str(text)
