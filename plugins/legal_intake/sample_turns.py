"""What makes a call other than routine: each turn changes the call, and its right outcome where it should."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from .register import Entry, load
from .sample_call import HERE, REFERRED, Call, people, person, policy, talk


def turn(call: Call) -> None:
    """Let the matter perhaps be a big one, and perhaps one thing be special."""
    if call.area not in REFERRED:
        if call.area == "tenancy" and call.chance(0.19):
            _much_paper(call)
            return
        if call.chance(0.02 if call.area == "tenancy" else 0.05):
            _complex(call)
            return
    chosen = call.rng.choices(tuple(_TURNS), tuple(_TURNS.values()))[0]
    if chosen is not None:
        call.turn = chosen.__name__.removeprefix("_")
        chosen(call)


# --- Size -------------------------------------------------------------------------------------------


def _much_paper(call: Call) -> None:
    """Years of bills, a few flat-mates, a house management with a lawyer: it looks complex and is routine."""
    rng, call.turn = call.rng, "much_paper"
    call.documents = rng.randint(24, 80)
    call.opponents += [_another_landlord(call) for _ in range(rng.randint(1, 2))]
    call.related = [{**person(rng, call.day), "side": "caller"} for _ in range(rng.randint(1, 2))]
    call.amount = rng.randrange(2_000, 9_000, 10)
    call.proceedings, call.represented = "out_of_court", True
    call.truth = "accept_matter" if call.chance(0.94) else "offer_consultation"


def _complex(call: Call) -> None:
    rng, call.turn = call.rng, "complex"
    call.documents = rng.randint(60, 600)
    call.opponents += [person(rng, call.day) for _ in range(rng.randint(2, 6))]
    call.related = [{**person(rng, call.day), "side": "caller"} for _ in range(rng.randint(1, 3))]
    call.amount = rng.randrange(120_000, 2_500_000, 1_000)
    call.jurisdictions = ["DE", *rng.sample(["AT", "CH", "FR", "NL", "PL", "US"], rng.randint(0, 2))]
    call.proceedings = rng.choice(("out_of_court", "pending", "judgment", "appeal"))
    call.represented = True
    call.truth = rng.choices(("offer_consultation", "accept_matter", "decline"), (50, 28, 22))[0]


def _another_landlord(call: Call) -> dict[str, Any]:
    return {"name": call.rng.choice(people()["landlords"]), "kind": "company"}


def _little_stated(call: Call) -> None:
    call.amount = call.documents = call.proceedings = call.represented = None
    call.said = [line for line in call.said if "euros" not in line]
    _sometimes(call, 0.7, "offer_consultation")


def _no_documents(call: Call) -> None:
    call.documents = 0
    call.truth = policy(call)


def _pending(call: Call) -> None:
    call.proceedings, call.represented = call.rng.choice(("pending", "judgment")), True
    call.truth = policy(call)


def _small_amount(call: Call) -> None:
    """Too little to pay a lawyer for; now and then the form lacks a nought and nobody has noticed."""
    if call.area not in ("contract", "tenancy") or not call.amount:
        return
    heard = call.chance(0.08)
    call.amount = call.rng.randrange(20, 145, 5)
    call.said = [line for line in call.said if "euros" not in line]
    call.truth = call.truth if heard else policy(call)


def _abroad(call: Call) -> None:
    call.jurisdictions = call.rng.sample(["AT", "CH", "FR", "ES", "IT"], 1)
    call.state = None
    call.truth = "refer_out"


# --- Feelings ---------------------------------------------------------------------------------------


def _annoyed(call: Call) -> None:
    call.say(call.rng.choice(talk()["annoyed"]))


def _troubled(call: Call) -> None:
    call.say(call.rng.choice(talk()["troubled"]))


def _troubled_and_sad(call: Call) -> None:
    call.say(call.rng.choice(talk()["troubled"]), call.rng.choice(talk()["sad"]))


def _sad(call: Call) -> None:
    call.say(call.rng.choice(talk()["sad"]))


def _distressed(call: Call) -> None:
    call.say(*call.rng.choice(talk()["distressed"]))
    _sometimes(call, 0.15, "offer_consultation")


def _danger(call: Call) -> None:
    call.say(call.rng.choice(talk()["danger"]))
    _sometimes(call, 0.5, "offer_consultation")


def _danger_denied(call: Call) -> None:
    call.say(call.rng.choice(talk()["denied"]))


# --- Parties ----------------------------------------------------------------------------------------


@cache
def _entries(role: str, is_open: bool) -> tuple[Entry, ...]:
    every = load(HERE / "parties_invented.csv").entries
    return tuple(entry for entry in every if entry.role == role and entry.open == is_open)


def _our_client_is_the_opponent(call: Call) -> None:
    call.opponents = [_as_stated(call, call.rng.choice(_entries("client", True))), *call.opponents[1:]]
    call.truth = "decline"


def _our_opponent_calls(call: Call) -> None:
    persons = [entry for entry in _entries("opponent", True) if entry.party.kind == "person"]
    call.caller = _as_stated(call, call.rng.choice(persons))
    call.truth = "decline"


def _client_of_old(call: Call) -> None:
    call.opponents = [_as_stated(call, call.rng.choice(_entries("client", False))), *call.opponents[1:]]
    _sometimes(call, 0.4, "decline")


def _namesake(call: Call) -> None:
    """The name of a client of ours, and another birth date: another person."""
    dated = [entry for entry in _entries("client", True) if entry.party.date_of_birth]
    stated = _as_stated(call, call.rng.choice(dated))
    call.opponents = [
        {**stated, "date_of_birth": call.ago(call.rng.randrange(20 * 366, 80 * 365))},
        *call.opponents[1:],
    ]


def _known_client(call: Call) -> None:
    persons = [entry for entry in _entries("client", True) if entry.party.kind == "person"]
    call.caller = _as_stated(call, call.rng.choice(persons))


def _relative_of_the_opponent(call: Call) -> None:
    related = {**_as_stated(call, call.rng.choice(_entries("client", True))), "side": "opponent"}
    call.related = [related]
    _sometimes(call, 0.3, "decline")


def _as_stated(call: Call, entry: Entry) -> dict[str, Any]:
    """As a caller would name them: by an alias, without birth date, a company without its legal form."""
    name = call.rng.choice((entry.party.name, entry.party.name, *entry.aliases))
    stated: dict[str, Any] = {"name": name, "kind": entry.party.kind}
    if entry.party.kind == "company":
        if call.chance(0.5):
            words = name.split()
            stated["name"] = " ".join(words[:2]) if len(words) > 2 else name
    elif entry.party.date_of_birth:
        stated["date_of_birth"] = entry.party.date_of_birth.isoformat()
    return stated


# --- Time -------------------------------------------------------------------------------------------


def _late(call: Call) -> None:
    """The caller waited: the notice of dismissal or the fine lies there for almost as long as one may wait."""
    length = {"dismissal": 21, "fine_notice": 14, "renounce_inheritance": 42, "objection": 28}
    kind = call.claims[0]["kind"] if call.claims else ""
    if kind in length:
        call.claims[0]["happened"] = call.ago(length[kind] - call.rng.randint(1, 6))
    elif kind:
        call.claims.append({"kind": "set_by_authority", "happened": call.ago(-call.rng.randint(1, 6))})
    _sometimes(call, 0.2, "offer_consultation")


def _expired_lately(call: Call) -> None:
    if call.area in ("contract", "tenancy", "employment"):
        kind = {"contract": "purchase_defect", "tenancy": "tenant_expenses", "employment": "dismissal"}[call.area]
        days = {"contract": 733, "tenancy": 187, "employment": 25}[call.area]
        call.claims = [{"kind": kind, "happened": call.ago(days + call.rng.randint(5, 100))}]
        _sometimes(call, 0.7, "decline")


def _expired_long_ago(call: Call) -> None:
    """Time-barred for years, unless the parties were negotiating all the time, which nobody asked."""
    if call.area in ("contract", "tenancy", "traffic", "inheritance", "employment"):
        arose = call.ago(call.rng.randrange(7 * 365, 9 * 365))
        call.claims = [{"kind": "damages" if call.area == "traffic" else "regular", "happened": arose, "known": arose}]
        call.said = [line for line in call.said if not any(word in line for word in ("notice", "keys", "renounce"))]
        call.said = call.said or ["My employer never paid my wages for overtime, and I would like them now."]
        call.truth = "offer_consultation" if call.chance(0.1) else "decline"


def _not_written_down(call: Call) -> None:
    """The caller speaks of a letter with a short period, and nobody has put its date into the form."""
    fits = {"employment": "dismissal", "traffic": "fine_notice", "tenancy": "landlord_damage"}
    kind = fits.get(call.area)
    if kind:
        call.claims = [claim for claim in call.claims if claim["kind"] not in (kind, "tenant_expenses", "regular")]
        call.say(talk()["telling"][kind])


def _without_a_date(call: Call) -> None:
    for claim in call.claims:
        claim.pop("happened")


def _found_in_a_drawer(call: Call) -> None:
    call.day -= timedelta(days=call.rng.randrange(45, 300))
    _sometimes(call, 0.5, "decline")


# --- Subject ----------------------------------------------------------------------------------------


def _vague(call: Call) -> None:
    call.said = call.rng.sample(talk()["vague"], 3)
    call.stated_area = "unsure"
    _sometimes(call, 0.5, "offer_consultation")


def _two_subjects(call: Call) -> None:
    call.said = [call.said[0], *call.rng.sample(talk()["mixed"], 2)]
    call.stated_area = "unsure"
    _sometimes(call, 0.4, "offer_consultation")


def _drunk_driving(call: Call) -> None:
    """Told as a traffic matter, and one for a criminal lawyer: the words point the wrong way."""
    if call.area == "traffic":
        call.say(*talk()["drunk_driving"])
        call.truth = "refer_out"


def _sometimes(call: Call, share: float, outcome: str) -> None:
    if call.truth != "refer_out" and call.chance(share):
        call.truth = outcome


# Turn → its weight.
_TURNS: dict[Callable[[Call], None] | None, float] = {
    None: 59.0,
    _little_stated: 0.7,
    _no_documents: 3.0,
    _pending: 3.0,
    _small_amount: 4.0,
    _abroad: 1.5,
    _annoyed: 6.0,
    _troubled: 4.0,
    _troubled_and_sad: 1.2,
    _sad: 2.0,
    _distressed: 6.5,
    _danger: 0.6,
    _danger_denied: 0.3,
    _our_client_is_the_opponent: 0.9,
    _our_opponent_calls: 0.5,
    _client_of_old: 0.5,
    _namesake: 0.8,
    _known_client: 1.5,
    _relative_of_the_opponent: 0.3,
    _late: 1.6,
    _expired_lately: 1.2,
    _expired_long_ago: 1.6,
    _not_written_down: 0.8,
    _without_a_date: 0.5,
    _found_in_a_drawer: 0.4,
    _vague: 0.7,
    _two_subjects: 0.5,
    _drunk_driving: 2.0,
}
