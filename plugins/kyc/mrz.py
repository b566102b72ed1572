"""The machine-readable zone of passports (TD3, 2 x 44) and identity cards (TD1, 3 x 30), ICAO 9303 parts 3–5."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from .transliteration import to_mrz

_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
_PRINTABLE = frozenset(_VALUES)
_NAME_WIDTH = {"TD1": 30, "TD3": 39}


class MrzError(ValueError):
    """This text is not a machine-readable zone of a supported size."""


class Mrz(NamedTuple):
    """What is printed, field by field, fillers removed. Dates stay YYMMDD: their century is a judgement.

    `checks` tells for `number`, `birth`, `expiry`, `optional` and `composite` whether the check digit is
    right. `name_field` is the name as printed, for names too long to be printed whole.
    """

    format: str
    code: str
    issuer: str
    number: str
    surname: str
    given_names: str
    nationality: str
    birth: str
    sex: Literal["F", "M", "X"]
    expiry: str
    optional: str
    name_field: str
    checks: Mapping[str, bool]

    @property
    def name_truncated(self) -> bool:
        """The name fills its field to the last place, so more may have been cut off."""
        return not self.name_field.endswith("<")


def decode(text: str) -> Mrz:
    """Read a zone given as lines or in one piece; spaces, which scanners like to add, do not count."""
    lines = [line for line in ("".join(line.split()) for line in text.splitlines()) if line]
    lines = [line.upper() if line.isascii() else line for line in lines]
    if len(lines) == 1:
        whole = lines[0]
        width = {88: 44, 90: 30}.get(len(whole), 0)
        lines = [whole[at : at + width] for at in range(0, len(whole), width)] if width else lines
    if strange := sorted(set().union(*lines) - _PRINTABLE):
        raise MrzError(f"has characters no machine-readable zone has: {' '.join(strange[:5])}")
    sizes = [len(line) for line in lines]
    if sizes == [44, 44]:
        return _decode_td3(*lines)
    if sizes == [30, 30, 30]:
        return _decode_td1(*lines)
    raise MrzError(f"has lines of {sizes} characters; a passport has [44, 44], an identity card [30, 30, 30]")


def encode(
    *,
    format: str,
    code: str,
    issuer: str,
    number: str,
    surname: str,
    given_names: str,
    nationality: str,
    birth: date,
    sex: str,
    expiry: date,
    optional: str = "",
) -> str:
    """Print a zone, lines separated by a newline. Names are transliterated, and cut where they are too long.

    TD1 prints a number of more than nine characters by the overflow rule of part 5; TD3 has no such rule.
    """
    name = encode_name(surname, given_names, _NAME_WIDTH[format])
    born, ends = f"{birth:%y%m%d}", f"{expiry:%y%m%d}"
    born += check_digit(born)
    ends += check_digit(ends)
    sex = sex if sex in ("F", "M") else "<"
    if format == "TD3":
        if len(number) > 9 or len(optional) > 14:
            raise ValueError("a passport prints at most 9 characters of number and 14 of optional data")
        front = _fill(number, 9) + check_digit(_fill(number, 9))
        rest = _fill(optional, 14)
        rest += check_digit(rest) if optional else "<"
        lower = front + _fill(nationality, 3) + born + sex + ends + rest
        return f"{_fill(code, 2)}{_fill(issuer, 3)}{name}\n{lower}{check_digit(front + born + ends + rest)}"
    if len(number) > 9:
        beyond = number[9:] + check_digit(number) + "<"
        upper_tail = f"{number[:9]}<{_fill(beyond + optional, 15)}"
    else:
        upper_tail = _fill(number, 9) + check_digit(_fill(number, 9)) + _fill(optional, 15)
    if len(upper_tail) > 25:
        raise ValueError("number and optional data do not fit the upper line")
    second = "<" * 11
    composite = check_digit(upper_tail + born + ends + second)
    upper = f"{_fill(code, 2)}{_fill(issuer, 3)}{upper_tail}"
    return f"{upper}\n{born}{sex}{ends}{_fill(nationality, 3)}{second}{composite}\n{name}"


def encode_name(surname: str, given_names: str, width: int) -> str:
    """`SURNAME<<GIVEN<NAMES<<<`, exactly as wide as asked; the end of what is too long is cut off."""
    primary = to_mrz(surname).replace(" ", "<")
    secondary = to_mrz(given_names).replace(" ", "<")
    if secondary:
        primary = primary[: width - 3].rstrip("<")
    return _fill(f"{primary}<<{secondary}" if secondary else primary, width)[:width]


def check_digit(text: str) -> str:
    """Weights 7, 3, 1 over 0–9, A = 10 … Z = 35, filler 0; modulo 10 (part 3, section 4.9)."""
    values = [_VALUES[character] for character in text]
    return str((7 * sum(values[::3]) + 3 * sum(values[1::3]) + sum(values[2::3])) % 10)


def _fill(text: str, width: int) -> str:
    return text.ljust(width, "<")


def _decode_td3(upper: str, lower: str) -> Mrz:
    optional = lower[28:42]
    empty = not optional.strip("<")
    checks = {
        "number": _right(lower[0:9], lower[9]),
        "birth": _right(lower[13:19], lower[19]),
        "expiry": _right(lower[21:27], lower[27]),
        "optional": _right(optional, lower[42]) or (empty and lower[42] == "<"),
        "composite": _right(lower[0:10] + lower[13:20] + lower[21:43], lower[43]),
    }
    surname, given_names = _names(upper[5:44])
    return Mrz(
        format="TD3",
        code=upper[0:2].strip("<"),
        issuer=upper[2:5].strip("<"),
        number=lower[0:9].rstrip("<"),
        surname=surname,
        given_names=given_names,
        nationality=lower[10:13].strip("<"),
        birth=lower[13:19],
        sex=_sex(lower[20]),
        expiry=lower[21:27],
        optional=optional.rstrip("<"),
        name_field=upper[5:44],
        checks=checks,
    )


def _decode_td1(upper: str, middle: str, lower: str) -> Mrz:
    number, digit, optional = upper[5:14], upper[14], upper[15:30]
    if digit == "<" and optional[0] != "<":
        # Overflow: the number goes on in the optional data, followed by its check digit and a filler.
        beyond, _, optional = optional.partition("<")
        number, digit = number + beyond[:-1], beyond[-1]
    checks = {
        "number": _right(number, digit),
        "birth": _right(middle[0:6], middle[6]),
        "expiry": _right(middle[8:14], middle[14]),
        "optional": True,  # the optional data of an identity card has no check digit of its own
        "composite": _right(upper[5:30] + middle[0:7] + middle[8:15] + middle[18:29], middle[29]),
    }
    surname, given_names = _names(lower)
    return Mrz(
        format="TD1",
        code=upper[0:2].strip("<"),
        issuer=upper[2:5].strip("<"),
        number=number.rstrip("<"),
        surname=surname,
        given_names=given_names,
        nationality=middle[15:18].strip("<"),
        birth=middle[0:6],
        sex=_sex(middle[7]),
        expiry=middle[8:14],
        optional=optional.rstrip("<"),
        name_field=lower,
        checks=checks,
    )


def _right(text: str, digit: str) -> bool:
    return check_digit(text) == digit


def _names(field: str) -> tuple[str, str]:
    surname, _, given_names = field.strip("<").partition("<<")
    return _words(surname), _words(given_names)


def _words(text: str) -> str:
    return " ".join(word for word in text.split("<") if word)


def _sex(letter: str) -> Literal["F", "M", "X"]:
    return "F" if letter == "F" else "M" if letter == "M" else "X"
