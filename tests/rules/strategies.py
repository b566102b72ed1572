"""Any version, rule, condition or action that hypothesis can think of: readable, not always sensible."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from orchestration.rules.actions import OPERATIONS
from orchestration.rules.operators import OPERATORS
from orchestration.rules.sections import HIT_POLICIES, OUTPUT_TYPES, PARAMETER_TYPES

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
tricky = st.sampled_from(
    [
        "yes",
        "no",
        "null",
        "~",
        "true",
        "1",
        "1.0",
        "0x1F",
        "1e3",
        "2026-01-31",
        "- a",
        "a: b",
        "#",
        " x ",
        "",
        "=",
        "<<",
    ]
)
words = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
keys = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}", fullmatch=True)
titles = st.one_of(texts, tricky).map(lambda text: text or "t").filter(lambda text: text.strip())
numbers = st.one_of(
    st.integers(-(2**53), 2**53),
    st.floats(-(2.0**53), 2.0**53, allow_nan=False),
    st.sampled_from([0, 1, 1.0, -0.0, 1e-7]),
)
scalars = st.one_of(st.booleans(), numbers, texts, tricky)
paths = st.builds(lambda source, name: f"{source}.{name}", st.sampled_from(["case", "derived", "item", "meta"]), words)


def without(**optional: st.SearchStrategy[Any]) -> Any:
    """Mappings that may lack these entries."""
    return st.fixed_dictionaries({}, optional=optional)


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


operands = st.one_of(
    scalars,
    st.builds(lambda name: {"parameter": name}, words),
    merged(st.builds(lambda path: {"fact": path}, paths), without(times=numbers, plus=numbers)),
)


@st.composite
def compares(draw: st.DrawFn) -> dict[str, Any]:
    op = draw(st.sampled_from(sorted(OPERATORS)))
    found = {"fact": draw(paths), "op": op}
    takes = OPERATORS[op].takes
    if takes == "pair":
        found["value"] = draw(st.lists(operands, min_size=2, max_size=2))
    elif takes == "list":
        found["value"] = draw(
            st.one_of(st.lists(operands, min_size=1, max_size=3), words.map(lambda n: {"parameter": n}))
        )
    elif takes == "one":
        found["value"] = draw(operands)
    return found | ({"ignore_case": True} if draw(st.booleans()) else {})


def _combined(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    many = st.lists(below, min_size=1, max_size=3)
    quantified = st.builds(
        lambda word, path, where: {word: path, "where": where},
        st.sampled_from(["some", "every", "none"]),
        paths,
        below,
    )
    return st.one_of(
        many.map(lambda parts: {"all": parts}),
        many.map(lambda parts: {"any": parts}),
        below.map(lambda part: {"not": part}),
        quantified,
    )


conditions = st.recursive(st.one_of(st.just("always"), compares()), _combined, max_leaves=6)
arithmetic = st.builds(
    lambda op, sides: {op: sides}, st.sampled_from(OPERATIONS), st.lists(operands, min_size=2, max_size=2)
)
priorities = st.sampled_from(["low", "normal", "high", "urgent"])
actions = st.one_of(
    st.lists(words, min_size=1, max_size=3).map(lambda steps: {"run": steps}),
    st.dictionaries(words.map("derived.{}".format), st.one_of(operands, arithmetic), min_size=1, max_size=3).map(
        lambda values: {"set": values}
    ),
    merged(st.fixed_dictionaries({"queue": keys, "reason": titles}), without(priority=priorities)).map(
        lambda found: {"escalate": found}
    ),
    merged(st.fixed_dictionaries({"outcome": titles}), without(note=titles)).map(lambda found: {"decide": found}),
    priorities.map(lambda found: {"prioritise": found}),
    st.one_of(titles.map(lambda text: {"for": text}), paths.map(lambda path: {"until": path})).map(
        lambda found: {"wait": found}
    ),
    merged(
        st.fixed_dictionaries({"workflow": keys, "as": words}),
        without(payload=st.dictionaries(words, paths, min_size=1, max_size=3), wait=st.just(True)),
    ).map(lambda found: {"open_case": found}),
    keys.map(lambda name: {"notify": {"name": name}}),
)
nonzero = st.integers(-1_000_000, 1_000_000).filter(bool)
rules_ = merged(
    st.fixed_dictionaries(
        {"key": keys, "title": titles, "when": conditions, "then": st.lists(actions, min_size=1, max_size=3)}
    ),
    without(kind=st.just("guard"), priority=nonzero, enabled=st.just(False)),
)
cells = st.one_of(scalars, st.none())
outputs = st.one_of(
    merged(
        st.fixed_dictionaries({"set": words.map("derived.{}".format), "type": st.sampled_from(OUTPUT_TYPES)}),
        without(values=st.lists(scalars, min_size=1, max_size=3)),
    ),
    merged(st.just({"decide": "outcome"}), without(values=st.lists(titles, min_size=1, max_size=3))),
    merged(
        keys.map(lambda queue: {"escalate": "reason", "queue": queue}), without(values=st.lists(titles, min_size=1))
    ),
)
tables_ = merged(
    st.fixed_dictionaries(
        {
            "key": keys,
            "title": titles,
            "hit_policy": st.sampled_from(HIT_POLICIES),
            "inputs": st.lists(
                merged(paths.map(lambda path: {"fact": path}), without(title=titles)), min_size=1, max_size=2
            ),
            "outputs": st.lists(outputs, min_size=1, max_size=2),
            "rows": st.lists(
                st.fixed_dictionaries(
                    {"key": keys, "when": st.lists(texts, max_size=2), "then": st.lists(cells, max_size=2)}
                ),
                max_size=3,
            ),
        }
    ),
    without(otherwise=st.lists(cells, max_size=2), priority=nonzero, enabled=st.just(False)),
)
plain = st.recursive(
    st.one_of(st.none(), scalars),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(titles, below, max_size=3)),
    max_leaves=6,
)
mappings = st.dictionaries(st.one_of(titles, st.just("")), plain, min_size=1, max_size=3)
parameters = merged(
    st.fixed_dictionaries(
        {"type": st.sampled_from(PARAMETER_TYPES), "value": st.one_of(scalars, st.lists(scalars, max_size=3))}
    ),
    without(minimum=scalars, maximum=scalars, label=titles, help=titles, unit=titles),
)
steps = merged(
    st.fixed_dictionaries({"use": keys}),
    without(
        config=mappings,
        input=st.dictionaries(words, paths, min_size=1, max_size=2),
        timeout=titles.filter(lambda text: text != "20s"),
        attempts=st.sampled_from([1, 2, 100]),
        on_failure=st.just("continue"),
        agent_version=titles,
        input_schema=mappings,
        output_schema=mappings,
        inline=st.just(True),
    ),
)
scenarios = st.fixed_dictionaries(
    {"title": titles, "given": st.dictionaries(titles, plain, max_size=2), "expect": mappings}
)
versions = merged(
    st.fixed_dictionaries(
        {"language": st.just(1), "outcomes": st.lists(titles, min_size=1, max_size=3), "input_schema": mappings}
    ),
    without(
        feedback=st.lists(words, min_size=1, max_size=3),
        human_fields=mappings,
        time_zone=st.sampled_from(["Europe/Berlin", "nowhere"]),
        budget=st.one_of(st.integers(0, 100), st.floats(0, 100)),
        parameters=st.dictionaries(words, parameters, min_size=1, max_size=2),
        agents=st.dictionaries(words, steps, min_size=1, max_size=2),
        rules=st.lists(rules_, min_size=1, max_size=2),
        tables=st.lists(tables_, min_size=1, max_size=2),
        scenarios=st.lists(scenarios, min_size=1, max_size=2),
    ),
)
