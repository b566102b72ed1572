"""Writing: rows that belong together, written all or none, in one statement where the database can do that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from orchestration.models import one_statement, statements
from orchestration.models.statements import Change, Row, new_row


class Writing:
    """Collects first and writes then, so that no transaction is open while the rows are still being worked out.

    A row may belong to one that is written with it: `RuleHit(evaluation=evaluation)` takes the key that the
    evaluation gets. PostgreSQL takes everything in one statement, which spares two dozen round trips; elsewhere each
    model is one INSERT. Values, defaults, constraints and triggers are the same as with `save`.
    """

    def __init__(self) -> None:
        self.rows: list[models.Model] = []
        self.keyed: set[int] = set()
        self.change: Change | None = None
        self._then: list[Callable[[], None]] = []

    def add(self, model: type[Row], **values: Any) -> Row:
        """A new row, to be written; its key is told only to the rows that belong to it."""
        return self.insert(new_row(model, **values), key=False)

    def insert(self, row: Row, *, key: bool = True) -> Row:
        """Have the row written. `key`: it is to know its key afterwards."""
        if key:
            self.keyed.add(id(row))
        self.rows.append(row)
        return row

    def update(self, row: models.Model, *names: str, seen: Mapping[str, Any]) -> None:
        """Write these fields of the row, and all the rest, only if the fields in `seen` still have those values."""
        self.change = Change(row, names, dict(seen))

    def then(self, act: Callable[[], None]) -> None:
        """Do this after the rows are written, in the same transaction."""
        self._then.append(act)

    def run(self) -> bool:
        """False when the row to update is no longer as it was seen. What was not written is in memory as before."""
        rows = [*self.rows, self.change.row] if self.change else self.rows
        before = [(row, dict(row.__dict__), row._state.adding) for row in rows]
        good = False
        try:
            good = self._run()
        finally:
            for row, values, adding in () if good else before:
                row.__dict__.clear()
                row.__dict__.update(values)
                row._state.adding = adding
        return good

    def _run(self) -> bool:
        database = connections[DEFAULT_DB_ALIAS]
        one = database.vendor == "postgresql"
        alone = one and not self._then and not database.in_atomic_block
        with nullcontext() if alone else transaction.atomic():
            if one:
                good = one_statement.write(database, self.rows, self.change, keyed=self.keyed)
            else:
                good = statements.write(database, self.rows, self.change)
            if not good:
                return False
            for act in self._then:
                act()
        return True
