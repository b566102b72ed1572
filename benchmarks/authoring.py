"""The speed of authoring, as whoever writes rules feels it: `python -m benchmarks.authoring [--json]`.

Checks of a whole version, trying one case with every rule explained and advised, many scenarios, reading a version
written as YAML. zen-engine stands beside where it has the like: evaluating the same rules on the same cases.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from benchmarks.report import Goal, Report, main, say
from benchmarks.rule_engines import Workload, content_of, zen_engine
from orchestration.engine.compile import compile_version
from orchestration.engine.scenario import run_scenario
from orchestration.rules.check import check
from orchestration.rules.language import Scenario, VersionContent
from orchestration.rules.pack import dump_yaml, load_yaml
from orchestration.rules.parse import version_from, version_to

GOALS = (
    Goal("check_1000_ms", at_most=2000),
    Goal("check_large_ms", at_most=2000),
    Goal("try_200_ms", at_most=300),
    Goal("scenarios_1000_ms", at_most=5000),
    Goal("read_yaml_1000_ms", at_most=600),
)
TURNS = 7


def measure(arguments: argparse.Namespace) -> Report:
    report = Report("Authoring, median and slowest of several turns", GOALS, ("zen-engine", "ruamel.yaml"))
    report.columns = ("what", "median ms", "slowest ms", "zen-engine ms")
    figures: dict[str, float] = {}

    def row(key: str, what: str, work: Callable[[], Any], peer: Callable[[], Any] | None = None) -> None:
        say(what)
        own = _timed(work)
        other = f"{statistics.median(_timed(peer)):,.1f}" if peer else "none"
        figures[key] = round(statistics.median(own), 1)
        report.rows.append((what, f"{figures[key]:,.1f}", f"{max(own):,.1f}", other))

    thousand, two_hundred = Workload.drawn(1000), Workload.drawn(200)
    document = version_to(content_of(thousand))
    text = dump_yaml(document)
    row("read_yaml_1000_ms", f"read 1,000 rules as YAML ({len(text) // 1024} KiB)", lambda: load_yaml(text))
    row("check_1000_ms", "read and check a version of 1,000 rules", lambda: check(version_from(document)))
    large = version_from(_large())
    row("check_large_ms", "check 1,000 rules of 40 conditions and 5 tables of 100 rows", lambda: check(large))
    row("compile_1000_ms", "compile 1,000 rules", lambda: compile_version(version_from(document)).close())

    first, again, zen_one = _tries(two_hundred)
    row("try_200_ms", "try one case on 200 rules, changed since", first, zen_one)
    row("try_again_200_ms", "try another case on them", again, zen_one)

    content, scenarios = _scenarios(two_hundred, 1000)
    match = zen_engine(two_hundred)
    documents = [scenario.given["case"] for scenario in scenarios]
    row(
        "scenarios_1000_ms",
        "run 1,000 scenarios on 200 rules, compiled anew",
        lambda: _run_all(content, scenarios),
        lambda: [match(one) for one in documents],
    )
    report.figures = figures
    report.notes.append(
        "zen-engine evaluates the same rules on the same cases, compiled before; it explains and advises nothing, and "
        "has no check of rules by meaning to measure."
    )
    return report


def _timed(work: Callable[[], Any]) -> list[float]:
    work()
    found = []
    for _ in range(TURNS):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return found


def _tries(load: Workload) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
    """Trying as the page does, on a version that was just changed and on one that was tried before; zen's like."""
    _set_up()
    from orchestration.models import Workflow
    from orchestration.services.trying import try_facts

    document = version_to(content_of(load))
    workflow = Workflow(slug="tried", title="Tried")
    counted = iter(range(10**9))

    def run(data: Any) -> Any:
        number = next(counted)
        given = {"case": dict(load.documents[number % len(load.documents)])}
        return try_facts(document=data, workflow=workflow, given=given)

    def changed() -> Any:
        rules = [{**document["rules"][0], "title": f"Changed {next(counted)}"}, *document["rules"][1:]]
        return run({**document, "rules": rules})

    match = zen_engine(load)
    return changed, lambda: run(document), lambda: match(load.documents[next(counted) % len(load.documents)])


def _scenarios(load: Workload, count: int) -> tuple[VersionContent, list[Scenario]]:
    made = [
        Scenario(f"Scenario {n}", {"case": dict(load.documents[n % len(load.documents)])}, {"outcome": "done"})
        for n in range(count)
    ]
    return content_of(load), made


def _large() -> dict[str, Any]:
    """Rules over sixty facts that set a few others, at one priority: the most that checks by meaning have to do."""
    draw = random.Random(1)
    kinds = {f"f{number}": ("integer", "string", "number", "boolean")[number % 4] for number in range(60)}

    def condition(size: int, words: tuple[str, ...]) -> dict[str, Any]:
        if size > 1:
            word = draw.choice(words)
            below = ("all", "any", "not")
            if word == "not":
                return {"not": condition(size, ("all", "any"))}
            return {word: [condition(size // 2, below), condition(size - size // 2, below)]}
        name = draw.choice(list(kinds))
        if kinds[name] == "boolean":
            return {"fact": f"case.{name}", "op": "eq", "value": True}
        if kinds[name] == "string":
            return {"fact": f"case.{name}", "op": "in", "value": [f"v{draw.randrange(50)}" for _ in range(5)]}
        return {"fact": f"case.{name}", "op": draw.choice(["lt", "gte"]), "value": draw.randrange(1000)}

    def rule(number: int) -> dict[str, Any]:
        then = [{"set": {"derived.x": number, f"derived.y{number % 7}": number}}]
        return {"key": f"r{number}", "title": "A rule", "when": condition(40, ("all",)), "then": then}

    def table(number: int) -> dict[str, Any]:
        rows = [{"key": f"k{row}", "when": [f">= {row * 3}", '"a","b"'], "then": [row]} for row in range(100)]
        inputs, outputs = [{"fact": "case.f0"}, {"fact": "case.f1"}], [{"set": "derived.z", "type": "integer"}]
        head = {"key": f"t{number}", "title": "A table", "hit_policy": "first"}
        return {**head, "inputs": inputs, "outputs": outputs, "rows": rows}

    return {
        "language": 1,
        "outcomes": ["done"],
        "input_schema": {"type": "object", "properties": {name: {"type": kind} for name, kind in kinds.items()}},
        "rules": [rule(number) for number in range(1000)],
        "tables": [table(number) for number in range(5)],
    }


def _run_all(content: VersionContent, scenarios: list[Scenario]) -> int:
    rule_set = compile_version(content)
    passed = sum(run_scenario(rule_set, scenario).passed for scenario in scenarios)
    rule_set.close()
    return passed


def _set_up() -> None:
    """The services need settings, but no database."""
    import django

    os.environ.setdefault("DEMO", "1")
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="authoring-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conductor_site.settings")
    django.setup()


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
