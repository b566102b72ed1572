"""SELECTs for the way of a posted case, whose text Django builds once a connection instead of each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import RawSQL

Row = TypeVar("Row", bound=models.Model)


class Select(Generic[Row]):
    """A queryset with parameters: `Select(lambda slug: Workflow.objects.filter(slug=slug))(slug="loans")`.

    `build` is called with a stand-in for each parameter. Values are numbers and strings, as the driver takes them.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Row]]) -> None:
        self._build = build
        names = build.__code__.co_varnames[: build.__code__.co_argcount]
        self._stand_ins: dict[str, Any] = {name: RawSQL("%s", (_Parameter(name),)) for name in names}
        self._built: WeakKeyDictionary[Any, _Built] = WeakKeyDictionary()

    def __call__(self, **values: int | str) -> list[Row]:
        wrapper = connections[DEFAULT_DB_ALIAS]
        built = self._built.get(wrapper)
        if built is None:
            built = self._built[wrapper] = _Built(self._build(**self._stand_ins), wrapper)
        rows: list[Row] = built.rows(values)
        return rows

    def first(self, **values: int | str) -> Row | None:
        return next(iter(self(**values)), None)


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str


class _Built:
    """Stands in for the queryset's query and compiler: what they found out is kept, the statement is run again."""

    def __init__(self, queryset: Any, wrapper: Any) -> None:
        self._compiler = queryset.query.get_compiler(connection=wrapper)
        self._text, self._parameters = self._compiler.as_sql()
        self._queryset = queryset
        queryset._query = self
        self._values: dict[str, Any] = {}

    def rows(self, values: dict[str, Any]) -> list[Any]:
        self._values = values
        return list(self._queryset._iterable_class(self._queryset))

    def get_compiler(self, *args: Any, **more: Any) -> _Built:
        return self

    def execute_sql(self, *args: Any, **more: Any) -> list[Any]:
        parameters = [self._values[one.name] if isinstance(one, _Parameter) else one for one in self._parameters]
        with self._compiler.connection.cursor() as cursor:
            cursor.execute(self._text, parameters)
            return [cursor.fetchall()]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiler, name)
