"""DocumentField: a JSON document kept as its exact text, so that key order, numbers and NUL survive."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import models


class DocumentField(models.TextField):
    """jsonb would sort keys, turn 1e2 into 100 and refuse NUL; what digests cover must come back as it was."""

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        return orjson.dumps(value).decode()

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else orjson.loads(value)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""
