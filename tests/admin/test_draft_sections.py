"""A draft as sections of YAML and back, and errors in words beside the right one."""

import pytest

from orchestration.admin.draft_sections import place_errors, place_in_words, read_sections, sections_from, sections_of
from orchestration.facts import Problem
from orchestration.rules.pack import dump_yaml, load, load_yaml
from orchestration.rules.parse import version_from, version_to
from tests.small_workflow import document

DATA = {"rules": [{"key": "first"}, {"key": "second"}], "scenarios": [{"title": "It works"}], "parameters": {"a/b": {}}}


def test_sections_hold_all_of_the_content_and_give_it_back() -> None:
    content = version_to(load(dump_yaml(document())).content)
    data = read_sections(sections_of(content))
    assert version_to(version_from(data)) == content


def test_empty_sections_are_left_out() -> None:
    assert read_sections(sections_from({"rules": "  \n", "frame": "outcomes: [yes]\n"})) == {
        "language": 1,
        "outcomes": ["yes"],
    }


def test_texts_that_are_no_yaml_are_told_each_in_its_section() -> None:
    sections = sections_from({"rules": "- [", "tables": "a: 1\na: 2", "frame": "- x"})
    assert read_sections(sections) is None
    assert [section.name for section in sections if section.errors] == ["rules", "tables", "frame"]


def test_what_freezes_with_the_version_is_not_offered_for_editing() -> None:
    content = {"agents": {"hear": {"use": "x.y", "agent_version": "1", "output_schema": {"a": 1}, "inline": True}}}
    (agents,) = [section for section in sections_of(content) if section.name == "agents"]
    assert load_yaml(agents.text) == {"hear": {"use": "x.y"}}


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("/rules/1/when/all/0/fact", "rule 2 (second) › when › all › number 1 › fact"),
        ("/scenarios/0/expect", "scenario 1 (It works) › expect"),
        ("/rules/9/key", "rule 10 › key"),  # a rule that is not there
        ("/parameters/a~1b/value", "parameter a/b › value"),  # an escaped name
        ("/time_zone", "time_zone"),
        ("", "the version"),
    ],
)
def test_a_place_is_told_in_words(pointer: str, words: str) -> None:
    assert place_in_words(pointer, DATA) == words


def test_errors_go_beside_the_section_they_are_about() -> None:
    sections = sections_from({})
    problems = (Problem("/rules/0/key", "one"), Problem("/outcomes", "two"), Problem("", "three"))
    place_errors(sections, problems, DATA)
    assert {section.name: section.errors for section in sections if section.errors} == {
        "rules": [("rule 1 (first) › key", "one")],
        "frame": [("outcomes", "two"), ("the version", "three")],
    }
