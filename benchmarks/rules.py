"""Rule evaluation beside its peers in one run: `python -m benchmarks.rules [--json]`.

Cases a second with 10, 100 and 1,000 rules of three conditions each on ten-field documents; then what memory
grows by over many evaluations and over many versions compiled and freed.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Mapping

from benchmarks.report import Goal, Report, main, resident_mb, say
from benchmarks.rule_engines import (
    Matcher,
    Workload,
    content_of,
    ours,
    python_rule_engine,
    raw_durable,
    zen_engine,
)
from orchestration.engine.compile import compile_version
from orchestration.engine.evaluate import evaluate
from orchestration.facts import Facts

ENGINES = {"conductor": ours, "raw durable": raw_durable, "zen-engine": zen_engine, "rule-engine": python_rule_engine}
GOALS = (
    Goal("vs_zen_100", at_least=5),
    Goal("vs_rule_engine_100", at_least=15),
    Goal("vs_raw_100", at_least=0.9),
    Goal("cost_1000_over_100", at_most=10),
    Goal("growth_eval_mb", at_most=5),
    Goal("growth_compile_mb", at_most=5),
)
EVALUATIONS = 200_000
CYCLES = 200
TURNS = 15
SLICE = 0.2  # seconds an engine works before the next takes its turn


def measure(arguments: argparse.Namespace) -> Report:
    report = Report("Rule evaluation, cases a second", GOALS, ("durable-rules", "zen-engine", "rule-engine"))
    report.columns = ("rules", *ENGINES, "fired a case")
    growth_eval, growth_compile = _growth_of_evaluating(), _growth_of_compiling()
    rates: dict[int, Mapping[str, list[float]]] = {}
    for size in (10, 100, 1000):
        load = Workload.drawn(size)
        matchers = {name: engine(load) for name, engine in ENGINES.items()}
        fired = _agreed(matchers, load)
        say(f"{size} rules: all engines agree")
        rates[size] = _rates(matchers, load)
        medians = [statistics.median(rates[size][name]) for name in ENGINES]
        report.rows.append((f"{size:,}", *(f"{rate:,.0f}" for rate in medians), f"{fired:.1f}"))
    report.figures = {
        "vs_zen_100": _ratio(rates[100], "zen-engine"),
        "vs_rule_engine_100": _ratio(rates[100], "rule-engine"),
        "vs_raw_100": _ratio(rates[100], "raw durable"),
        "cost_1000_over_100": _cost(Workload.drawn(1000), Workload.drawn(100)),
        "growth_eval_mb": growth_eval,
        "growth_compile_mb": growth_compile,
    }
    report.notes.append(
        f"Ratios are the median of {TURNS} turns, in each of which every engine worked {SLICE} s; "
        f"memory over {EVALUATIONS:,} evaluations and {CYCLES} versions of 100 rules."
    )
    return report


def _agreed(matchers: Mapping[str, Matcher], load: Workload) -> float:
    """Every engine must fire the same rules; how many a document on average."""
    total = 0
    documents = load.documents[:20]
    for document in documents:
        answers = {name: sorted(set(match(document))) for name, match in matchers.items()}
        expected = answers["conductor"]
        if any(answer != expected for answer in answers.values()):
            raise AssertionError(f"the engines disagree: {answers}")
        total += len(expected)
    return total / len(documents)


def _rates(matchers: Mapping[str, Matcher], load: Workload) -> Mapping[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in matchers}
    for _ in range(TURNS):
        for name, match in matchers.items():
            rates[name].append(_rate(match, load))
    return rates


def _rate(match: Matcher, load: Workload, seconds: float = SLICE) -> float:
    count = 0
    start = time.perf_counter()
    while True:
        for document in load.documents:
            match(document)
            count += 1
            if count % 8 == 0 or count < 8:
                passed = time.perf_counter() - start
                if passed >= seconds:
                    return count / passed


def _ratio(rates: Mapping[str, list[float]], peer: str) -> float:
    pairs = zip(rates["conductor"], rates[peer], strict=True)
    return round(statistics.median(mine / theirs for mine, theirs in pairs), 2)


def _cost(large: Workload, small: Workload) -> float:
    """How many times as long a case takes with the large rule set as with the small one."""
    matchers = (ours(small), large), (ours(large), large)
    ratios = []
    for _ in range(TURNS):
        (quick, load), (slow, _load) = matchers
        ratios.append(_rate(quick, load, 2 * SLICE) / _rate(slow, load, 2 * SLICE))
    return round(statistics.median(ratios), 2)


def _growth_of_evaluating() -> float:
    load = Workload.drawn(100)
    match = ours(load)
    documents = load.documents
    for document in documents:
        match(document)
    gc.collect()
    before = resident_mb()
    for number in range(EVALUATIONS):
        match(documents[number % len(documents)])
    gc.collect()
    return round(resident_mb() - before, 2)


def _growth_of_compiling() -> float:
    content = content_of(Workload.drawn(100))
    documents = Workload.drawn(100).documents
    before = 0.0
    for cycle in range(CYCLES + 20):
        if cycle == 20:  # the first ones make the allocator's pools
            gc.collect()
            before = resident_mb()
        rule_set = compile_version(content)
        evaluate(rule_set, Facts({"case": documents[cycle]}))
        rule_set.close()
    gc.collect()
    return round(resident_mb() - before, 2)


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
