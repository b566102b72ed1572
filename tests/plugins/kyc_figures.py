"""What the onboarding pack makes of its sample applications, as the plugin's README tells it.

python -m tests.plugins.kyc_figures
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.rules import pack as packs
from orchestration.testing import Conductor, Result
from plugins import kyc
from plugins.kyc.address import AddressAgent
from plugins.kyc.contact import ContactAgent
from plugins.kyc.identity import IdentityAgent
from plugins.kyc.samples import sample_cases
from plugins.kyc.sanctions import SanctionsAgent

TEXT = (Path(kyc.__file__).parent / "pack.yaml").read_text(encoding="utf-8")
AGENTS = (IdentityAgent, AddressAgent, ContactAgent, SanctionsAgent)
CONTENT = packs.load(TEXT).content
NEIGHBOURS = next(one.value for one in CONTENT.parameters if one.name == "countries_neighbouring")
SEED, COUNT, TODAY, NOW = 2, 1000, date(2026, 3, 2), "2026-03-02T12:00:00+00:00"
ABROAD = "Address abroad is not certain"


@dataclass(frozen=True)
class Sampled:
    """A sample application and where it came to."""

    case: dict[str, Any]
    result: Result

    @property
    def automatic(self) -> bool:
        return self.result.kind == "decide"

    @property
    def right(self) -> bool:
        return bool(self.result.outcome == self.case["truth"])

    @property
    def country(self) -> str:
        return str(self.case["payload"]["address"]["country"])

    @property
    def approved(self) -> bool:
        """By whoever looks at it."""
        return bool(self.case["truth"] != "decline")


def decided(conductor: Conductor, seed: int = SEED) -> list[Sampled]:
    cases = sample_cases(seed, COUNT, today=TODAY)
    return [Sampled(case, conductor.run(case["payload"], now=NOW)) for case in cases]


def loosened(which: str, sampled: Sequence[Sampled]) -> list[Sampled]:
    """The same with 0.8 instead of 0.9 for addresses of the `neighbours`, or for those `abroad` otherwise."""
    before, found, after = TEXT.partition(
        f"    address_confidence_{which}_min:\n      type: number\n      value: 0.9\n"
    )
    assert found
    with Conductor.of_pack(before + found.replace("0.9", "0.8") + after, agents=AGENTS) as other:
        return [
            Sampled(one.case, other.run(one.case["payload"], now=NOW)) if one.result.reason == ABROAD else one
            for one in sampled
        ]


def agreement(sampled: Sequence[Sampled]) -> tuple[int, int]:
    """How many are decided automatically, and how many of these as people would."""
    automatic = [one for one in sampled if one.automatic]
    return len(automatic), sum(one.right for one in automatic)


def report(sampled: Sequence[Sampled]) -> Iterator[str]:
    """The figures in Markdown."""
    number, right = agreement(sampled)
    yield f"Of {len(sampled):,} applications the rules decide {number}, {right} of them as the ground truth has it"
    yield f"({right / number:.1%}). The rest goes to people:"
    yield ""
    yield "| goes to | reason | applications |"
    yield "|---|---|---|"
    escalated = [one.result for one in sampled if not one.automatic]
    for (queue, reason), count in Counter((one.queue, one.reason) for one in escalated).most_common():
        yield f"| `{queue}` | {reason} | {count} |"
    yield ""
    yield "| address abroad not certain, in | applications | people approve |"
    yield "|---|---|---|"
    held = [one for one in sampled if one.result.reason == ABROAD]
    named = {code: [one for one in held if one.country == code] for code in sorted({one.country for one in held})}
    rows = {code: some for code, some in named.items() if code in NEIGHBOURS}
    rows["all of these neighbours"] = [one for one in held if one.country in NEIGHBOURS]
    rows["all other countries"] = [one for one in held if one.country not in NEIGHBOURS]
    for title, some in rows.items():
        yield f"| {title} | {len(some)} | {sum(one.approved for one in some)} |"
    yield ""
    yield "| threshold | decided automatically | as the ground truth |"
    yield "|---|---|---|"
    near, far = loosened("neighbours", sampled), loosened("abroad", sampled)
    for title, some in (("as they come", sampled), ("0.8 for neighbours", near), ("0.8 for the others", far)):
        number, right = agreement(some)
        yield f"| {title} | {number} | {right} ({right / number:.1%}) |"


if __name__ == "__main__":
    with Conductor.of_pack(TEXT, agents=AGENTS) as conductor:
        print("\n".join(report(decided(conductor))))
