"""The sanctions agent: names and birth dates against a list."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestration.plugin_api import AgentError
from plugins.kyc.sanctions import SanctionsAgent

HEADING = "id,name,aliases,date_of_birth,nationality,programme\n"


@pytest.fixture
def list_file(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(
        HEADING
        + "T1,Ruprecht Sägebrecht,Rupert Saegebrecht;Рупрехт Зегебрехт,1960-03-07,DE,Test\n"
        + "T2,Mina Harkerova,,1971,,Test\n"
        + "T3,Sindbad,,,,Test\n",
        encoding="utf-8",
    )
    return path


def best(output) -> tuple | None:
    return (output.hits[0].entry, output.hits[0].birth_date, output.hits[0].score) if output.hits else None


@pytest.mark.parametrize(
    ("surname", "given_names", "born", "hit"),
    [
        ("Sägebrecht", "Ruprecht", "1960-03-07", ("T1", "same", 100.0)),
        ("Saegebrecht", "Ruprecht", "1960-03-07", ("T1", "same", 100.0)),  # as printed
        ("Sagebrecht", "Ruprecht", "1960-03-07", ("T1", "same", 100.0)),  # without marks
        ("Зегебрехт", "Рупрехт", "1960-03-07", ("T1", "same", 100.0)),  # an alias in its own script
        ("Ruprecht", "Sägebrecht", "1960-03-07", ("T1", "same", 100.0)),  # names in each other's field
        ("Sägebrecht", "Ruprecht Otto", "1960-03-07", ("T1", "same", 96.0)),  # one name more
        ("Sägebrecht", "Ruprecht", "1960-07-03", ("T1", "swapped", 97.0)),
        ("Sägebrecht", "Ruprecht", "1961-01-01", ("T1", "close", 94.0)),
        ("Sägebrecht", "Ruprecht", "1985-01-01", ("T1", "different", 75.0)),
        ("Sägebrecht", "Ruprecht", None, ("T1", "unknown", 95.0)),
        ("Harkerova", "Mina", "1971-12-31", ("T2", "year_same", 100.0)),  # the list knows the year only
        ("Harkerova", "Mina", "1972-01-01", ("T2", "close", 94.0)),
        ("Harkerova", "Mina", "1990-01-01", ("T2", "different", 75.0)),
        ("Sindbad", "", "1990-01-01", ("T3", "unknown", 95.0)),  # a single name, no birth date on the list
        ("Sindbad", "Omar Karim", "1990-01-01", None),  # one name alone is no resemblance
        ("Mayerhofer", "Otto", "1960-03-07", None),
    ],
)
def test_persons_are_scored_by_name_and_birth_date(
    run, list_file: Path, surname: str, given_names: str, born: str | None, hit: tuple | None
) -> None:
    result = run(
        SanctionsAgent(), {"list": str(list_file)}, surname=surname, given_names=given_names, date_of_birth=born
    )
    assert best(result.output) == hit
    assert result.output.score == (hit[2] if hit else 0.0)


def test_a_slip_of_the_pen_still_resembles(run, list_file: Path) -> None:
    result = run(
        SanctionsAgent(), {"list": str(list_file)},
        surname="Segebrecht", given_names="Rupprecht", date_of_birth="1960-03-07",
    )  # fmt: skip
    assert 85 < result.output.score < 100


def test_everybody_the_account_is_held_for_is_screened(run, list_file: Path) -> None:
    owners = [
        {"full_name": "Otto Mayerhofer", "date_of_birth": "1980-01-01", "share": 50},
        {"full_name": "Mina Harkerova", "share": 50, "politically_exposed": False},
    ]
    result = run(SanctionsAgent(), {"list": str(list_file)}, surname="Roe", given_names="Jo", owners=owners)
    assert (result.output.screened, best(result.output)) == (3, ("T2", "unknown", 95.0))
    assert result.output.hits[0].person == "Mina Harkerova"


def test_the_evidence_says_who_resembles_whom_and_why(run, list_file: Path) -> None:
    result = run(
        SanctionsAgent(), {"list": str(list_file)},
        surname="Harkerova", given_names="Mina", date_of_birth="1990-01-01",
    )  # fmt: skip
    assert result.summary == "Mina Harkerova resembles Mina Harkerova (T2): score 75, birth date different."
    assert result.evidence == (
        {
            "what": "Mina Harkerova and Mina Harkerova (T2, Test)",
            "value": "names 100, birth date different",
            "listed_birth_date": "1971",
            "weight": 75.0,
        },
    )


def test_the_agent_is_least_sure_in_between(run, list_file: Path) -> None:
    def confidence(born: str, surname: str = "Sägebrecht") -> float:
        stated = {"surname": surname, "given_names": "Ruprecht", "date_of_birth": born}
        return run(SanctionsAgent(), {"list": str(list_file)}, **stated).confidence

    assert confidence("1960-03-07") == 0.99
    assert confidence("1960-03-07", "Mayer") == 0.99
    assert confidence("1985-01-01") == 0.71  # score 75: 0.99 - 0.49 * (1 - 7.5 / 17.5)


def test_the_shipped_list_is_found_by_its_name_and_named_by_its_fingerprint(run) -> None:
    result = run(SanctionsAgent(), surname="Zandimehr", given_names="Farrokh", date_of_birth="1959-03-21")
    assert (best(result.output), result.output.list_entries) == (("INV-018", "same", 100.0), 40)
    assert len(result.output.list_digest) == 16


def test_a_changed_list_is_read_again(run, list_file: Path) -> None:
    stated = {"surname": "Newcomer", "given_names": "Nora"}
    before = run(SanctionsAgent(), {"list": str(list_file)}, **stated).output
    list_file.write_text(HEADING + "N1,Nora Newcomer,,,,Test\n", encoding="utf-8")
    os.utime(list_file, (1, 1))
    after = run(SanctionsAgent(), {"list": str(list_file)}, **stated).output
    assert (before.score, after.score, after.list_entries) == (0.0, 95.0, 1)
    assert before.list_digest != after.list_digest


def test_a_name_that_cannot_be_compared_is_never_cleared(run, list_file: Path) -> None:
    with pytest.raises(AgentError, match="script this agent cannot compare") as caught:
        run(SanctionsAgent(), {"list": str(list_file)}, surname="山本", given_names="花子")
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read: No such file"),
        ("", "needs a heading"),
        ("id,name\n1,Jo\n", "needs a heading with id, name, aliases"),
        (HEADING, "at least one entry"),
        (HEADING + "1,Jo Roe,,31.12.1980,,Test\n", "Line 2 of .* '31.12.1980' is neither"),
        (HEADING + "1,,,,,Test\n", "Line 2 of .* needs an id and a name"),
        (b"\xff\xfe\x00", "not a CSV file in UTF-8"),
    ],
)
def test_a_list_that_cannot_be_used_is_named_with_its_fault(
    run, tmp_path: Path, content: str | bytes | None, fault: str
) -> None:
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    agent = SanctionsAgent()
    with pytest.raises(AgentError, match=fault):
        run(agent, {"list": str(path)}, surname="Roe")
    health = agent.check(agent.Config(list=str(path)))
    assert (health.ok, str(path) in health.message) == (False, True)


def test_a_usable_list_is_healthy(list_file: Path) -> None:
    agent = SanctionsAgent()
    health = agent.check(agent.Config(list=str(list_file)))
    assert (health.ok, health.message) == (True, "3 entries")
