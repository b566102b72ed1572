"""The agent that tells whether telephone and e-mail are plausible for a person living in that country."""

from __future__ import annotations

from typing import Any, Literal

import phonenumbers
from phonenumbers import PhoneNumberType
from pydantic import Field

from orchestration.plugin_api import Agent, AgentResult, Model, Request

from .email_address import DISPOSABLE, EmailAddress, judge

Problem = Literal[
    "nothing_given",
    "email_invalid",
    "email_disposable",
    "email_domain_misspelt",
    "phone_invalid",
    "phone_premium",
    "phone_virtual",
    "phone_other_region",
]
PhoneType = Literal["mobile", "fixed_line", "fixed_line_or_mobile", "premium_rate", "voip", "toll_free", "other"]

# There are more patterns than `re` keeps, and compiling one costs as much as a whole run.
phonenumbers.enable_pattern_cache()

# How much confidence is left after each problem, and what a reader of the case is told.
_PROBLEMS: dict[str, tuple[float, str]] = {
    "nothing_given": (0.0, "neither telephone nor e-mail was given"),
    "email_invalid": (0.6, "the e-mail address is not one"),
    "email_disposable": (0.5, "the e-mail address is a disposable one"),
    "email_domain_misspelt": (0.7, "the e-mail domain looks misspelt"),
    "phone_invalid": (0.6, "the telephone number does not exist"),
    "phone_premium": (0.5, "the telephone number costs the caller extra"),
    "phone_virtual": (0.85, "the telephone number is an internet number"),
    "phone_other_region": (0.85, "the telephone number belongs to another country"),
}
_TYPES: dict[int, PhoneType] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "premium_rate",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
}

# The islands share Britain's numbering plan, and people their numbers.
_BRITISH = frozenset(("GB", "GG", "IM", "JE"))


class ContactAgent(Agent):
    name, version, title = "kyc.contact", "1.0", "Checks telephone and e-mail"
    description = (
        "Checks the telephone number against the numbering plan of its country and the syntax and domain of the "
        "e-mail address. Nothing is called or mailed."
    )
    inline = True

    class Input(Model):
        country: str = Field(title="Country the person lives in (two letters)", max_length=2)
        phone: str = Field(default="", title="Telephone number", max_length=60)
        email: str = Field(default="", title="E-mail address", max_length=320)

    class Config(Model):
        disposable_domains: tuple[str, ...] = Field(default=(), title="Further domains of disposable e-mail addresses")

    class Output(Model):
        reachable: bool = Field(title="Reachable")
        phone_valid: bool | None = Field(default=None, title="Telephone number exists in its numbering plan")
        phone_e164: str | None = Field(default=None, title="Telephone number in international form")
        phone_type: PhoneType | None = Field(default=None, title="Kind of telephone number")
        phone_region: str | None = Field(default=None, title="Country of the telephone number")
        phone_region_matches: bool | None = Field(default=None, title="Telephone and address are in the same country")
        email_valid: bool | None = Field(default=None, title="E-mail address is well formed")
        email_domain: str | None = Field(default=None, title="Domain of the e-mail address")
        email_disposable: bool | None = Field(default=None, title="Disposable e-mail address")
        problems: list[Problem] = Field(default_factory=list, title="Problems found")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        phone = _phone(stated.phone, stated.country) if stated.phone.strip() else {}
        email = _email(stated.email, frozenset(config.disposable_domains)) if stated.email.strip() else None
        found = {
            "nothing_given": not phone and email is None,
            "email_invalid": email is not None and not email.valid,
            "email_disposable": email is not None and email.disposable,
            "email_domain_misspelt": email is not None and bool(email.meant),
            "phone_invalid": phone.get("phone_valid") is False,
            "phone_premium": phone.get("phone_type") == "premium_rate",
            "phone_virtual": phone.get("phone_type") == "voip",
            "phone_other_region": phone.get("phone_region_matches") is False,
        }
        problems: list[Any] = [problem for problem, there in found.items() if there]
        by_phone = phone.get("phone_valid") is True and not found["phone_premium"]
        by_email = email is not None and email.valid and not (email.disposable or email.meant)
        output = self.Output(
            reachable=by_phone or by_email,
            email_valid=None if email is None else email.valid,
            email_domain=email.domain if email is not None and email.valid else None,
            email_disposable=None if email is None else email.disposable,
            problems=problems,
            **phone,
        )
        confidence = 1.0
        for problem in problems:
            confidence *= _PROBLEMS[problem][0]
        words = "; ".join(_PROBLEMS[problem][1] for problem in problems)
        summary = f"{words[:1].upper()}{words[1:]}." if words else "Telephone and e-mail are plausible."
        if email is not None and email.meant:
            summary += f" Probably {email.meant} was meant."
        evidence = tuple({"what": _PROBLEMS[name][1], "value": name, "weight": _PROBLEMS[name][0]} for name in problems)
        return AgentResult(output, round(confidence, 3), summary, evidence)


def _email(text: str, further: frozenset[str]) -> EmailAddress:
    return judge(text, DISPOSABLE | further if further else DISPOSABLE)


def _phone(text: str, country: str) -> dict[str, Any]:
    """The `phone_…` fields of the output. A number without a country code is read as one of `country`."""
    home = country.upper()
    try:
        number = phonenumbers.parse(text, home)
    except phonenumbers.NumberParseException:
        return {"phone_valid": False}
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:  # as `is_valid_number` finds out, at half the cost of asking both
        return {"phone_valid": False}
    region = phonenumbers.region_code_for_number(number)
    return {
        "phone_valid": True,
        "phone_e164": phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        "phone_type": _TYPES.get(kind, "other"),
        "phone_region": region,
        "phone_region_matches": region == home or {region, home} <= _BRITISH,
    }
