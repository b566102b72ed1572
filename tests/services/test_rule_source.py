"""A rule's YAML and what travels to a browser come back the same; text that is no rule is told with its line."""

from typing import Any

import pytest
from hypothesis import given, settings

from orchestration.facts import canonical
from orchestration.services.editing import from_wire, read_source, source_of, to_wire
from tests.rules.strategies import plain, rules_


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("key: [", "Line 1"),
        ("a: 1\nkey: 1\nkey: 2", "Line 3"),
        ("", "this is empty"),
        ("- a", "this is a list"),
        ("x" * 200_001, "at most 200,000 characters"),
        ("a: !!python/object:os.system x", "tags"),
        ("a: &x 1\nb: *x", "anchors"),
    ],
)
def test_yaml_that_is_no_rule_is_told_with_its_line(text: str, told: str) -> None:
    data, remarks = read_source(text)
    assert data is None
    assert told in remarks[0].detail


@settings(max_examples=200, deadline=None)
@given(rules_)
def test_editor_to_yaml_to_editor_changes_nothing(rule: dict[str, Any]) -> None:
    data, remarks = read_source(source_of(from_wire(to_wire(rule))))
    assert remarks == ()
    assert canonical(data) == canonical(rule)
    assert source_of(data) == source_of(rule)


@settings(max_examples=200, deadline=None)
@given(plain)
def test_what_travels_to_a_browser_comes_back_the_same(value: Any) -> None:
    assert canonical(from_wire(to_wire(value))) == canonical(value)


@pytest.mark.parametrize(
    ("value", "wire"),
    [(1, 1), (1.0, {"number": "1.0"}), (0.5, 0.5), (-0.0, {"number": "-0.0"}), (1e300, {"number": "1e+300"})],
)
def test_only_numbers_that_a_browser_would_spell_otherwise_are_wrapped(value: float, wire: Any) -> None:
    assert to_wire([value]) == [wire]
    assert repr(from_wire([wire])[0]) == repr(value)


def test_a_text_that_only_looks_like_a_number_stays_a_text() -> None:
    assert from_wire({"number": "case.number"}) == {"number": "case.number"}
    assert from_wire({"number": "1.0", "other": 1}) == {"number": "1.0", "other": 1}
