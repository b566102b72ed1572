"""What the onboarding pack makes of its sample applications, as the plugin's README tells it.

python -m tests.plugins.kyc_figures
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from orchestration.rules import pack as packs
from orchestration.testing import Conductor
from plugins import kyc
from plugins.kyc.address import AddressAgent
from plugins.kyc.contact import ContactAgent
from plugins.kyc.identity import IdentityAgent
from plugins.kyc.samples import sample_cases
from plugins.kyc.sanctions import SanctionsAgent
from tests.plugins import figures
from tests.plugins.figures import agreement, table

TEXT = figures.pack_of(kyc)
AGENTS = (IdentityAgent, AddressAgent, ContactAgent, SanctionsAgent)
CONTENT = packs.load(TEXT).content
NEIGHBOURS = next(one.value for one in CONTENT.parameters if one.name == "countries_neighbouring")
SEED, COUNT, TODAY, NOW = 2, 1000, date(2026, 3, 2), "2026-03-02T12:00:00+00:00"
ABROAD = "Address abroad is not certain"


class Sampled(figures.Sampled):
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


def report(sampled: Sequence[Sampled]) -> Iterator[str]:
    """The figures in Markdown."""
    number, right = agreement(sampled)
    yield f"Of {len(sampled):,} applications the rules decide {number}, {right} of them as the ground truth has it"
    yield f"({right / number:.1%}). The rest goes to people:"
    yield from figures.escalated(sampled, "applications")
    held = [one for one in sampled if one.result.reason == ABROAD]
    named = {code: [one for one in held if one.country == code] for code in sorted({one.country for one in held})}
    groups = {code: some for code, some in named.items() if code in NEIGHBOURS}
    groups["all of these neighbours"] = [one for one in held if one.country in NEIGHBOURS]
    groups["all other countries"] = [one for one in held if one.country not in NEIGHBOURS]
    rows = [(title, len(some), sum(one.approved for one in some)) for title, some in groups.items()]
    yield from table(("address abroad not certain, in", "applications", "people approve"), rows)
    near, far = loosened("neighbours", sampled), loosened("abroad", sampled)
    told = []
    for title, some in (("as they come", sampled), ("0.8 for neighbours", near), ("0.8 for the others", far)):
        number, right = agreement(some)
        told.append((title, number, f"{right} ({right / number:.1%})"))
    yield from table(("threshold", "decided automatically", "as the ground truth"), told)


if __name__ == "__main__":
    with Conductor.of_pack(TEXT, agents=AGENTS) as conductor:
        print("\n".join(report(decided(conductor))))
