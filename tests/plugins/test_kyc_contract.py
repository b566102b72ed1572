"""Every agent of the KYC plugin keeps the promises of an agent."""

from typing import Any

import pytest

from orchestration.testing import promises
from plugins.kyc.address import AddressAgent
from plugins.kyc.contact import ContactAgent
from plugins.kyc.identity import IdentityAgent
from plugins.kyc.sanctions import SanctionsAgent

PASSPORT = {
    "surname": "Eriksson",
    "given_names": "Anna Maria",
    "date_of_birth": "1974-08-12",
    "nationality": "SE",
    "document_type": "passport",
    "mrz": "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "application_date": "2012-01-31",
}
AGENTS: list[tuple[Any, list[dict[str, Any]]]] = [
    (IdentityAgent, [PASSPORT, {**PASSPORT, "mrz": "unreadable"}]),
    (
        AddressAgent,
        [
            {"country": "DE", "street_address": "Am Markt 1", "city": "Bremen", "postal_code": "28195"},
            {"country": "QQ"},
        ],
    ),
    (ContactAgent, [{"country": "GB", "phone": "020 7946 0018", "email": "ada@example.org"}, {"country": "GB"}]),
    (SanctionsAgent, [{"surname": "Lovelace", "given_names": "Ada", "date_of_birth": "1985-12-10"}, {"surname": "?"}]),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "promise",
    [
        pytest.param(promise, id=f"{agent.name}-{promise}")
        for agent, inputs in AGENTS
        for promise in promises(agent, inputs=inputs)
    ],
)
def test_promise(promise: Any) -> None:
    promise()
