"""What goes wrong with applications: each fault changes a faultless draft, and its outcome where it should."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from .sample_person import HOME, NEIGHBOURS, Draft, people, phone, risk_outcome
from .sanctions import LISTS
from .watchlist import Entry, load


def spoil(draft: Draft) -> None:
    """Let the address be written as people write addresses, and perhaps one thing go wrong."""
    if draft.address["country"] == HOME:
        _write_home_address(draft)
    else:
        _write_foreign_address(draft)
    fault = draft.rng.choices(tuple(_FAULTS), tuple(_FAULTS.values()))[0]
    if fault is not None:
        fault(draft)


# --- Addresses --------------------------------------------------------------------------------------


def _write_home_address(draft: Draft) -> None:
    address = draft.address
    if draft.chance(0.04):
        address["postal_code"] = f"D-{address['postal_code']}"
    elif draft.chance(0.02):
        address["street_address"] = address["street_address"].rstrip("0123456789a ")


def _write_foreign_address(draft: Draft) -> None:
    """Next door people write postal codes carelessly and live there all the same; farther away, and where there are no
    postal codes, nobody may be found at the address."""
    address, country = draft.address, draft.address["country"]
    if not people()[country]["places"][0]["postal_codes"]:
        _sometimes_decline(draft, 0.45)
        return
    near = country in NEIGHBOURS
    if draft.chance(0.3 if near else 0.12):
        if not near:
            _sometimes_decline(draft, 0.45)
        code = address["postal_code"]
        # CH-8001 and PL 31-146, but 1012 lg and sw1a 2aa
        address["postal_code"] = f"{country}-{code}" if code.isdigit() else code.lower()
        if address["postal_code"] == code:
            address["postal_code"] = f"{country} {code}"
    elif address["country_area"] and draft.chance(0.15):
        address["country_area"] = ""


def _postal_code_missing(draft: Draft) -> None:
    draft.address["postal_code"] = ""
    _sometimes_decline(draft, 0.15)


def _postal_code_wrong(draft: Draft) -> None:
    code = draft.address["postal_code"]
    draft.address["postal_code"] = code[:-2] if code else "0"
    _sometimes_decline(draft, 0.2)


def _post_office_box(draft: Draft) -> None:
    draft.address["street_address"] = f"Postfach {draft.rng.randrange(10, 999)}"
    _sometimes_decline(draft, 0.5)


def _placeholder(draft: Draft) -> None:
    draft.address["street_address"] = draft.rng.choice(("xxx", "n/a", "unbekannt", "-"))
    draft.truth = "decline"


# --- Names and documents ----------------------------------------------------------------------------


def _slip_in_name(draft: Draft) -> None:
    name, at = draft.typed_surname, draft.rng.randrange(1, len(draft.typed_surname))
    draft.typed_surname = draft.rng.choice((name[:at] + name[at + 1 :], name[:at] + name[at - 1] + name[at:]))


def _names_swapped(draft: Draft) -> None:
    draft.typed_surname, draft.typed_given_names = draft.typed_given_names, draft.typed_surname


def _married(draft: Draft) -> None:
    """The document still shows the name from before the wedding."""
    others = [name for name in people()[HOME]["surnames"] if name != draft.surname]
    draft.typed_surname = draft.rng.choice(others)
    _sometimes_decline(draft, 0.2)


def _document_of_another(draft: Draft) -> None:
    pool = people()[draft.nationality]
    draft.typed_given_names = draft.rng.choice(pool["male" if draft.sex == "F" else "female"])
    draft.typed_surname = draft.rng.choice([name for name in pool["surnames"] if name != draft.surname])
    draft.typed_birth = draft.birth + timedelta(days=draft.rng.randrange(400, 4000))
    if (draft.applied - draft.typed_birth).days < 19 * 366:
        draft.typed_birth = draft.birth - timedelta(days=draft.rng.randrange(400, 4000))
    draft.truth = "decline"


def _misread_character(draft: Draft) -> None:
    """A scanner's mistake, or a number somebody changed: the check digit tells, not which it was."""
    rng = draft.rng

    def misread(zone: str) -> str:
        lines = zone.split("\n")
        row, start = (0, 5) if len(lines) == 3 else (1, 0)
        at = start + rng.randrange(9)
        other = rng.choice([letter for letter in "0123456789" if int(letter, 36) % 10 != int(lines[row][at], 36) % 10])
        lines[row] = lines[row][:at] + other + lines[row][at + 1 :]
        return "\n".join(lines)

    draft.spoil_zone = misread
    _sometimes_decline(draft, 0.3)


def _cut_off(draft: Draft) -> None:
    draft.spoil_zone = lambda zone: zone[: -draft.rng.randrange(2, 20)]
    _sometimes_decline(draft, 0.1)


def _expired_long_ago(draft: Draft) -> None:
    draft.expiry = draft.applied - timedelta(days=draft.rng.randrange(70, 2500))
    draft.truth = "decline"


def _expired_lately(draft: Draft) -> None:
    draft.expiry = draft.applied - timedelta(days=draft.rng.randrange(1, 60))
    _sometimes_decline(draft, 0.4)


def _birth_date_mistyped(draft: Draft) -> None:
    born = draft.birth
    if born.day <= 12 and born.day != born.month:
        draft.typed_birth = date(born.year, born.day, born.month)
    else:
        draft.typed_birth = born - timedelta(days=draft.rng.choice((1, 10, 365)))
    _sometimes_decline(draft, 0.1)


def _minor(draft: Draft) -> None:
    draft.birth = draft.typed_birth = draft.applied - timedelta(days=draft.rng.randrange(12 * 366, 17 * 366))
    draft.income, draft.turnover, draft.source = 0, 1200, "gift"
    draft.truth = "decline"


# --- Persons who need a closer look -----------------------------------------------------------------


def _exposed(draft: Draft) -> None:
    draft.exposed = True
    draft.truth = risk_outcome(draft)


def _exposed_owner(draft: Draft) -> None:
    owner = people()[HOME]
    name = f"{draft.rng.choice(owner['male'])} {draft.rng.choice(owner['surnames'])}"
    share = draft.rng.choice((10, 30, 50, 100))
    draft.owners = [{"full_name": name, "share": share, "politically_exposed": True}]
    if share > 25:
        draft.truth = "approve_with_limit" if draft.chance(0.7) else "decline"


def _listed(draft: Draft) -> None:
    """The sanctioned person, under one of the known names."""
    _take_name(draft, same_birth=True)
    draft.truth = "decline"


def _resembles_listed(draft: Draft) -> None:
    """An innocent person with the name of a sanctioned one, sometimes of nearly the same age."""
    _take_name(draft, same_birth=False)


def _take_name(draft: Draft, *, same_birth: bool) -> None:
    entries = [entry for entry in load(LISTS / "sanctions_invented.csv").entries if len(entry.date_of_birth) == 10]
    entry: Entry = draft.rng.choice(entries)
    given_names, _, surname = entry.name.rpartition(" ")
    draft.given_names = draft.typed_given_names = given_names
    draft.surname = draft.typed_surname = surname
    born = date.fromisoformat(entry.date_of_birth)
    if not same_birth:
        born += timedelta(days=draft.rng.choice((-200, 90, 2900, -3100, 5000)))
    draft.birth = draft.typed_birth = born


def _payments_unexplained(draft: Draft) -> None:
    draft.turnover = draft.income * 3 + draft.rng.randrange(15, 90) * 1000
    draft.truth = "approve_with_limit" if draft.chance(0.5) else "decline"


def _disposable_mail(draft: Draft) -> None:
    """The rules to start with let it pass where the telephone is plausible, and are often sorry later."""
    draft.contact["email"] = f"{draft.rng.randrange(10**6)}@mailinator.com"
    _sometimes_decline(draft, 0.6)


def _not_reachable(draft: Draft) -> None:
    draft.contact = {"phone": draft.rng.choice(("000", "123456", "+49 1")), "email": "none@none"}
    _sometimes_decline(draft, 0.4)


def _phone_from_elsewhere(draft: Draft) -> None:
    draft.contact["phone"] = phone(draft.rng, draft.rng.choice(("GB", "FR", "TR", "US")))
    _sometimes_decline(draft, 0.08)


def _sometimes_decline(draft: Draft, share: float) -> None:
    if draft.chance(share):
        draft.truth = "decline"


# Fault → its weight.
_FAULTS: dict[Callable[[Draft], None] | None, float] = {
    None: 76.0,
    _slip_in_name: 3.0,
    _names_swapped: 0.6,
    _married: 1.0,
    _document_of_another: 0.5,
    _misread_character: 1.2,
    _cut_off: 0.6,
    _expired_long_ago: 2.2,
    _expired_lately: 1.0,
    _birth_date_mistyped: 1.0,
    _minor: 1.6,
    _postal_code_missing: 0.8,
    _postal_code_wrong: 0.7,
    _post_office_box: 0.4,
    _placeholder: 0.3,
    _exposed: 1.2,
    _exposed_owner: 0.5,
    _listed: 0.4,
    _resembles_listed: 1.0,
    _payments_unexplained: 0.8,
    _disposable_mail: 1.2,
    _not_reachable: 0.6,
    _phone_from_elsewhere: 2.5,
}
