"""Names across alphabets: ICAO's transliterations, and how alike two names are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.kyc.mrz import decode, encode_name
from plugins.kyc.names import name_score
from plugins.kyc.transliteration import spellings, to_mrz, unknown_letters


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Müller", "MUELLER"),  # section 6.A
        ("Åkesson", "AAKESSON"),
        ("Østergaard", "OESTERGAARD"),
        ("Ærø Þórður", "AEROE THORDUR"),
        ("Großmann", "GROSSMANN"),
        ("Łucja Żółć", "LUCJA ZOLC"),
        ("Đặng Nguyễn", "DANG NGUYEN"),  # more than one mark on a letter
        ("İpek Işık", "IPEK ISIK"),  # with and without a dot
        ("Ĳsbrand Œuvrard", "IJSBRAND OEUVRARD"),
        ("d'Águila-Ñez", "DAGUILA NEZ"),
        ("Щербаков Юлия", "SHCHERBAKOV IULIIA"),  # section 6.B
        ("Љубица Ђорђевић", "LJUBITSA DORDEVIC"),
        ("Παπαδόπουλος", "PAPADOPOULOS"),  # ELOT 743
        ("O’Brien", "OBRIEN"),
        ("  Anna   Maria ", "ANNA MARIA"),
    ],
)
def test_names_are_transliterated_as_icao_recommends(name: str, printed: str) -> None:
    assert to_mrz(name) == printed


@pytest.mark.parametrize(
    ("name", "also"),
    [
        ("Müller", {"MULLER", "MUXXLLER"}),
        ("Peña", {"PENXXA"}),
        ("Гриценко", {"HRYTSENKO"}),
        ("Юрій", {"YURIY"}),
    ],
)
def test_other_usual_spellings_are_known(name: str, also: set[str]) -> None:
    assert also <= set(spellings(name))


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("Müller-Łoś", False),
        ("Наталья", False),  # the soft sign is silent, not unknown
        ("Ελένη", False),
        ("山本", True),
        ("فاطمة", True),
        ("Anna 山", True),
    ],
)
def test_scripts_without_a_table_are_noticed(name: str, unknown: bool) -> None:
    assert unknown_letters(name) is unknown


@given(name=st.text(max_size=60))
def test_every_spelling_can_be_printed(name: str) -> None:
    for spelling in spellings(name):
        assert set(spelling) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
        assert spelling == " ".join(spelling.split())
    assert len(encode_name(name, name, 30)) == 30


def zone(surname: str, given_names: str):
    lower = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
    return decode(f"P<UTO{encode_name(surname, given_names, 39)}\n{lower}")


LONG = ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang")


@pytest.mark.parametrize(
    ("printed", "typed", "least", "most"),
    [
        (("Eriksson", "Anna Maria"), ("Eriksson", "Anna Maria"), 100, 100),
        (("Müller", "Jürgen"), ("Müller", "Jürgen"), 100, 100),  # printed MUELLER<<JUERGEN
        (("Müller", "Jürgen"), ("Mueller", "Juergen"), 100, 100),
        (("Mueller", "Juergen"), ("Muller", "Jurgen"), 90, 96),  # typed without marks
        (("Eriksson", "Anna Maria"), ("Eriksson", "Anna"), 97, 98),  # a name left out: 100 and 95 by halves
        (("Eriksson", "Anna Maria"), ("Eriksson", "Maria Anna"), 100, 100),  # in another order
        (("Eriksson", "Anna Maria"), ("Anna Maria", "Eriksson"), 90, 90),  # in each other's field
        (("Eriksson", "Anna"), ("Erikson", "Anna"), 95, 99),  # a slip
        (("Shevchenko", "Taras"), ("Шевченко", "Тарас"), 100, 100),
        (("Sukarno", ""), ("Sukarno", ""), 100, 100),  # a single name
        (("Sukarno", ""), ("Sukarno", "Budi"), 50, 50),
        (("Eriksson", "Anna"), ("Baumgartner", "Anna"), 50, 75),  # another surname
        (("Eriksson", "Anna"), ("Kowalczyk", "Piotr"), 0, 45),  # another person
        # cut off after 39 characters on the document
        (
            ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang"),
            ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang"),
            100,
            100,
        ),
    ],
)
def test_names_are_scored_by_how_alike_they_are(
    printed: tuple[str, str], typed: tuple[str, str], least: float, most: float
) -> None:
    assert least <= name_score(*typed, zone(*printed)) <= most


@given(surname=st.text("ABCÄÖÜŁ", min_size=1, max_size=8), given_names=st.text("XYZÉ", max_size=8))
def test_a_name_is_always_entirely_like_itself(surname: str, given_names: str) -> None:
    assert name_score(surname, given_names, zone(surname, given_names)) == 100
