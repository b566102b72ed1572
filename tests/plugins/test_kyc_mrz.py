"""The machine-readable zone: ICAO's specimens, worked examples, and what holds for every document."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.kyc.mrz import MrzError, check_digit, decode, encode, encode_name
from plugins.kyc.mrz_dates import birth_date, expiry_date

PASSPORT = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
CARD = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
LONG_NUMBER = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
ALL_RIGHT = dict.fromkeys(("number", "birth", "expiry", "optional", "composite"), True)


@pytest.mark.parametrize(
    ("text", "digit"),
    [
        ("520727", "3"),  # part 3, example 1: 5*7+2*3+0*1+7*7+2*3+7*1 = 103
        ("AB2134<<<", "5"),  # part 3, example 2: a document number with fillers
        ("L898902C3", "6"),  # the passport specimen's number
        ("ZE184226B<<<<<", "1"),  # its personal number
        ("HA672242<658022549601086<<<<<<<<<<<<<<0", "8"),  # part 3, example 5: a composite digit
        ("D23145890734", "9"),  # a number of twelve characters
        ("<<<<<<<<<", "0"),  # fillers only
    ],
)
def test_check_digits_are_those_of_the_standard(text: str, digit: str) -> None:
    assert check_digit(text) == digit


def test_the_passport_specimen_is_read() -> None:
    zone = decode(PASSPORT)
    assert (zone.format, zone.code, zone.issuer, zone.nationality) == ("TD3", "P", "UTO", "UTO")
    assert (zone.surname, zone.given_names, zone.sex) == ("ERIKSSON", "ANNA MARIA", "F")
    assert (zone.number, zone.birth, zone.expiry, zone.optional) == ("L898902C3", "740812", "120415", "ZE184226B")
    assert zone.checks == ALL_RIGHT
    assert not zone.name_truncated


def test_the_identity_card_specimen_is_read() -> None:
    zone = decode(CARD)
    assert (zone.format, zone.code, zone.issuer, zone.nationality) == ("TD1", "I", "UTO", "UTO")
    assert (zone.surname, zone.given_names, zone.sex) == ("ERIKSSON", "ANNA MARIA", "F")
    assert (zone.number, zone.birth, zone.expiry, zone.optional) == ("D23145890", "740812", "120415", "")
    assert zone.checks == ALL_RIGHT


def test_a_number_too_long_for_its_field_goes_on_in_the_optional_data() -> None:
    # Part 11, appendix D.2.
    zone = decode(LONG_NUMBER)
    assert (zone.number, zone.optional, zone.checks) == ("D23145890734", "", ALL_RIGHT)


def test_optional_data_after_a_long_number_is_kept_apart() -> None:
    upper = "I<UTOD23145890<7349<AB12<<<<<<"
    zone = decode(LONG_NUMBER.replace("I<UTOD23145890<7349<<<<<<<<<<<", upper))
    assert (zone.number, zone.optional) == ("D23145890734", "AB12")


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        (PASSPORT.replace("\n", ""), PASSPORT),  # in one piece
        (CARD.replace("\n", "\r\n") + "\r\n", CARD),  # with the line ends of another system
        (PASSPORT.lower(), PASSPORT),  # in small letters
        ("  ".join(PASSPORT[:20]) + PASSPORT[20:], PASSPORT),  # with the spaces of a scanner
    ],
)
def test_harmless_differences_in_writing_are_accepted(text: str, same_as: str) -> None:
    assert decode(text) == decode(same_as)


@pytest.mark.parametrize(
    "text",
    [
        "",  # nothing
        PASSPORT[:-1],  # one character lost
        CARD.rsplit("\n", 1)[0],  # one line lost
        PASSPORT.replace("<", "*"),  # a character no zone has
        "I<UTO" + "Ä" * 25 + CARD[30:],  # a letter no zone has
        "A" * 89,  # neither size
        PASSPORT.replace("SS", "ß"),  # a letter whose capital would be two
        PASSPORT[:42] + "ß" + PASSPORT[44:],  # the same, where it would fit
    ],
)
def test_what_is_not_a_zone_is_refused(text: str) -> None:
    with pytest.raises(MrzError):
        decode(text)


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        (45 + 0, {"number", "composite"}),
        (45 + 13, {"birth", "composite"}),
        (45 + 21, {"expiry", "composite"}),
        (45 + 28, {"optional", "composite"}),
        (45 + 43, {"composite"}),
        (45 + 20, set()),  # sex is under no check digit
    ],
)
def test_a_changed_character_shows_in_the_check_digits_that_cover_it(at: int, wrong: set[str]) -> None:
    other = "4" if PASSPORT[at] != "4" else "5"
    zone = decode(PASSPORT[:at] + other + PASSPORT[at + 1 :])
    assert {name for name, right in zone.checks.items() if not right} == wrong


@pytest.mark.parametrize(
    ("surname", "given_names", "printed"),
    [
        ("Eriksson", "Anna Maria", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
        ("Smith-Jones", "Susie Margaret", "SMITH<JONES<<SUSIE<MARGARET<<<<<<<<<<<<"),  # a hyphen is a filler
        ("O'Connor", "Enya Siobhan", "OCONNOR<<ENYA<SIOBHAN<<<<<<<<<<<<<<<<<<"),  # an apostrophe is left out
        ("Arkfreith", "", "ARKFREITH<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<"),  # a single name
        # part 4: a long name is cut off
        ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang", "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"),
    ],
)
def test_names_are_printed_as_in_the_examples_of_part_4(surname: str, given_names: str, printed: str) -> None:
    assert encode_name(surname, given_names, 39) == printed


@pytest.mark.parametrize(
    ("text", "on", "born", "ends"),
    [
        ("740812", "2012-01-01", "1974-08-12", "1974-08-12"),
        ("120415", "2012-01-01", "1912-04-15", "2012-04-15"),  # after the day: the last century's birth
        ("300101", "2026-06-01", "1930-01-01", "2030-01-01"),
        ("260601", "2026-06-01", "2026-06-01", "2026-06-01"),  # the day itself
        ("000229", "2026-06-01", "2000-02-29", "2000-02-29"),  # 1900 was no leap year
        ("990101", "2099-06-01", "2099-01-01", "2099-01-01"),
        ("030101", "2098-06-01", "2003-01-01", "2103-01-01"),  # valid into the next century
        ("740230", "2012-01-01", None, None),  # no such day
        ("74<<<<", "2012-01-01", None, None),  # month and day unknown
        ("٧٤٠٨١٢", "2012-01-01", None, None),  # digits, but not those of a zone
    ],
)
def test_the_century_is_judged_from_the_day(text: str, on: str, born: str | None, ends: str | None) -> None:
    day = date.fromisoformat(on)
    assert birth_date(text, day) == (born and date.fromisoformat(born))
    assert expiry_date(text, day) == (ends and date.fromisoformat(ends))


NAMES = st.lists(st.text(string.ascii_uppercase, min_size=1, max_size=4), min_size=1, max_size=2).map(" ".join)
DOCUMENTS = st.fixed_dictionaries(
    {
        "code": st.sampled_from(["P", "PD", "PS"]),
        "issuer": st.sampled_from(["D", "UTO", "FRA"]),
        "number": st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=9),
        "surname": NAMES,
        "given_names": NAMES | st.just(""),
        "nationality": st.sampled_from(["D", "UTO", "JPN"]),
        "birth": st.dates(date(1930, 1, 1), date(2025, 12, 31)),
        "sex": st.sampled_from(["F", "M", "X"]),
        "expiry": st.dates(date(2026, 1, 1), date(2040, 12, 31)),
        "optional": st.text(string.ascii_uppercase + string.digits, max_size=8),
    }
)


@given(document=DOCUMENTS, format=st.sampled_from(["TD1", "TD3"]))
def test_what_is_printed_is_read_back(document: dict, format: str) -> None:
    if format == "TD1":
        document |= {"code": "I"}
    zone = decode(encode(format=format, **document))
    today = date(2026, 1, 1)
    read = {name: getattr(zone, name) for name in document}
    read |= {"birth": birth_date(zone.birth, today), "expiry": expiry_date(zone.expiry, today)}
    assert read == document
    assert zone.checks == ALL_RIGHT


@given(
    number=st.text(string.ascii_uppercase + string.digits, min_size=10, max_size=20),
    optional=st.text(string.ascii_uppercase + string.digits, max_size=2),
)
def test_long_numbers_of_cards_are_read_back(number: str, optional: str) -> None:
    text = encode(
        format="TD1", code="I", issuer="UTO", number=number, surname="Roe", given_names="Jo", nationality="UTO",
        birth=date(1980, 1, 1), sex="F", expiry=date(2030, 1, 1), optional=optional,
    )  # fmt: skip
    zone = decode(text)
    assert (zone.number, zone.optional, zone.checks) == (number, optional, ALL_RIGHT)


CHARACTERS = string.digits + string.ascii_uppercase + "<"


@given(text=st.text(CHARACTERS, min_size=1, max_size=40), other=st.sampled_from(CHARACTERS), place=st.integers(0))
def test_one_changed_character_changes_the_digit_unless_its_value_is_ten_apart(
    text: str, other: str, place: int
) -> None:
    def value(character: str) -> int:
        return 0 if character == "<" else int(character, 36)

    at = place % len(text)
    changed = text[:at] + other + text[at + 1 :]
    alike = (value(text[at]) - value(other)) % 10 == 0
    assert (check_digit(changed) == check_digit(text)) is alike


@given(text=st.text(CHARACTERS + "\n", max_size=100) | st.text(max_size=100))
def test_text_of_another_size_is_never_taken_for_a_zone(text: str) -> None:
    if sum(not character.isspace() for character in text) not in (88, 90):
        with pytest.raises(MrzError, match=r"^has "):
            decode(text)
