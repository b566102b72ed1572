"""Facts become short messages in which every value is a code, so that nothing in a value can mislead the engine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orchestration.engine import projection
from orchestration.engine.lower import Leaf
from orchestration.engine.projection import Projection
from orchestration.engine.truth import Scope, Vocabulary
from orchestration.facts import Catalogue, Facts, FactSpec
from orchestration.rules.language import Compare, Literal

CONTAINS = Compare("case.s", "contains", Literal("b"))
LEAVES = [
    Leaf("n", "case.n", "=", 10),
    Leaf("n", "case.n", "<", 20.5),
    Leaf("s", "case.s", "=", "a"),
    Leaf("s", "case.s", "≠", 'say "b"'),
    Leaf("b", "case.b", "=", True),
    Leaf("a", "case.deep.list", "has"),
    Leaf("p", CONTAINS, "has"),
]


def project(case):
    vocabulary = Vocabulary(Catalogue({"case.s": FactSpec("case.s", "string")}), {}, ZoneInfo("UTC"))
    made = Projection(LEAVES)
    found = made.project(Scope(vocabulary, Facts({"case": case}), None))
    kinds = {slot: kind for (kind, _), slot in made.slots.items()}
    sent = json.loads("{" + "".join(found.fragments)[1:] + "}")
    return {name[0]: code for name, code in sent.items()}, [kinds[slot] for slot in found.unsure]


@pytest.mark.parametrize(
    ("case", "sent", "unsure"),
    [
        ({"n": 9}, {"n": 0}, []),  # below all numbers it is compared with
        ({"n": 10}, {"n": 1}, []),  # the first of them
        ({"n": 10.0}, {"n": 1}, []),
        ({"n": 10.000000000000002}, {"n": 2}, []),  # between the two
        ({"n": 20.5}, {"n": 3}, []),
        ({"n": 2**53}, {"n": 4}, []),  # above
        ({"n": -(2**53)}, {"n": 0}, []),
        ({"n": 2**53 + 1}, {}, ["n"]),  # outside the limits: what depends on it is computed in Python
        ({"n": 10**30}, {}, ["n"]),
        ({"n": 1e300}, {}, ["n"]),
        ({"n": float("inf")}, {}, ["n"]),
        ({"n": float("nan")}, {}, ["n"]),
        ({"n": True}, {}, []),  # a boolean is no number
        ({"n": "10"}, {}, []),
        ({"n": None}, {}, []),
        ({"n": [10]}, {}, []),
        ({"s": "a"}, {"s": 1}, []),
        ({"s": 'say "b"'}, {"s": 2, "p": 1}, []),
        ({"s": "A"}, {"s": 0}, []),
        ({"s": ""}, {"s": 0}, []),
        ({"s": "a" * 65_537}, {"s": 0}, []),  # the engine would take its length modulo 65,536
        ({"s": "\ud800"}, {"s": 0}, []),
        ({"s": "\ue022\x00"}, {"s": 0}, []),
        ({"s": 1}, {}, []),
        ({"b": True}, {"b": 1}, []),
        ({"b": False}, {"b": 0}, []),
        ({"b": 1}, {}, []),
        ({"deep": {"list": []}}, {"a": 1}, []),
        ({"deep": {"list": {}}}, {}, []),
        ({"deep": {"list": None}}, {}, []),
        ({"deep": 5}, {}, []),
        ({"deep.list": [1]}, {}, []),  # a dotted name is not a path
        ({}, {}, []),
    ],
)
def test_facts_are_sent_as_codes(case, sent, unsure):
    assert project(case) == (sent, unsure)


def test_a_source_that_is_not_there_sends_nothing():
    vocabulary = Vocabulary(Catalogue({}), {}, ZoneInfo("UTC"))
    assert "".join(Projection(LEAVES).project(Scope(vocabulary, Facts({}), None)).fragments) == ""


def test_leaves_compare_with_codes():
    made = Projection(LEAVES)
    texts = [json.dumps(made.encode(leaf), ensure_ascii=False) for leaf in LEAVES]
    names = {kind: f"{kind}{slot}" for (kind, _), slot in made.slots.items()}
    assert texts == [
        f'{{"{names["n"]}": 1}}',
        f'{{"$lt": {{"{names["n"]}": 3}}}}',
        f'{{"{names["s"]}": 1}}',
        f'{{"$neq": {{"{names["s"]}": 2}}}}',
        f'{{"{names["b"]}": 1}}',
        f'{{"$ex": {{"{names["a"]}": 1}}}}',
        f'{{"$ex": {{"{names["p"]}": 1}}}}',
    ]


def test_names_never_share_a_hash(monkeypatch):
    """The engine tells names apart by 32 bits of hash; names that would share one are passed over."""
    real = projection._hash
    monkeypatch.setattr(projection, "_hash", lambda name: real(name) % 7 if name[0] == "n" else real(name))
    leaves = [Leaf("n", f"case.f{number}", "=", 1) for number in range(5)]
    names = [next(iter(Projection(leaves).encode(leaf))) for leaf in leaves]
    assert len({projection._hash(name) for name in names}) == 5


def test_the_hash_is_the_engines_own():
    """FNV-1a over the bytes: the two words of the guide's first trap collide."""
    assert projection._hash("liquid") == projection._hash("costarring")
    assert projection._hash("id") == 926444256  # HASH_ID in the engine's source


def test_one_projection_tells_cases_and_moments_apart() -> None:
    """What is kept of one case is not said of another, nor of the same case later; derived facts are read anew."""
    recent = Compare("case.at", "within_last", Literal("2d"))
    leaves = [*LEAVES, Leaf("p", recent, "has"), Leaf("n", "derived.score", "=", 1)]
    types = {"case.s": FactSpec("case.s", "string"), "case.at": FactSpec("case.at", "datetime")}
    vocabulary = Vocabulary(Catalogue(types), {}, ZoneInfo("UTC"))
    first, second = {"n": 10, "s": "abc", "at": "2026-01-01T00:00:00Z"}, {"n": 30, "s": "x"}
    moments = [datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 9, tzinfo=UTC)]
    scopes = [
        Scope(vocabulary, Facts({"case": case, "derived": {"score": score}}), now)
        for case in (first, second)
        for now in moments
        for score in (1, 2)
    ]
    alone = [Projection(leaves).project(scope) for scope in scopes]
    assert len({tuple(one.fragments) for one in alone[:4]}) == 4
    made = Projection(leaves)
    assert [made.project(scope) for scope in [*scopes, *reversed(scopes)]] == [*alone, *reversed(alone)]
