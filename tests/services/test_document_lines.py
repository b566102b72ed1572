"""A JSON document as lines to read."""

from typing import Any

import pytest

from orchestration.facts import spec_from_schema
from orchestration.services.document_lines import ITEMS_SHOWN, LINES_SHOWN, Correction, lines_of, shown

NAME = {"type": "string", "title": "Full name"}
SHARE = {"type": "number", "title": "Share"}
SCHEMA = {
    "type": "object",
    "properties": {
        "person": {"type": "object", "title": "Applicant", "properties": {"name": NAME}},
        "owners": {"type": "array", "items": {"type": "object", "properties": {"share": SHARE}}},
    },
}


def brief(document: Any, **more: Any) -> list[tuple[int, str, str | None]]:
    return [(line.depth, line.label, line.value) for line in lines_of(document, **more)]


def test_titles_come_from_the_schema_and_depth_from_the_nesting() -> None:
    document = {"person": {"name": "Ida"}, "owners": [{"share": 50}], "not_in_schema": None}
    assert brief(document, spec=spec_from_schema("case", SCHEMA)) == [
        (0, "Applicant", None),
        (1, "Full name", "Ida"),
        (0, "owners", None),
        (1, "1", None),
        (2, "Share", "50"),
        (0, "not in schema", "not given"),
    ]


SAID = {"type": "object", "properties": {"who": {"type": "string", "title": "Who speaks"}, "text": {"type": "string"}}}

# Row: a list, its lines.
LISTS: list[tuple[list[Any], list[tuple[int, str, str | None]]]] = [
    ([21.7, 22, None], [(0, "list", "21.7, 22, not given")]),  # measured values
    (["DE", "a" * 31], [(0, "list", None), (1, "1", "DE"), (1, "2", "a" * 31)]),  # a text that wants a line of its own
    # a conversation
    (
        [{"who": "firm", "text": "Since when?"}, {"who": "caller", "text": ""}],
        [(0, "list (Who speaks · text)", None), (1, "1", "firm · Since when?"), (1, "2", "caller · ")],
    ),
    # not all with the same values
    (
        [{"who": "a"}, {"who": "b", "text": "c"}],
        [
            (0, "list", None),
            (1, "1", None),
            (2, "Who speaks", "a"),
            (1, "2", None),
            (2, "Who speaks", "b"),
            (2, "text", "c"),
        ],
    ),
    # with something below
    (
        [{"who": "a", "text": {"b": 1}}],
        [(0, "list", None), (1, "1", None), (2, "Who speaks", "a"), (2, "text", None), (3, "b", "1")],
    ),
]


@pytest.mark.parametrize(("value", "expected"), LISTS)
def test_lists_take_no_more_lines_than_they_need(value: list[Any], expected: list[tuple[int, str, str | None]]) -> None:
    schema = {"type": "object", "properties": {"list": {"type": "array", "items": SAID}}}
    assert brief({"list": value}, spec=spec_from_schema("case", schema)) == expected


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        (True, "yes", "boolean"),
        (False, "no", "boolean"),
        (None, "not given", "empty"),
        (0, "0", "number"),
        (1.5, "1.5", "number"),
        ("", "", "empty"),
        ([], "none", "empty"),
        ({}, "none", "empty"),
        ("<b>", "<b>", "text"),
    ],
)
def test_values_read_as_people_say_them(value: Any, text: str, kind: str) -> None:
    (line,) = lines_of({"x": value})
    assert (line.value, line.kind) == (text, kind)


def test_a_correction_keeps_the_posted_value_beside_it() -> None:
    correction = Correction("Ida", "Sam", None)
    lines = lines_of({"a": {"b": "Ida"}}, corrections={"a.b": correction}, posted={"a": {"b": "Ada"}})
    assert [(line.path, line.correction, line.was) for line in lines] == [("a", None, ""), ("a.b", correction, "Ada")]


def test_long_lists_and_documents_are_cut_and_say_so() -> None:
    lines = lines_of({"items": [{"number": number} for number in range(10_000)]})
    assert len(lines) == 2 * ITEMS_SHOWN + 2
    assert (lines[-1].kind, lines[-1].value) == ("more", "and 9,950 more")
    (numbers,) = lines_of({"items": list(range(10_000))})
    assert str(numbers.value).endswith("48, 49, … and 9,950 more")
    wide = lines_of({f"k{number}": number for number in range(LINES_SHOWN + 5)})
    assert (len(wide), wide[-1].kind) == (LINES_SHOWN + 1, "more")
    assert shown("x" * 5_000).endswith("… (5,000 characters)")


def test_deep_documents_are_read_to_the_bottom() -> None:
    document: Any = "deep"
    for _ in range(200):
        document = {"d": document}
    lines = lines_of(document)
    assert (len(lines), lines[-1].value, lines[-1].depth) == (200, "deep", 199)
