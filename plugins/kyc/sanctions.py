"""The agent that looks for the applicant, and everybody the account is held for, on a sanctions list."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .transliteration import unknown_letters
from .watchlist import Hit, ListError, Watchlist, load

LISTS = Path(__file__).parent


class Owner(BaseModel):
    """A person the account is held for; what else the application says about them is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    full_name: str = Field(title="Full name", max_length=400)
    date_of_birth: date | None = Field(default=None, title="Birth date")


class ListHit(Model):
    person: str = Field(title="Name that was screened")
    entry: str = Field(title="Number of the list entry")
    listed_name: str = Field(title="Name on the list")
    matched_name: str = Field(title="Name or alias that matched")
    name_score: float = Field(title="Likeness of the names", ge=0, le=100)
    birth_date: Literal["same", "year_same", "close", "swapped", "unknown", "different"] = Field(
        title="What the birth dates say"
    )
    score: float = Field(title="Likeness of the persons", ge=0, le=100)
    programme: str = Field(default="", title="Sanctions programme")


class SanctionsAgent(Agent):
    name, version, title = "kyc.sanctions", "1.0", "Screens against the sanctions list"
    description = (
        "Compares names, in every usual spelling, and birth dates with the entries and aliases of a list file. "
        "A birth date that clearly differs lowers the score, a missing one a little."
    )
    inline = True

    class Input(Model):
        surname: str = Field(title="Surname", max_length=200)
        given_names: str = Field(default="", title="Given names", max_length=200)
        date_of_birth: date | None = Field(default=None, title="Birth date")
        owners: list[Owner] = Field(default_factory=list, title="Others the account is held for", max_length=100)

    class Config(Model):
        list: str = Field(
            default="sanctions_invented.csv", title="List file: a name in the plugin's folder, or an absolute path"
        )
        least_score: float = Field(default=65, title="Score from which a hit is shown", ge=0, le=100)
        most_hits: int = Field(default=5, title="Number of hits shown", ge=1, le=50)

    class Output(Model):
        score: float = Field(title="Score of the best hit", ge=0, le=100)
        hits: list[ListHit] = Field(default_factory=list, title="Best hits")
        screened: int = Field(title="Number of persons screened")
        list_entries: int = Field(title="Number of entries on the list")
        list_digest: str = Field(title="Fingerprint of the list that was used")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        watchlist = _load(config.list)
        persons = [(f"{stated.given_names} {stated.surname}".strip(), stated.date_of_birth)]
        persons += [(owner.full_name, owner.date_of_birth) for owner in stated.owners]
        unreadable = [name for name, _ in persons if unknown_letters(name) or not name]
        if unreadable:
            raise AgentError(
                f"The name {unreadable[0]!r} is written in a script this agent cannot compare with the list. "
                "Screen it by hand, or give it as in the machine-readable zone.",
                permanent=True,
            )
        found = [
            (person, hit) for person, born in persons for hit in watchlist.search(person, born, config.least_score)
        ]
        found.sort(key=lambda pair: (-pair[1].score, pair[1].entry.id))
        best = found[: config.most_hits]
        score = best[0][1].score if best else 0.0
        output = self.Output(
            score=score,
            hits=[_shown(person, hit) for person, hit in best],
            screened=len(persons),
            list_entries=len(watchlist.entries),
            list_digest=watchlist.digest,
        )
        return AgentResult(
            output, _confidence(score), _summary(best, len(persons), watchlist), tuple(map(_evidence, best))
        )

    def check(self, config: Any) -> Health:
        try:
            watchlist = _load(config.list)
        except AgentError as error:
            return Health(ok=False, message=error.message)
        return Health(
            ok=True,
            message=f"{len(watchlist.entries)} entries",
            details={"entries": len(watchlist.entries), "digest": watchlist.digest},
        )


def _load(name: str) -> Watchlist:
    try:
        return load(_path(name))
    except ListError as error:
        raise AgentError(f"{str(error)[:1].upper()}{str(error)[1:]}.", permanent=True) from error


@lru_cache(maxsize=8)
def _path(name: str) -> Path:
    return LISTS / name  # joining with an absolute path gives that path


def _confidence(score: float) -> float:
    """Sure of a clear no and of a clear yes, least sure half-way between 65 and 100."""
    doubt = max(0.0, 1 - abs(score - 82.5) / 17.5)
    return round(0.99 - 0.49 * doubt, 3)


def _shown(person: str, hit: Hit) -> ListHit:
    return ListHit(
        person=person,
        entry=hit.entry.id,
        listed_name=hit.entry.name,
        matched_name=hit.matched_name,
        name_score=hit.name_score,
        birth_date=hit.birth_date,  # type: ignore[arg-type]
        score=hit.score,
        programme=hit.entry.programme,
    )


def _summary(best: list[tuple[str, Hit]], persons: int, watchlist: Watchlist) -> str:
    who = "The person" if persons == 1 else f"None of {persons} persons" if not best else "A person"
    if not best:
        return f"{who} is {'not ' if persons == 1 else ''}on the list of {len(watchlist.entries)} entries."
    person, hit = best[0]
    words = hit.birth_date.replace("_", " ")
    return f"{person} resembles {hit.entry.name} ({hit.entry.id}): score {hit.score:g}, birth date {words}."


def _evidence(pair: tuple[str, Hit]) -> dict[str, Any]:
    person, hit = pair
    return {
        "what": f"{person} and {hit.matched_name} ({hit.entry.id}, {hit.entry.programme})",
        "value": f"names {hit.name_score:g}, birth date {hit.birth_date.replace('_', ' ')}",
        "listed_birth_date": hit.entry.date_of_birth or "not given",
        "weight": hit.score,
    }
