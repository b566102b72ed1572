"""YAML is read strictly, as JSON written another way, and always written the same way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.facts import canonical
from orchestration.rules import yaml_reading
from orchestration.rules.reading import RuleError
from orchestration.rules.yaml_reading import MAX_BYTES, load_yaml
from orchestration.rules.yaml_writing import dump_yaml
from tests.rules.strategies import plain, tricky

every_text = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    tricky,
    st.lists(st.text("ab #-:\t", max_size=6)).map("\n".join),
)
documents = st.recursive(
    st.one_of(plain, every_text),
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(every_text, below, max_size=4)),
    max_leaves=12,
)


PIECES = [
    *(
        "a",
        "b",
        "1",
        "- ",
        "-",
        ": ",
        ":",
        "? ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ",",
        "#",
        " #",
        "'",
        '"',
        "|",
        ">",
        "|-",
        "|2",
    ),
    *(
        "\n",
        "\n  ",
        "\n    ",
        "\n ",
        " ",
        "&x ",
        "*x",
        "!t ",
        "\\",
        "\\n",
        "\\/",
        "\\x41",
        "\\u00e9",
        "é",
        "%",
        "@",
        "`",
    ),
    *(
        "...",
        "---",
        "<<",
        "~",
        "null",
        "'a'",
        '"b"',
        "a: b",
        "- c",
        "key: |\n  text\n",
        "x y",
        "😀",
        "\u00a0",
        "\u2028",
    ),
    *("1:2", "a:1", "http://x", "::", "''", "\t", "\r\n", "\x85", "\ufeff", "\x07", "%YAML 1.1\n---\n"),
]


def fault(text: str) -> str:
    with pytest.raises(RuleError) as caught:
        load_yaml(text)
    (problem,) = caught.value.problems
    return problem.detail


@settings(max_examples=400, deadline=None)
@given(documents)
def test_what_is_written_is_read_back_exactly(data):
    text = dump_yaml(data)
    assert canonical(load_yaml(text)) == canonical(data)
    assert dump_yaml(load_yaml(text)) == text


CORE = [
    # (text, what YAML 1.2's core schema makes of it)
    ("no", "no"),  # YAML 1.1 says false
    ("on", "on"),
    ("12:30", "12:30"),  # YAML 1.1 says 750
    ("2026-01-31", "2026-01-31"),
    ("1_000", "1_000"),
    ("0b11", "0b11"),
    ("=", "="),
    ("<<", "<<"),
    ("true", True),
    ("FALSE", False),
    ("tRue", "tRue"),
    ("null", None),
    ("~", None),
    ("", None),
    ("017", 17),
    ("0o17", 15),
    ("0x1F", 31),
    ("+5", 5),
    ("-5", -5),
    (".5", 0.5),
    ("5.", 5.0),
    ("1e3", 1000.0),
    ("1.0", 1.0),
    ("'1'", "1"),
    ('"true"', "true"),
    (">-\n folded\n text\n", "folded text"),
]


@pytest.mark.parametrize(("text", "value"), CORE)
def test_scalars_follow_the_core_schema(text, value):
    assert repr(load_yaml(f"a: {text}")) == repr({"a": value})


REFUSED = [
    ("a: 1\nb: 2\na: 3\n", "Line 3: “a” stands here twice."),
    ("x: {a: 1, 'a': 2}\n", "Line 1: “a” stands here twice."),
    ("a: &x 1\n", "Line 1: anchors (&) are not possible; write the value out where it is needed."),
    ("a: 1\nb: *x\n", "Line 2: aliases (*) are not possible; write the value out."),
    ("a: 1\nb: !!str 5\n", "Line 2: tags (!) are not possible."),
    ("a: ! 5\n", "Line 1: tags (!) are not possible."),
    ("a: !!python/object:os.system x\n", "Line 1: tags (!) are not possible."),
    ("a: 1\n---\nb: 2\n", "Line 2: there must be only one document (no second ---)."),
    ("%YAML 1.1\n---\na: no\n", "Line 2: only YAML 1.2 is read."),
    ("1: one\n", "Line 1: the name before a colon must be a text; put “1” in quotes."),
    ("true: one\n", "Line 1: the name before a colon must be a text; put “true” in quotes."),
    ("? [a]\n: one\n", "Line 1: the name before a colon must be a text; put “a list or mapping” in quotes."),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_hides_or_surprises_is_refused_with_its_line(text, said):
    assert fault(text) == said


@pytest.mark.parametrize(
    "text", ["a: [1", "a: b: c", "\ta: 1", "a: 'x", "{", "- a\nb: 1", "%", "@x", "\x00", "a: \ud800"]
)
def test_what_is_no_yaml_is_refused(text):
    assert "YAML" in fault(text)


def test_the_line_of_a_mistake_is_named():
    assert fault("a: 1\nb: [1, 2\nc: 3\n").startswith("Line 3, column 2: this is not YAML: ")


def test_what_is_too_large_or_too_deep_is_refused():
    assert fault("#" * (MAX_BYTES + 1)) == "The text is larger than 4 MiB."
    assert fault("[" * 100_000) == "Line 1: this is nested deeper than 320 levels."
    assert fault("a: " + "[" * 321 + "]" * 321) == "Line 1: this is nested deeper than 320 levels."
    assert load_yaml("[" * 320 + "]" * 320) is not None


def test_duplicate_keys_are_named_with_their_place():
    with pytest.raises(RuleError) as caught:
        load_yaml("rules:\n- {a: 1}\n- {b: 1, b: 2}\n")
    assert [problem.pointer for problem in caught.value.problems] == ["/rules/1"]


def test_it_is_written_as_people_would():
    data = {
        "key": "a-1",
        "when": {"all": [{"fact": "case.age", "op": "lt", "value": 18}, {"fact": "case.x", "op": "eq", "value": "no"}]},
        "then": [{"run": ["a", "b"]}],
        "timeout": "20s",
        "help": "First line: with a colon.\n\nSecond one.\n",
        "empty": [],
        "none": None,
    }
    assert dump_yaml(data) == (
        "key: a-1\n"
        "when:\n"
        "  all:\n"
        "    - {fact: case.age, op: lt, value: 18}\n"
        '    - {fact: case.x, op: eq, value: "no"}\n'
        "then:\n"
        "  - {run: [a, b]}\n"
        "timeout: 20s\n"
        "help: |\n"
        "  First line: with a colon.\n"
        "\n"
        "  Second one.\n"
        "empty: []\n"
        "none: null\n"
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_does_not_have_is_not_written(value):
    with pytest.raises(ValueError, match="finite"):
        dump_yaml({"a": value})


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        documents.map(dump_yaml),
        st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
        st.tuples(documents.map(dump_yaml), st.sampled_from(PIECES), st.integers(0, 200)).map(
            lambda found: found[0][: found[2]] + found[1] + found[0][found[2] :]
        ),
    )
)
def test_the_quick_reader_reads_as_the_slow_one(text):
    """libyaml is only asked for what both understand alike; what it refuses, the slow one explains."""
    assert outcome(text, quick=True) == outcome(text, quick=False)


def outcome(text: str, *, quick: bool) -> str:
    with pytest.MonkeyPatch.context() as patch:
        if not quick:
            patch.setattr(yaml_reading, "_QUICK", None)
        try:
            return repr(load_yaml(text))
        except RuleError as error:
            return str(error)
