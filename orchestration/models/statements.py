"""INSERT and UPDATE for the way of a posted case, where two dozen rows are written within a request.

Django makes the text of a statement anew each time, which costs more than running it. These write exactly what
`bulk_create` and `save` would; triggers, constraints and defaults see no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import DatabaseDefault

from orchestration.models.document import DocumentField


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model in one statement and set their keys."""
    if not rows:
        return
    database = connections[DEFAULT_DB_ALIAS]
    shape = _shape(database.vendor, type(rows[0]))
    parameters: list[Any] = []
    texts = []
    for row in rows:
        _take_keys(shape, row)
        texts.append("(" + ", ".join([_part(database, column, row, parameters) for column in shape.columns]) + ")")
    with database.cursor() as cursor:
        cursor.execute(f"{shape.start} {', '.join(texts)} {shape.end}", parameters)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def update(row: models.Model, *names: str) -> None:
    """Write these fields of the row, which is found by its key."""
    database = connections[DEFAULT_DB_ALIAS]
    meta, quote = row._meta, database.ops.quote_name
    parameters: list[Any] = []
    columns = [_column(meta.get_field(name)) for name in names]
    changes = ", ".join([f"{quote(one.field.column)} = {_part(database, one, row, parameters)}" for one in columns])
    with database.cursor() as cursor:
        text = f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {quote(meta.pk.column)} = %s"  # noqa: S608
        cursor.execute(text, [*parameters, row.pk])


def lock(row: models.Model, **values: Any) -> bool:
    """Hold the row until the transaction ends, if these fields still have these values in the database."""
    database = connections[DEFAULT_DB_ALIAS]
    meta, quote = row._meta, database.ops.quote_name
    fields = [meta.get_field(name) for name in values]
    where = " AND ".join(f"{quote(field.column)} = %s" for field in (meta.pk, *fields))
    hold = " FOR NO KEY UPDATE" if database.features.has_select_for_no_key_update else ""
    parameters = [field.get_db_prep_save(value, database) for field, value in zip(fields, values.values(), strict=True)]
    with database.cursor() as cursor:
        text = f"SELECT 1 FROM {quote(meta.db_table)} WHERE {where}{hold}"  # noqa: S608 - names of our own columns
        cursor.execute(text, [row.pk, *parameters])
        return cursor.fetchone() is not None


# --- Parts ------------------------------------------------------------------------------------------

_AS_THEY_ARE: Final = frozenset({int, str, bool, float, type(None)})
"""Types that a driver takes as every field but a document's would give them to it."""


@dataclass(frozen=True, slots=True)
class _Column:
    field: Any
    name: str
    plain: bool  # values of the types above go as they are


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is the same for every INSERT of a model: `keys` are the foreign keys."""

    columns: tuple[_Column, ...]
    keys: tuple[Any, ...]
    start: str
    end: str


def _part(database: Any, column: _Column, row: models.Model, parameters: list[Any]) -> str:
    """The value's place in the statement: a parameter, or the SQL of an expression such as Now()."""
    value = getattr(row, column.name)
    if column.plain and type(value) in _AS_THEY_ARE:
        parameters.append(value)
        return "%s"
    if not hasattr(value, "resolve_expression"):
        parameters.append(column.field.get_db_prep_save(value, database))
        return "%s"
    del row.__dict__[column.name]  # what the database makes of it is read when somebody asks
    if isinstance(value, DatabaseDefault):
        return _default_text(database.vendor, column.field)
    query = row.__class__._base_manager.all().query
    text, more = query.get_compiler(connection=database).compile(value.resolve_expression(query))
    parameters.extend(more)
    return str(text)


def _take_keys(shape: _Shape, row: models.Model) -> None:
    """A row that was made before the row it belongs to had a key takes that key now."""
    for field in shape.keys:
        if getattr(row, field.attname) is None and field.is_cached(row):
            owner = getattr(row, field.name)
            if owner is not None:
                setattr(row, field.name, owner)


@lru_cache(maxsize=64)
def _shape(vendor: str, model: type[models.Model]) -> _Shape:
    quote, meta = connections[DEFAULT_DB_ALIAS].ops.quote_name, model._meta
    fields = [field for field in meta.concrete_fields if not isinstance(field, models.AutoField)]
    return _Shape(
        columns=tuple(map(_column, fields)),
        keys=tuple(field for field in fields if isinstance(field, models.ForeignKey)),
        start=f"INSERT INTO {quote(meta.db_table)} ({', '.join(quote(field.column) for field in fields)}) VALUES",
        end=f"RETURNING {quote(meta.pk.column)}",
    )


@lru_cache(maxsize=256)
def _column(field: Any) -> _Column:
    document = isinstance(field, DocumentField | models.JSONField)
    return _Column(field, field.attname, plain=not document)


@lru_cache(maxsize=64)
def _default_text(vendor: str, field: Any) -> str:
    """The default's own SQL, since SQLite knows no DEFAULT here. Ours are without parameters."""
    database = connections[DEFAULT_DB_ALIAS]
    query = field.model._base_manager.all().query
    text, parameters = query.get_compiler(connection=database).compile(field._db_default_expression)
    if parameters:
        raise ValueError(f"The database default of {field} has parameters; statements cannot write it.")
    return str(text)
