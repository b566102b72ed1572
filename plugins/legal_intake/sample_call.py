"""Draws one invented call, routine in every respect: who calls, about what, against whom, and what is said."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REFERRED = ("criminal", "tax", "immigration", "social")


@dataclass
class Call:
    """A call in the making. `said` is what the caller says, without greeting and farewell."""

    rng: random.Random
    day: date
    topic: dict[str, Any]
    caller: dict[str, Any]
    opponents: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    stated_area: str
    said: list[str]
    amount: int | None
    documents: int | None
    jurisdictions: list[str] = field(default_factory=lambda: ["DE"])
    proceedings: str | None = "none"
    represented: bool | None = False
    state: str | None = None
    related: list[dict[str, Any]] = field(default_factory=list)
    truth: str = ""
    turn: str = ""

    @property
    def area(self) -> str:
        return str(self.topic["area"])

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def ago(self, days: int) -> str:
        return (self.day - timedelta(days=days)).isoformat()

    def say(self, *lines: str) -> None:
        """Put lines somewhere after the first one, which names the matter."""
        for line in lines:
            self.said.insert(self.rng.randrange(1, len(self.said) + 1), line)


@cache
def talk() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / "sample_talk.json").read_text(encoding="utf-8"))
    return loaded


@cache
def people() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = json.loads((HERE / "sample_people.json").read_text(encoding="utf-8"))
    return loaded


def draw(rng: random.Random, day: date) -> Call:
    """A routine call of that day, and the outcome that the firm's policy gives it."""
    topics = talk()["topics"]
    topic = rng.choices(topics, [one["weight"] for one in topics])[0]
    opponent = _opponent(rng, day, topic["opponent"])
    happened = rng.randint(*topic.get("happened", (0, 0)))
    amount = round(rng.uniform(*topic["amount"]), -1)
    call = Call(
        rng=rng,
        day=day,
        topic=topic,
        caller=person(rng, day),
        opponents=[opponent] if opponent else [],
        claims=[],
        stated_area=topic["area"] if rng.random() < 0.8 else "unsure",
        said=[],
        amount=int(amount) or None,
        documents=rng.randint(*topic["documents"]),
    )
    if topic["claim"]:
        call.claims = [_claim(call, topic["claim"], happened)]
    if topic.get("state") or call.chance(0.4):
        call.state = rng.choice(people()["states"])
    if call.chance(0.25):
        call.proceedings, call.represented = "out_of_court", call.chance(0.4)
    if call.area == "family" and call.chance(0.3):
        call.related = [{**person(rng, day), "side": "neutral"}]
    call.said = _said(call, happened)
    call.truth = policy(call)
    return call


def policy(call: Call) -> str:
    """What the firm offers a matter when nothing else is in the way."""
    if call.area in REFERRED or "DE" not in call.jurisdictions:
        return "refer_out"
    if call.area in ("contract", "tenancy", "traffic") and call.amount is not None and call.amount < 150:
        return "accept_matter" if call.topic["claim"] == "fine_notice" else "decline"
    if call.area == "family" or not call.documents or call.proceedings in ("pending", "judgment", "appeal"):
        return "offer_consultation"
    return "accept_matter"


def person(rng: random.Random, day: date) -> dict[str, Any]:
    names = people()
    born = day - timedelta(days=rng.randrange(20 * 366, 80 * 365))
    found = {
        "name": f"{rng.choice(names['given_names'])} {rng.choice(names['surnames'])}",
        "kind": "person",
        "date_of_birth": born.isoformat(),
    }
    if rng.random() < 0.1:
        del found["date_of_birth"]
    return found


def _opponent(rng: random.Random, day: date, kind: str) -> dict[str, Any] | None:
    if kind == "none":
        return None
    if kind == "person" or (kind == "landlord" and rng.random() < 0.4):
        found = person(rng, day)
        found.pop("date_of_birth", None)
        return found
    pool = {"landlord": "landlords", "dealer": "dealers", "insurer": "insurers", "authority": "authorities"}
    return {"name": rng.choice(people()[pool.get(kind, "companies")]), "kind": "company"}


def _claim(call: Call, kind: str, happened: int) -> dict[str, Any]:
    claim = {"kind": kind, "happened": call.ago(happened)}
    if kind in ("regular", "damages", "inheritance_claim") and call.chance(0.7):
        claim["known"] = call.ago(call.rng.randint(0, happened))
    return claim


def _said(call: Call, happened: int) -> list[str]:
    first, *others = call.topic["lines"]
    chosen = [first, *call.rng.sample(others, call.rng.randint(2, len(others)))]
    words = {
        "opponent": call.opponents[0]["name"] if call.opponents else "nobody",
        "amount": f"{call.amount or 0:,} euros",
        "days": str(max(2, happened)),
        "months": str(max(2, happened // 30)),
        "years": str(call.rng.randint(2, 24)),
    }
    return [line.format(**words) for line in chosen]
