"""The agent that tells how far an address can be relied on, by the postal rules of its country."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from orchestration.plugin_api import Agent, AgentResult, Model, Request

from .places import Country, Place, country

Weakness = Literal[
    "country_unknown",
    "placeholder",
    "street_address_missing",
    "city_missing",
    "country_area_missing",
    "city_area_missing",
    "postal_code_missing",
    "postal_code_invalid",
    "postal_code_elsewhere",
    "postal_code_rewritten",
    "postal_code_not_used",
    "no_postal_codes",
    "country_area_unknown",
    "city_unknown",
    "house_number_missing",
    "post_office_box",
]

# How much confidence is left after each weakness, and what a reader of the case is told.
_WEAKNESSES: dict[str, tuple[float, str]] = {
    "country_unknown": (0.0, "the country code is not known"),
    "placeholder": (0.3, "a field is filled with a placeholder"),
    "street_address_missing": (0.4, "the street is missing"),
    "city_missing": (0.5, "the city is missing"),
    "country_area_missing": (0.85, "the state or province is missing"),
    "city_area_missing": (0.95, "the district is missing"),
    "postal_code_missing": (0.6, "the postal code is missing"),
    "postal_code_invalid": (0.6, "the postal code does not have the country's form"),
    "postal_code_elsewhere": (0.7, "the postal code belongs to another state or province"),
    "postal_code_rewritten": (0.93, "the postal code had to be rewritten into the country's form"),
    "postal_code_not_used": (0.97, "this country uses no postal codes"),
    "no_postal_codes": (0.88, "without postal codes there is little to verify the address by"),
    "country_area_unknown": (0.85, "the state or province is not known"),
    "city_unknown": (0.9, "the city is not known in its state or province"),
    "house_number_missing": (0.87, "the street has no house number"),
    "post_office_box": (0.65, "a post-office box is not where a person lives"),
}
_BOX = re.compile(
    r"\b(p\.?\s*o\.?\s*box|post(fach|bus|boks|lagernd)|case postale|b\.?p\.? \d|apartado|casella postale"
    r"|skr\.? poczt|poste restante|caixa postal)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"(?:x{2,}|-+|\.+|\?+|n/?a|none|null|unknown|unbekannt|test|asdf\w*|qwert\w*|0+|address|street|city)",
    re.IGNORECASE,
)


class AddressAgent(Agent):
    name, version, title = "kyc.address", "1.0", "Verifies the address by its country's postal rules"
    description = (
        "Looks for the fields a country's addresses need, the form of its postal codes, its states and cities, "
        "and for placeholders and post-office boxes. Confidence falls with each weakness; abroad it starts "
        "lower, since less is known."
    )
    inline = True

    class Input(Model):
        country: str = Field(title="Country (two letters)", max_length=2)
        street_address: str = Field(default="", title="Street and number", max_length=500)
        city: str = Field(default="", title="City", max_length=200)
        city_area: str = Field(default="", title="District", max_length=200)
        country_area: str = Field(default="", title="State or province", max_length=200)
        postal_code: str = Field(default="", title="Postal code", max_length=40)

    class Config(Model):
        home_country: str = Field(default="DE", title="The bank's own country", pattern="^[A-Z]{2}$")
        confidence_abroad: float = Field(
            default=0.92, title="Confidence in a faultless address of another country", ge=0, le=1
        )

    class Output(Model):
        complete: bool = Field(title="Complete")
        international: bool = Field(title="Abroad")
        country: str = Field(title="Country")
        street_address: str = Field(default="", title="Street and number")
        city: str = Field(default="", title="City")
        city_area: str = Field(default="", title="District")
        country_area: str = Field(default="", title="State or province")
        postal_code: str = Field(default="", title="Postal code in the country's form")
        formatted: str = Field(default="", title="As written on an envelope")
        postal_code_valid: bool | None = Field(default=None, title="Postal code has the country's form")
        weaknesses: list[Weakness] = Field(default_factory=list, title="Weaknesses found")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        code = stated.country.strip().upper()
        given: dict[str, Any] = {
            name: " ".join(getattr(stated, name).split())
            for name in ("street_address", "city", "city_area", "country_area", "postal_code")
        }
        international = code != config.home_country
        rules = country(code)
        if rules is None:
            output = self.Output(
                complete=False, international=international, country=code, weaknesses=["country_unknown"], **given
            )
            return AgentResult(output, 0.0, f"There is no country with the code {code!r}.")
        address, weaknesses, valid = _judge(rules, given)
        confidence = config.confidence_abroad if international else 1.0
        for weakness in weaknesses:
            confidence *= _WEAKNESSES[weakness][0]
        output = self.Output(
            complete=not any(name.endswith("_missing") and name[:-8] in rules.required for name in weaknesses),
            international=international,
            country=code,
            formatted=rules.lay_out(address),
            postal_code_valid=valid,
            weaknesses=weaknesses,
            **address,
        )
        evidence = tuple(
            {"what": _WEAKNESSES[name][1], "value": name, "weight": _WEAKNESSES[name][0]} for name in weaknesses
        )
        return AgentResult(output, round(confidence, 3), _summary(rules, weaknesses, international), evidence)


def _judge(rules: Country, given: Mapping[str, str]) -> tuple[dict[str, Any], list[Any], bool | None]:
    """The address in the country's form, its weaknesses, and whether the postal code is right."""
    address: dict[str, Any] = dict(given)
    weak = [f"{name}_missing" for name in given if name in rules.required and not given[name]]
    if any(_PLACEHOLDER.fullmatch(value) for value in given.values()):
        weak.append("placeholder")
    if given["street_address"]:
        if _BOX.search(given["street_address"]):
            weak.append("post_office_box")
        elif not any(letter.isnumeric() for letter in given["street_address"]):
            weak.append("house_number_missing")
    places: list[Place] = [rules]
    if rules.below and given["country_area"]:
        if area := rules.find(given["country_area"]):
            places.append(area)
            address["country_area"] = area.name
            if area.below and given["city"]:
                if city := area.find(given["city"]):
                    places.append(city)
                    address["city"] = city.name
                else:
                    weak.append("city_unknown")
        else:
            weak.append("country_area_unknown")
    valid: bool | None = None
    if (pattern := rules.zip) is None:
        weak.append("no_postal_codes")
        if given["postal_code"]:
            weak.append("postal_code_not_used")
    elif given["postal_code"]:
        address["postal_code"], weakness = _postal_code(pattern, places, given["postal_code"])
        valid = weakness in ("", "postal_code_rewritten")
        weak += [weakness] if weakness else []
    return address, list(dict.fromkeys(weak)), valid


def _postal_code(pattern: re.Pattern[str], places: list[Place], text: str) -> tuple[str, str]:
    """The code in the country's form, and the weakness it has, if any."""
    code, weakness = text, ""
    if not pattern.fullmatch(code):
        code, weakness = _rewrite(pattern, text), "postal_code_rewritten"
        if not code:
            return text, "postal_code_invalid"
    if any(place.zip and not place.zip.match(code) for place in places[1:]):
        return code, "postal_code_elsewhere"
    return code, weakness


def _rewrite(pattern: re.Pattern[str], text: str) -> str:
    """The same letters and digits in the country's form: with its separators, without a prefix such as `CH-`."""
    if pattern.fullmatch(text.upper()):
        return text.upper()
    bare = re.sub(r"[^0-9A-Z]", "", text.upper())
    for letters in (bare, re.sub(r"^[A-Z]{1,3}(?=\d)", "", bare)):
        for separator in ("", "-", " "):
            for at in range(1, len(letters)) if separator else (0,):
                code = letters[:at] + separator + letters[at:]
                if pattern.fullmatch(code):
                    return code
    return ""


def _summary(rules: Country, weaknesses: list[str], international: bool) -> str:
    start = f"Address in {rules.name.title()}" + (" (abroad)" if international else "")
    if not weaknesses:
        return f"{start}: complete, postal code right."
    return f"{start}: " + "; ".join(_WEAKNESSES[name][1] for name in weaknesses) + "."
