"""Fields made from a version's schemas: what is shown, what counts as a correction, and what it means."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.admin.fact_fields import FactFields, Unreadable, as_text, fact_fields, read_value
from orchestration.facts import Catalogue, FactSpec

SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "person": {
            "type": "object",
            "title": "Applicant",
            "properties": {
                "name": {"type": "string", "title": "Name", "description": "As on the document"},
                "born": {"type": "string", "format": "date"},
                "kind": {"enum": ["big_one", "small"]},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
}
WHY = {"type": "object", "properties": {"code": {"type": "integer"}}}
HUMAN = {"type": "object", "properties": {"sure": {"type": "boolean"}, "why": WHY}}


def fields(present: Any = None, human: Any = None, **typed: str) -> FactFields:
    catalogue = Catalogue.build(input_schema=SCHEMA, outputs={}, human_fields=HUMAN, derived={})
    version: Any = SimpleNamespace(rule_set=SimpleNamespace(catalogue=catalogue))
    names = {f"fact:{path.replace('__', '.')}": text for path, text in typed.items()}
    return fact_fields(version, present=present or {}, human=human or {}, typed=names or None)


def test_scalar_facts_become_fields_in_the_groups_of_the_document() -> None:
    found = fields()
    assert [(group.title, [one.spec.path for one in group.fields]) for group in found.groups] == [
        ("General", ["case.amount"]),
        ("Applicant", ["case.person.name", "case.person.born", "case.person.kind"]),
    ]
    assert [one.spec.path for one in found.answers.fields] == ["human.sure", "human.why.code"]


@pytest.mark.parametrize(
    ("path", "present", "widget", "text"),
    [
        ("case.amount", {"amount": 12.5}, "text", "12.5"),
        ("case.person.name", {"person": {"name": "Ö <b>"}}, "text", "Ö <b>"),
        ("case.person.name", {"person": {"name": "a\nb"}}, "area", "a\nb"),  # several lines
        ("case.person.name", {"person": {"name": "x" * 121}}, "area", "x" * 121),  # a long text
        ("case.person.born", {"person": {"born": "1990-01-31"}}, "date", "1990-01-31"),
        ("case.person.kind", {"person": {"kind": "small"}}, "choice", "small"),
        ("human.sure", {}, "boolean", ""),
    ],
)
def test_each_type_has_its_widget_and_shows_the_present_value(path: str, present: Any, widget: str, text: str) -> None:
    (one,) = [one for one in fields(present).all if one.spec.path == path]
    assert (one.widget, one.text, one.changed) == (widget, text, False)


def test_a_value_outside_its_list_stays_a_choice() -> None:
    (one,) = [one for one in fields({"person": {"kind": "odd"}}).all if one.spec.path == "case.person.kind"]
    assert one.choices == [("odd", "odd"), ("big_one", "big one"), ("small", "small")]


def test_only_what_was_changed_is_a_correction() -> None:
    present = {"amount": 5, "person": {"name": "a\nb", "born": "1990-01-31"}}
    found = fields(present, case__amount="5", case__person__name="a\r\nb", case__person__born="1990-02-01")
    assert (found.corrections(), found.human(), found.errors) == ({"person.born": "1990-02-01"}, {}, [])


def test_answers_come_nested_as_their_schema_has_them() -> None:
    assert fields(human__sure="false", human__why__code="7").human() == {"sure": False, "why": {"code": 7}}


def test_what_cannot_be_read_is_told_at_its_field() -> None:
    found = fields({"amount": 5}, case__amount="five", case__person__name="new")
    assert found.corrections() == {"person.name": "new"}
    assert [(one.spec.path, one.error.split(".")[0]) for one in found.errors] == [
        ("case.amount", "five is not a number")
    ]
    assert found.groups[0].touched


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "12", 12),
        ("number", " -1.5 ", -1.5),
        ("number", "1e2", 100.0),
        ("integer", "+7", 7),
        ("boolean", "true", True),
        ("string", "", ""),  # an empty text is a text
        ("string", " a ", " a "),  # blanks are kept
        ("date", " 2026-01-31 ", "2026-01-31"),
    ],
)
def test_a_text_is_read_as_its_type(kind: str, text: str, value: Any) -> None:
    found = read_value(FactSpec("case.x", kind), text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [("number", ""), ("number", "1,5"), ("number", "nan"), ("number", "1e999"), ("integer", "1.0"), ("integer", "x"),
     ("boolean", "yes"), ("boolean", ""), ("date", "")],
)  # fmt: skip
def test_a_text_that_means_no_value_of_the_type_is_unreadable(kind: str, text: str) -> None:
    with pytest.raises(Unreadable):
        read_value(FactSpec("case.x", kind), text)


def test_numbers_of_a_closed_list_are_read_as_numbers() -> None:
    assert read_value(FactSpec("case.x", "integer", values=(1, 2)), "2") == 2
    assert read_value(FactSpec("case.x", "any", values=(1, True)), "true") is True


@given(
    st.one_of(st.text(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
)
def test_a_value_that_is_shown_and_read_again_is_the_same(value: Any) -> None:
    kind = {str: "string", bool: "boolean", int: "integer", float: "number"}[type(value)]
    assert read_value(FactSpec("case.x", kind), as_text(value)) == value
