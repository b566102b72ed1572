"""Texts of agents keep no secret, nor a piece of one where their middle was left out."""

import pytest

from orchestration.agents.talk import PRINTED_BYTES, Capture
from orchestration.agents.text import clean

SECRETS = [
    "sk-ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcd",
    "fünfßig-grüne-bäume-über-dem-fluß",  # letters of several bytes are cut through, too
    "abcabcabcabcabcabcabcabc",  # begins as it ends
]


def pieces(text: str, secret: str) -> list[str]:
    return [secret[at : at + 6] for at in range(len(secret) - 5) if secret[at : at + 6] in text]


@pytest.mark.parametrize("shift", range(0, 45, 4))
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_was_printed_all_over_leaves_no_piece(secret: str, shift: int) -> None:
    capture = Capture()
    for line in ["x" * shift, *[secret] * (4 * PRINTED_BYTES // len(secret))]:
        capture.add(f"{line}\n".encode())
    printed = clean(capture.text([secret]), 16_000, [secret])
    assert "bytes left out" in printed
    assert pieces(printed, secret) == []
    told = clean("x" * shift + f"{secret}\n" * 2_000, 2_000, [secret])
    assert "characters left out" in told
    assert pieces(told, secret) == []


def test_what_is_no_secret_is_left_as_it_is() -> None:
    text = "".join(f"line {number}\n" for number in range(10_000))
    told = clean(text, 1_000, ["line-of-credit"])
    assert told.startswith("line 0\nline 1\n")
    assert told.endswith("line 9998\nline 9999\n")
    capture = Capture(1_000)
    capture.add(text.encode())
    assert capture.text(["line-of-credit"]).startswith("line 0\nline 1\n")
