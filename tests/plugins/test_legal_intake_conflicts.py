"""The conflicts agent: names against a small register, and which side somebody is on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.plugin_api import AgentError
from orchestration.testing import check_agent
from plugins.legal_intake.cologne import code
from plugins.legal_intake.conflicts import ConflictsAgent
from plugins.legal_intake.party_names import company_likeness, company_spellings, person_likeness, person_spellings
from plugins.legal_intake.register import COLUMNS, Party, compare, load

Run = Callable[..., Any]
HEADING = ",".join(COLUMNS) + "\n"
REGISTER = (
    HEADING
    + "R1,M-1,open,client,person,Jörg Weißenbach,Yorick Weissenbach;Йорг Вайсенбах,1960-03-07,\n"
    + "R2,M-1,open,opponent,company,Sturmhöhe Reederei GmbH & Co. KG,Storm Shipping,,HRB 44 871\n"
    + "R3,M-2,closed,client,person,Thea Obermeier,,1971-10-02,\n"
    + "R4,M-2,closed,opponent,person,Ludwig Zacher,,,\n"
    + "R5,M-3,open,client,company,Ährenfeld Mühlen AG,,,HRB 500\n"
    + "R6,M-3,open,related,person,Kira Solanke,,,\n"
    + "R7,M-3,open,opponent,person,Bodo Straub,,1950-05-05,\n"
)


@pytest.fixture
def register(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "register.csv"
    path.write_text(REGISTER, encoding="utf-8")
    return {"register_file": str(path)}


def person(name: str, born: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "person", "date_of_birth": born, **more}


def company(name: str, number: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "company", "company_number": number, **more}


STRANGER = person("Nele Vandamme")

# Row: opponent, (entry, what identity says, score) or None.
PERSONS = [
    (person("Jörg Weißenbach", "1960-03-07"), ("R1", "same", 100.0)),
    (person("Joerg Weissenbach", "1960-03-07"), ("R1", "same", 100.0)),  # marks written out
    (person("Jorg Weissenbach", "1960-03-07"), ("R1", "same", 100.0)),  # marks left out
    (person("WEISSENBACH, JÖRG", "1960-03-07"), ("R1", "same", 100.0)),  # surname first
    (person("Dr. Jörg Weißenbach", "1960-03-07"), ("R1", "same", 100.0)),  # a title
    (person("Йорг Вайсенбах", "1960-03-07"), ("R1", "same", 100.0)),  # an alias in its own script
    (person("Jörg Otto Weißenbach", "1960-03-07"), ("R1", "same", 96.0)),  # one name more
    (person("Jörg Weisenpach", "1960-03-07"), ("R1", "same", 92.0)),  # sounds the same: B and P are one
    (person("Jörg Weißenbach"), ("R1", "unknown", 96.0)),
    (person("Jörg Weißenbach", "1960-07-03"), ("R1", "close", 95.0)),  # day and month swapped
    (person("Jörg Weißenbach", "1968-03-07"), ("R1", "close", 95.0)),  # one digit mistyped
    (person("Jörg Weißenbach", "1988-01-01"), ("R1", "different", 65.0)),  # a namesake
    (person("Herr Weißenbach"), ("R1", "unknown", 86.0)),  # the surname alone: 90 − 4
    (person("J. Weißenbach"), ("R1", "unknown", 86.0)),  # with the initial
    (person("K. Weißenbach"), ("R1", "unknown", 78.8)),  # with another initial: 24/29 − 4
    (company("Jörg Weißenbach e.K."), ("R1", "unknown", 84.0)),  # the firm of a sole trader: 100 − 4 − 12
    (person("Thea Obermaier"), ("R3", "unknown", 88.9)),  # one letter of 14: 26/28 − 4
    (person("Nele Vandamme", "1960-03-07"), None),  # the same birthday alone is nothing
]
COMPANIES = [
    (company("Sturmhöhe Reederei"), ("R2", "unknown", 97.0)),  # no legal form
    (company("STURMHOEHE REEDEREI GMBH"), ("R2", "unknown", 97.0)),  # another legal form
    (company("Storm Shipping Ltd."), ("R2", "unknown", 97.0)),  # an alias
    (company("Sturmhöhe"), ("R2", "unknown", 85.0)),  # its first word: 88 − 3
    (company("Sturmhöhe Reederei GmbH", "HRB44871"), ("R2", "same", 100.0)),
    (company("Windstille Logistik GmbH", "hrb 44871"), ("R2", "same", 100.0)),  # renamed, same number
    (company("Ährenfeld Mühlen AG", "HRB 999"), None),  # another number: 100 − 40 is under 65
    (company("Quittengarten GmbH"), None),
]


def best(output: Any) -> tuple[str, str, float] | None:
    return (output.hits[0].entry, output.hits[0].identity, output.hits[0].score) if output.hits else None


PARTIES = PERSONS + COMPANIES


@pytest.mark.parametrize(("opponent", "found"), PARTIES, ids=[row[0]["name"] for row in PARTIES])
def test_parties_are_scored_by_name_birth_date_and_number(
    run: Run, register: dict[str, str], opponent: dict[str, Any], found: tuple[str, str, float] | None
) -> None:
    assert best(run(ConflictsAgent(), register, caller=STRANGER, opponents=[opponent]).output) == found


# Row: who stands where in the new matter, the meaning of the match, conflict score, check score.
SIDES = [
    ("our client is the opponent", {"opponents": [person("Jörg Weißenbach", "1960-03-07")]}, "conflict", 100.0, 0.0),
    ("our client calls", {"caller": person("Jörg Weißenbach", "1960-03-07")}, "same_side", 0.0, 0.0),
    ("our opponent calls", {"caller": person("Bodo Straub", "1950-05-05")}, "conflict", 100.0, 0.0),
    ("our opponent is the opponent again", {"opponents": [person("Bodo Straub")]}, "same_side", 0.0, 0.0),
    ("the opponent was our client", {"opponents": [person("Thea Obermeier", "1971-10-02")]}, "check", 0.0, 100.0),
    ("the caller was our opponent", {"caller": person("Ludwig Zacher")}, "check", 0.0, 96.0),
    ("our client is the opponent's insurer", {"related": [company("Ährenfeld Mühlen", "HRB 500", side="opponent")]},
     "check", 0.0, 100.0),
    ("our client is the caller's sister", {"related": [person("Jörg Weißenbach", side="caller")]}, "same_side", 0, 0),
    ("our client is a witness", {"related": [person("Jörg Weißenbach", side="neutral")]}, "check", 0.0, 96.0),
    ("our opponent is a witness", {"related": [person("Bodo Straub", side="neutral")]}, "none", 0.0, 0.0),
    ("a relative in an open matter calls", {"caller": person("Kira Solanke")}, "check", 0.0, 96.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "meaning", "conflict", "check"), [row[1:] for row in SIDES], ids=[row[0] for row in SIDES]
)
def test_the_side_decides_what_a_match_means(
    run: Run, register: dict[str, str], stated: dict[str, Any], meaning: str, conflict: float, check: float
) -> None:
    output = run(ConflictsAgent(), register, **({"caller": STRANGER} | stated)).output
    assert (output.hits[0].relation, output.conflict_score, output.check_score) == (meaning, conflict, check)


def test_the_same_dispute_from_the_other_side_is_named(run: Run, register: dict[str, str]) -> None:
    """Our matter M-1 is Weißenbach against Sturmhöhe; now Sturmhöhe calls about Weißenbach."""
    output = run(
        ConflictsAgent(), register, caller=company("Sturmhöhe Reederei"), opponents=[person("Jörg Weißenbach")]
    ).output
    assert (output.same_matter, output.conflict_score) == ("M-1", 97.0)


def test_a_known_client_is_known_only_with_the_same_birth_date(run: Run, register: dict[str, str]) -> None:
    def known(born: str | None) -> bool:
        output = run(ConflictsAgent(), register, caller=person("Jörg Weißenbach", born)).output
        return bool(output.known_client)

    assert [known("1960-03-07"), known(None), known("1988-01-01")] == [True, False, False]


def test_the_evidence_says_who_resembles_whom_and_what_it_means(run: Run, register: dict[str, str]) -> None:
    result = run(ConflictsAgent(), register, caller=STRANGER, opponents=[company("Ährenfeld Muehlen AG")])
    assert result.summary == (
        "Ährenfeld Muehlen AG (opponent) resembles Ährenfeld Mühlen AG, client in the open matter M-3: score 97, "
        "identity unknown."
    )
    assert result.evidence == (
        {
            "what": "Ährenfeld Muehlen AG (opponent) and Ährenfeld Mühlen AG (client in M-3)",
            "value": "conflict",
            "identity": "unknown",
            "weight": 97.0,
        },
    )
    assert (result.output.screened, result.output.register_entries) == (2, 7)


def test_the_agent_is_least_sure_in_between(run: Run, register: dict[str, str]) -> None:
    def confidence(opponent: dict[str, Any]) -> float:
        return float(run(ConflictsAgent(), register, caller=STRANGER, opponents=[opponent]).confidence)

    assert confidence(person("Jörg Weißenbach", "1960-03-07")) == 0.99
    assert confidence(STRANGER) == 0.99
    assert confidence(company("Jörg Weißenbach e.K.")) == 0.542  # score 84: 0.99 − 0.49 · (1 − 1.5 / 17.5)


def test_a_name_without_letters_is_never_cleared(run: Run, register: dict[str, str]) -> None:
    with pytest.raises(AgentError, match="has no letters to compare") as caught:
        run(ConflictsAgent(), register, caller=STRANGER, opponents=[person("???")])
    assert caught.value.permanent


# Published examples: de.wikipedia.org, “Kölner Phonetik”, and Postel's rules for each group of letters.
COLOGNE = [
    ("Wikipedia", "3412"), ("Müller-Lüdenscheidt", "65752682"), ("Breschnew", "17863"), ("Heinz Classen", "068586"),
    ("Maier", "67"), ("Meyer", "67"), ("Mayr", "67"),  # the commonest of all
    ("Schmidt", "862"), ("Schmitt", "862"), ("Philipp", "351"), ("Xaver", "4837"), ("Axt", "0482"), ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("word", "expected"), COLOGNE)
def test_cologne_phonetics_gives_the_published_codes(word: str, expected: str) -> None:
    assert code(word) == expected


# Row: a company's name, what is left of it.
FORMS = [
    ("Müller GmbH & Co. KG", "mueller"), ("Nordlicht UG (haftungsbeschränkt)", "nordlicht"), ("Blau gGmbH", "blau"),
    ("Roth PartG mbB", "roth"), ("Sturm e.K.", "sturm"), ("TSV Blau e.V.", "tsv blau"), ("Acme S.p.A.", "acme"),
    ("Acme S.à r.l.", "acme"), ("Acme Sp. z o.o.", "acme"), ("Acme SE & Co. KGaA", "acme"), ("GbR Meier", "meier"),
    ("Acme Limited", "acme"), ("Acme AG", "acme"), ("Böhm & Söhne OHG", "boehm and soehne"),
    ("AG", "ag"),  # nothing else would be left
    ("AG Weser Handel", "ag weser handel"),  # here it is part of the name
    ("Müller Holding", "mueller holding"),  # no legal form
]  # fmt: skip


@pytest.mark.parametrize(("name", "bare"), FORMS)
def test_legal_forms_are_stripped(name: str, bare: str) -> None:
    assert company_spellings(name)[0] == bare


@given(
    name=st.lists(st.sampled_from(["Nordlicht", "Mühle", "Quarz", "Tanne", "Falter"]), min_size=1, max_size=3),
    form=st.sampled_from(["GmbH", "AG", "GmbH & Co. KG", "Ltd.", "S.à r.l.", "e.K.", "SE"]),
)
def test_a_legal_form_never_changes_a_companys_name(name: list[str], form: str) -> None:
    bare = " ".join(name)
    assert company_spellings(f"{bare} {form}") == company_spellings(bare)


@given(left=st.text("aeiournst ", max_size=20), right=st.text("aeiournst ", max_size=20))
def test_likeness_is_the_same_both_ways_and_within_its_bounds(left: str, right: str) -> None:
    one, other = " ".join(left.split()), " ".join(right.split())
    for likeness in (person_likeness, company_likeness):
        assert likeness(one, other) == likeness(other, one)
        assert 0 <= likeness(one, other) <= 100
        assert likeness(one, one) == 100


def test_no_two_spellings_of_a_plain_name() -> None:
    assert person_spellings("Anna Roth") == ("anna roth",)


def test_company_numbers_are_compared_without_spaces() -> None:
    one, other = Party("A", "company", None, "HRB 12 345 B"), Party("B", "company", None, "hrb12345b")
    assert compare(one, other) == ("same", 0.0)


def test_the_shipped_register_is_healthy_and_has_every_role() -> None:
    agent = ConflictsAgent()
    register = load(Path(__file__).parents[2] / "plugins/legal_intake/parties_invented.csv")
    assert agent.check(agent.Config()).message == f"{len(register.entries)} entries"
    assert {(entry.role, entry.open) for entry in register.entries} == {
        (role, is_open) for role in ("client", "opponent", "related") for is_open in (True, False)
    }


ROW = "R1,M-1,open,client,person,Jo Roe,,1980-01-01,\n"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read: No such file"),
        ("id,name\n1,Jo\n", "needs a heading with id, matter"),
        (HEADING, "at least one entry"),
        (HEADING + ROW.replace("1980-01-01", "31.12.1980"), "Line 2 of .* '31.12.1980' is not YYYY-MM-DD"),
        (HEADING + ROW.replace("Jo Roe", ""), "Line 2 of .* an id, a matter and a name"),
        (HEADING + ROW.replace("client", "friend"), "Line 2 of .* the role 'friend'"),
        (HEADING + ROW.replace("person", "dog"), "Line 2 of .* the kind 'dog'"),
        (HEADING + ROW.replace("open", "ajar"), "Line 2 of .* the status 'ajar'"),
        (b"\xff\xfe\x00", "not a CSV file in UTF-8"),
    ],
    ids=["no file", "heading", "no entry", "birth date", "no name", "role", "kind", "status", "bytes"],
)
def test_a_register_that_cannot_be_used_is_named_with_its_fault(
    run: Run, tmp_path: Path, content: str | bytes | None, fault: str
) -> None:
    path = tmp_path / "register.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    agent = ConflictsAgent()
    with pytest.raises(AgentError, match=fault):
        run(agent, {"register_file": str(path)}, caller=STRANGER)
    assert not agent.check(agent.Config(register_file=str(path))).ok


def test_it_keeps_the_contract_of_an_agent() -> None:
    check_agent(
        ConflictsAgent,
        inputs=[{"caller": STRANGER, "opponents": [company("Nordkante Wohnbau")]}],
        failing=[{"caller": STRANGER, "opponents": [person("…")]}],
    )
