"""SELECTs for the way of a posted case, whose text Django builds once a connection instead of each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import RawSQL

Row = TypeVar("Row", bound=models.Model)
Other = TypeVar("Other", bound=models.Model)


class Select(Generic[Row]):
    """A queryset with parameters: `Select(lambda slug: Workflow.objects.filter(slug=slug))(slug="loans")`.

    `build` is called with a stand-in for each parameter. Values are numbers and strings, as the driver takes them.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Row]]) -> None:
        self._build = build
        names = build.__code__.co_varnames[: build.__code__.co_argcount]
        self._stand_ins: dict[str, Any] = {name: RawSQL("%s", (_Parameter(name),)) for name in names}

    def __call__(self, **values: int | str) -> list[Row]:
        built = self.built(connections[DEFAULT_DB_ALIAS])
        rows: list[Row] = built.made(_fetched(built.text, built.values(values)))
        return rows

    def first(self, **values: int | str) -> Row | None:
        return next(iter(self(**values)), None)

    def built(self, wrapper: Any) -> _Built:
        """Kept on the connection, so that it goes with it."""
        kept: dict[Any, _Built] = wrapper.__dict__.setdefault("_conductor_selects", {})
        if self not in kept:
            kept[self] = _Built(self._build(**self._stand_ins), wrapper)
        return kept[self]


class Pair(Generic[Row, Other]):
    """Two selects of at most one row each, asked in one statement: the second only where the first finds its row."""

    def __init__(self, first: Select[Row], second: Select[Other]) -> None:
        self._selects = first, second

    def __call__(self, **values: int | str) -> tuple[Row | None, Other | None]:
        first, second = (select.built(connections[DEFAULT_DB_ALIAS]) for select in self._selects)
        text = f"SELECT * FROM ({first.text}) one LEFT JOIN ({second.text}) other ON TRUE"  # noqa: S608 - Django's own
        rows = _fetched(text, first.values(values) + second.values(values))
        found = first.made([row[: first.width] for row in rows])
        others = second.made([row[first.width :] for row in rows if row[first.width] is not None])
        return next(iter(found), None), next(iter(others), None)


def _fetched(text: str, parameters: list[Any]) -> list[Any]:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(text, parameters)
        rows: list[Any] = cursor.fetchall()
        return rows


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str


class _Built:
    """Stands in for the queryset's query and compiler: what they found out is kept, the statement is run again."""

    def __init__(self, queryset: Any, wrapper: Any) -> None:
        self._compiler = queryset.query.get_compiler(connection=wrapper)
        self.text, self._parameters = self._compiler.as_sql()
        self.width = len(self._compiler.select)
        converters = self._compiler.get_converters([column for column, *_ in self._compiler.select])
        self._compiler.get_converters = lambda _: converters
        self._queryset = queryset
        queryset._query = self
        self._rows: list[Any] = []

    def values(self, given: dict[str, Any]) -> list[Any]:
        return [given[one.name] if isinstance(one, _Parameter) else one for one in self._parameters]

    def made(self, rows: list[Any]) -> list[Any]:
        """Model instances of these rows of the database."""
        self._rows = rows
        return list(self._queryset._iterable_class(self._queryset))

    def get_compiler(self, *args: Any, **more: Any) -> _Built:
        return self

    def execute_sql(self, *args: Any, **more: Any) -> list[Any]:
        return [self._rows]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiler, name)
