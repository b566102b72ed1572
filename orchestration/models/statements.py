"""One INSERT for the rows of a model and one UPDATE: how a writing goes out where it must be several statements.

Django makes the text of a statement anew each time, which costs more than running it. These write exactly what
`bulk_create` and `save` would; triggers, constraints and defaults see no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState
from django.db.models.expressions import DatabaseDefault

from orchestration.models.document import DocumentField

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Change:
    """Fields of one row to write, and the values that others must still have for it."""

    row: models.Model
    names: tuple[str, ...]
    seen: dict[str, Any]


def write(database: Any, rows: Iterable[models.Model], change: Change | None) -> bool:
    """The change, then the rows, model by model in the order given. False when the row was not as it was seen."""
    if change is not None:
        text, parameters = update_text(database, change)
        with database.cursor() as cursor:
            cursor.execute(text, parameters)
            if cursor.rowcount != 1:
                return False
    for together in _in_order(rows):
        insert(together)
    return True


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, in as few statements as take their values, and set their keys."""
    if not rows:
        return
    database = connections[DEFAULT_DB_ALIAS]
    meta, quote = rows[0]._meta, database.ops.quote_name
    columns = columns_of(type(rows[0]))
    at_once = max(1, (database.features.max_query_params or 30_000) // len(columns))
    if len(rows) > at_once:
        insert(rows[:at_once])
        insert(rows[at_once:])
        return
    parameters: list[Any] = []
    texts = []
    for row in rows:
        for column in columns:
            take_key(row, column)
        texts.append("(" + ", ".join([_part(database, column, row, parameters) for column in columns]) + ")")
    names = ", ".join([quote(column.field.column) for column in columns])
    text = f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES {', '.join(texts)} RETURNING {quote(meta.pk.column)}"
    with database.cursor() as cursor:
        cursor.execute(text, parameters)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        stored(row)


def update_text(database: Any, change: Change) -> tuple[str, list[Any]]:
    """The UPDATE and its parameters; the row is found by its key and the fields that must be as they were seen."""
    meta, quote = change.row._meta, database.ops.quote_name
    parameters: list[Any] = []
    columns = [_column(meta.get_field(name)) for name in change.names]
    changes = [f"{quote(one.field.column)} = {_part(database, one, change.row, parameters)}" for one in columns]
    where = [f"{quote(meta.pk.column)} = %s"]
    parameters.append(change.row.pk)
    for name, value in change.seen.items():
        field: Any = meta.get_field(name)
        where.append(f"{quote(field.column)} = %s")
        parameters.append(field.get_db_prep_save(value, database))
    table = quote(meta.db_table)
    return f"UPDATE {table} SET {', '.join(changes)} WHERE {' AND '.join(where)}", parameters


def new_row(model: type[Row], **values: Any) -> Row:
    """What `model(**values)` makes, at a fifth of its cost: for models without signals, of which many are written."""
    constants, calls, owners = _blank(model)
    row = model.__new__(model)
    state = ModelState()
    fields = row.__dict__
    fields["_state"] = state
    fields.update(constants)
    for name, value in values.items():
        if name in owners:
            state.fields_cache[name] = value
            fields[owners[name]] = value.pk
        elif name in fields:
            fields[name] = value
        else:
            raise TypeError(f"{model.__name__} has no field {name}.")
    for name, default in calls:
        if fields[name] is None:
            fields[name] = default()
    return row


def _in_order(rows: Iterable[models.Model]) -> list[list[models.Model]]:
    """Rows of one model together, and all rows after those that they belong to."""
    steps: dict[int, int] = {}  # id of a row -> how many rows must be written before it, one after the other
    together: dict[tuple[int, type[models.Model]], list[models.Model]] = {}
    for row in rows:
        owners = [owner_of(row, column) for column in columns_of(type(row)) if column.key]
        step = steps[id(row)] = max([steps[id(owner)] + 1 for owner in owners if owner is not None], default=0)
        together.setdefault((step, type(row)), []).append(row)
    return [together[place] for place in sorted(together, key=lambda place: place[0])]


# --- Rows, columns, values --------------------------------------------------------------------------

_AS_THEY_ARE: Final = frozenset({int, str, bool, float, type(None)})
"""Types that a driver takes as every field but a document's would give them to it."""


@dataclass(frozen=True, slots=True)
class Column:
    """`plain`: no document, so that values of the types above go as they are; `text`: a document kept as text;
    `key`: a foreign key."""

    field: Any
    name: str
    plain: bool
    text: bool
    key: bool


@lru_cache(maxsize=64)
def columns_of(model: type[models.Model]) -> tuple[Column, ...]:
    """What an INSERT gives values for: everything but a key that the database counts."""
    return tuple(_column(field) for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))


def owner_of(row: models.Model, column: Column) -> models.Model | None:
    """The row that this one belongs to, if it was given before it had a key."""
    if row.__dict__.get(column.name) is None:
        owner: models.Model | None = row._state.fields_cache.get(column.field.cache_name)
        return owner
    return None


def take_key(row: models.Model, column: Column) -> None:
    """A row that was made before the row it belongs to had a key takes that key now."""
    if column.key and (owner := owner_of(row, column)) is not None:
        row.__dict__[column.name] = owner.pk


def stored(row: models.Model) -> None:
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def expression_text(database: Any, column: Column, row: models.Model, parameters: list[Any]) -> str:
    """The SQL of an expression such as Now(); what the database makes of it is read when somebody asks."""
    value = row.__dict__.pop(column.name)
    if isinstance(value, DatabaseDefault):
        return _default_text(database.vendor, column.field)
    query = row.__class__._base_manager.all().query
    text, more = query.get_compiler(connection=database).compile(value.resolve_expression(query))
    parameters.extend(more)
    return str(text)


def _part(database: Any, column: Column, row: models.Model, parameters: list[Any]) -> str:
    """The value's place in the statement: a parameter, or the SQL of an expression."""
    value = row.__dict__[column.name]
    if hasattr(value, "resolve_expression"):
        return expression_text(database, column, row, parameters)
    if not (column.plain and type(value) in _AS_THEY_ARE):
        value = column.field.get_db_prep_save(value, database)
    parameters.append(value)
    return "%s"


@lru_cache(maxsize=64)
def _blank(model: type[models.Model]) -> tuple[dict[str, Any], tuple[tuple[str, Any], ...], dict[str, str]]:
    """A new row's values; those that are made anew for each row; the columns of its foreign keys by field name."""
    fields = model._meta.concrete_fields
    calls = tuple((one.attname, one.default) for one in fields if one.has_default() and callable(one.default))
    constants = {field.attname: field.get_default() for field in fields} | {name: None for name, _ in calls}
    return constants, calls, {field.name: field.attname for field in fields if isinstance(field, models.ForeignKey)}


@lru_cache(maxsize=256)
def _column(field: Any) -> Column:
    text, key = isinstance(field, DocumentField), isinstance(field, models.ForeignKey)
    return Column(field, field.attname, plain=not (text or isinstance(field, models.JSONField)), text=text, key=key)


@lru_cache(maxsize=64)
def _default_text(vendor: str, field: Any) -> str:
    """The default's own SQL, since SQLite knows no DEFAULT here. Ours are without parameters."""
    database = connections[DEFAULT_DB_ALIAS]
    query = field.model._base_manager.all().query
    text, parameters = query.get_compiler(connection=database).compile(field._db_default_expression)
    if parameters:
        raise ValueError(f"The database default of {field} has parameters; statements cannot write it.")
    return str(text)
