"""The quick look at values says yes only where the close look finds nothing."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestration.agents.within import surely_within
from orchestration.facts import MAX_NUMBER, MAX_STRING_BYTES, check_values

LEAVES = (
    some.none()
    | some.booleans()
    | some.integers(min_value=-(2**70), max_value=2**70)
    | some.floats()
    | some.text(alphabet=some.characters(exclude_categories=()), max_size=9)
    | some.sampled_from(["x" * MAX_STRING_BYTES, "x" * (MAX_STRING_BYTES + 1), b"bytes", (1, 2), {1}])
)
DOCUMENTS = some.recursive(
    LEAVES, lambda below: some.lists(below, max_size=4) | some.dictionaries(some.text(max_size=4), below, max_size=4)
)


@given(DOCUMENTS)
def test_a_yes_is_never_wrong(document: Any) -> None:
    if surely_within(document):
        assert check_values(document) == []


def nested(depth: int) -> Any:
    document: Any = 1
    for _ in range(depth):
        document = [document]
    return document


@pytest.mark.parametrize(
    ("document", "yes"),
    [
        ({"a": [1, 2.5, "x", None, True, {"b": "c"}]}, True),  # what agents give
        ({"a": MAX_NUMBER, "b": -MAX_NUMBER}, True),  # the edge of the numbers
        ({"a": MAX_NUMBER + 1}, False),
        ({"a": math.nan}, False),
        ({"a": -math.inf}, False),
        ({"a": "x" * (MAX_STRING_BYTES + 1)}, False),
        ({"a": "\ud800"}, False),  # a lone surrogate
        ({"\ud800": 1}, False),  # and as a key
        ({"a": (1, 2)}, False),  # not as JSON gives it
        (nested(201), False),  # deeper than a document may be
    ],
)
def test_the_quick_look(document: Any, yes: bool) -> None:
    assert surely_within(document) is yes
