"""The contact agent: telephone numbers and e-mail addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.kyc.contact import ContactAgent
from plugins.kyc.email_address import judge


@pytest.mark.parametrize(
    ("country", "phone", "e164", "kind", "region", "matches"),
    [
        ("DE", "+49 151 23456789", "+4915123456789", "mobile", "DE", True),
        ("DE", "030 901820", "+4930901820", "fixed_line", "DE", True),  # read as a number of the country
        ("de", "0049 30 901820", "+4930901820", "fixed_line", "DE", True),
        ("FR", "+49 30 901820", "+4930901820", "fixed_line", "DE", False),
        ("US", "(415) 555-2671", "+14155552671", "fixed_line_or_mobile", "US", True),
        ("GB", "+44 7911 123456", "+447911123456", "mobile", "GG", True),  # Guernsey shares Britain's numbers
        ("DE", "0900 1 123456", "+499001123456", "premium_rate", "DE", True),
    ],
)
def test_numbers_are_read_by_the_numbering_plan(
    run, country: str, phone: str, e164: str, kind: str, region: str, matches: bool
) -> None:
    output = run(ContactAgent(), country=country, phone=phone).output
    assert output.phone_valid is True
    found = (output.phone_e164, output.phone_type, output.phone_region, output.phone_region_matches)
    assert found == (e164, kind, region, matches)


@pytest.mark.parametrize("phone", ["123", "+49 1", "call me", "+999 12345678", "000", "+49 151 2345678901234"])
def test_numbers_that_do_not_exist_are_refused(run, phone: str) -> None:
    output = run(ContactAgent(), country="DE", phone=phone).output
    assert (output.phone_valid, output.phone_e164, output.problems) == (False, None, ["phone_invalid"])


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("anna.muster@example.org", True),
        ("a+b_c@sub.example.co.uk", True),
        ("o'brien@example.ie", True),
        ("jürgen@müller.de", True),  # RFC 6531
        ("क@उदाहरण.भारत", True),
        ("x@xn--mller-kva.de", True),
        (" padded@example.org ", True),
        ("no-at-sign.example.org", False),
        ("two@@example.org", False),
        ("dot.@example.org", False),
        (".dot@example.org", False),
        ("a..b@example.org", False),
        ("a b@example.org", False),
        ("a@localhost", False),
        ("a@example.c", False),
        ("a@-example.org", False),
        ("a@example-.org", False),
        ("a@exam_ple.org", False),
        ("a@127.0.0.1", False),
        ("a@example.org\nbcc: b@example.org", False),
        ("x" * 65 + "@example.org", False),
        ("@example.org", False),
    ],
)
def test_email_addresses_are_judged_by_what_mail_servers_accept(text: str, valid: bool) -> None:
    assert judge(text).valid is valid


@pytest.mark.parametrize(
    ("stated", "reachable", "problems", "confidence"),
    [
        ({"phone": "+4930901820", "email": "a@example.org"}, True, [], 1.0),
        ({"phone": "+4930901820"}, True, [], 1.0),
        ({"email": "a@example.org"}, True, [], 1.0),
        ({}, False, ["nothing_given"], 0.0),
        ({"phone": " ", "email": ""}, False, ["nothing_given"], 0.0),
        ({"phone": "+4930901820", "email": "a@mailinator.com"}, True, ["email_disposable"], 0.5),
        ({"email": "a@eu.mailinator.com"}, False, ["email_disposable"], 0.5),  # below a known domain
        ({"email": "a@gmial.com"}, False, ["email_domain_misspelt"], 0.7),
        ({"phone": "123", "email": "nobody"}, False, ["email_invalid", "phone_invalid"], 0.36),
        ({"phone": "+499001123456"}, False, ["phone_premium"], 0.5),
        ({"phone": "+33142685300"}, True, ["phone_other_region"], 0.85),
    ],
)
def test_reachable_means_one_plausible_way(
    run, stated: dict, reachable: bool, problems: list[str], confidence: float
) -> None:
    result = run(ContactAgent(), country="DE", **stated)
    assert (result.output.reachable, result.output.problems, result.confidence) == (reachable, problems, confidence)


def test_what_was_probably_meant_is_said(run) -> None:
    result = run(ContactAgent(), country="DE", email="a@gmial.com")
    assert result.summary == "The e-mail domain looks misspelt. Probably gmail.com was meant."


def test_further_disposable_domains_are_a_setting(run) -> None:
    result = run(ContactAgent(), {"disposable_domains": ["example.org"]}, country="DE", email="a@example.org")
    assert result.output.email_disposable is True


@given(text=st.text(max_size=80))
def test_a_valid_address_has_one_domain_with_a_dot(text: str) -> None:
    found = judge(text)
    assert ("." in found.domain and "@" not in found.domain) is found.valid
