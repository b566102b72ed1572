"""A whole writing as one PostgreSQL statement: each model's rows go in as one JSON document.

    WITH changed AS (UPDATE … RETURNING 1),
         new0 AS (SELECT nextval(…) AS id, g.* FROM changed, json_to_recordset(%s) AS g (n int, c0 bigint, …)),
         put0 AS (INSERT INTO evaluation … SELECT … FROM new0),
         put1 AS (INSERT INTO rulehit … SELECT …, new0.id FROM changed, json_to_recordset(%s) AS g (…) JOIN new0 …)
    SELECT (SELECT count(*) FROM changed), (SELECT array_agg(id ORDER BY n) FROM new0)

Its text is the same whatever the number of rows, so that the server prepares it once. Rows join those they belong to
by their number in the document; a column named `c3` is the model's fourth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

import orjson
from django.db import DEFAULT_DB_ALIAS, connections, models

from orchestration.models.statements import (
    Change,
    Column,
    columns_of,
    expression_text,
    owner_of,
    stored,
    take_key,
    update_text,
)


def write(database: Any, rows: Iterable[models.Model], change: Change | None, *, keyed: Collection[int] = ()) -> bool:
    """As `statements.write`, but all of it at once. `keyed`: ids of the rows that are to know their keys."""
    batches = _batches(database, rows, keyed)
    if not batches and change is None:
        return True
    text, parameters = update_text(database, change) if change else ("", [])
    for batch in batches:
        document = orjson.dumps(batch.documents).decode()
        parameters += [document, *batch.parameters] if batch.keyed else [*batch.parameters, document]
    with database.cursor() as cursor:
        cursor.execute(_text(text, tuple([batch.shape for batch in batches])), parameters)
        changed, *keys = cursor.fetchone()
    if change and not changed:
        return False
    for batch, found in zip([batch for batch in batches if batch.told], keys, strict=True):
        for row, key in zip(batch.rows, found, strict=True):
            row.pk = key
    for batch in batches:
        owned = [_plan(batch.model).columns[place][2] for place, _ in batch.owners]
        for row in [row for row in batch.rows if id(row) in keyed]:
            stored(row)
            for column in owned:
                take_key(row, column)
    return True


# --- Rows of one model in one document --------------------------------------------------------------


class _Shape(NamedTuple):
    """What the text of a batch depends on. `owners`: place of the column and number of the owners' batch."""

    model: type[models.Model]
    owners: tuple[tuple[int, int], ...]
    expressions: tuple[tuple[int, str], ...]
    keyed: bool
    told: bool


@dataclass(slots=True, eq=False)
class _Batch:
    number: int
    model: type[models.Model]
    owners: tuple[tuple[int, int], ...]
    expressions: tuple[tuple[int, str], ...]
    parameters: list[Any]
    rows: list[models.Model] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    keyed: bool = False  # its rows get their keys first: they are to know them, or others belong to them
    told: bool = False  # its rows are to know their keys

    @property
    def shape(self) -> _Shape:
        return _Shape(self.model, self.owners, self.expressions, self.keyed, self.told)


def _batches(database: Any, rows: Iterable[models.Model], keyed: Collection[int]) -> list[_Batch]:
    """Rows of one model together, unless they differ in which columns an owner or an expression fills."""
    batches: dict[Any, _Batch] = {}
    order: list[_Batch] = []
    places: dict[int, tuple[_Batch, int]] = {}  # id of a row -> its batch, its number within it
    for row in rows:
        model, values = type(row), row.__dict__
        plan = _plan(model)
        document = dict(zip(plan.shorts, plan.values_of(values), strict=True))
        for short, written in plan.documents:
            document[short] = written(document[short])
        owners: tuple[tuple[int, int], ...] = ()
        for place, short, column in plan.keys:
            if document[short] is None and (owner := owner_of(row, column)) is not None:
                batch, document[short] = places[id(owner)]
                owners += ((place, batch.number),)
                batch.keyed = True
        expressions: tuple[tuple[int, str], ...] = ()
        parameters: list[Any] = []
        for place, short, column in plan.moments:
            if type(document[short]) not in _MOMENTS:
                del document[short]
                expressions += ((place, expression_text(database, column, row, parameters)),)
        kind = (model, owners, expressions)
        together = batches.get(kind)
        if together is None:
            together = batches[kind] = _Batch(len(order), *kind, parameters)
            order.append(together)
        elif parameters:
            raise ValueError(f"Rows of {model.__name__} whose values the database works out are written one at a time.")
        if plan.counted and id(row) in keyed:
            together.keyed = together.told = True
        document["n"] = number = len(together.rows)
        places[id(row)] = together, number
        together.rows.append(row)
        together.documents.append(document)
    return order


_MOMENTS: Final = frozenset({datetime, type(None)})
"""Values of a column with a moment that are none of the database's expressions."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A model's columns as a batch needs them; `shorts` name the columns in the document."""

    columns: tuple[tuple[int, str, Column], ...]
    shorts: tuple[str, ...]
    values_of: Callable[[dict[str, Any]], Iterable[Any]]  # of a row's own values, in the order of the columns
    documents: tuple[tuple[str, Callable[[Any], Any]], ...]  # and how each is written
    keys: tuple[tuple[int, str, Column], ...]
    counted: bool  # whether the database counts its keys
    moments: tuple[tuple[int, str, Column], ...]  # where the database's clock may have to give the value


@lru_cache(maxsize=64)
def _plan(model: type[models.Model]) -> _Plan:
    columns = tuple((place, f"c{place}", column) for place, column in enumerate(columns_of(model)))
    return _Plan(
        columns,
        shorts=tuple(short for _, short, _ in columns),
        values_of=itemgetter(*(column.name for _, _, column in columns)),
        documents=tuple((short, column.field.get_prep_value) for _, short, column in columns if column.text),
        keys=tuple(one for one in columns if one[2].key),
        counted=isinstance(model._meta.pk, models.AutoField),
        moments=tuple(one for one in columns if isinstance(one[2].field, models.DateTimeField)),
    )


# --- The text ---------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _text(update: str, shapes: tuple[_Shape, ...]) -> str:
    parts = [f"changed AS ({update} RETURNING 1)"] if update else []
    for number, shape in enumerate(shapes):
        parts += _batch_texts(number, shape, after="changed, " if update else "")
    answers = ["(SELECT count(*) FROM changed)" if update else "1"]
    answers += [f"(SELECT array_agg(id ORDER BY n) FROM new{n})" for n, shape in enumerate(shapes) if shape.told]
    return f"WITH {', '.join(parts)} SELECT {', '.join(answers)}"


def _batch_texts(number: int, shape: _Shape, *, after: str) -> list[str]:
    quote, meta = connections[DEFAULT_DB_ALIAS].ops.quote_name, shape.model._meta
    owners, expressions = dict(shape.owners), dict(shape.expressions)
    names, values, types, joins = [], [], ["n integer"], []
    for place, short, column in _plan(shape.model).columns:
        names.append(quote(column.field.column))
        if place in expressions:
            values.append(expressions[place])
            continue
        types.append(f"{short} {'integer' if place in owners else _type(column.field)}")
        if place in owners:
            joins.append(f" JOIN new{owners[place]} o{place} ON o{place}.n = g.{short}")
        values.append(f"o{place}.id" if place in owners else f"g.{short}")
    source = f"{after}json_to_recordset(%s::json) AS g ({', '.join(types)})"
    table, join = quote(meta.db_table), "".join(joins)
    if not shape.keyed:
        return [
            f"put{number} AS (INSERT INTO {table} ({', '.join(names)}) "
            f"SELECT {', '.join(values)} FROM {source}{join} ORDER BY g.n)"
        ]
    key = meta.pk.column
    sequence = _sequence(meta.db_table, key)
    return [
        f"new{number} AS MATERIALIZED (SELECT nextval('{sequence}'::regclass) AS id, g.* FROM {source})",
        f"put{number} AS (INSERT INTO {table} ({quote(key)}, {', '.join(names)}) "
        f"SELECT g.id, {', '.join(values)} FROM new{number} g{join})",
    ]


@lru_cache(maxsize=64)
def _sequence(table: str, key: str) -> str:
    """Name of what counts the table's keys; asked once, since looking it up costs as much as an insert."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key])
        return str(cursor.fetchone()[0])


def _type(field_: Any) -> str:
    """The column's type without its length, which the column itself looks after."""
    found: str = field_.db_type(connections[DEFAULT_DB_ALIAS])
    return "text" if found.startswith("varchar") else found
