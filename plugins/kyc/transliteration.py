"""Names in the letters a machine-readable zone can print (ICAO 9303 part 3, section 6)."""

from __future__ import annotations

import unicodedata


def spellings(name: str) -> tuple[str, ...]:
    """The ways an issuing state may print this name: words of A–Z with single spaces between, best first.

    The first is ICAO's recommended transliteration (Ü → UE, Å → AA, Щ → SHCH). Others follow where states
    are free to choose: without the second letter (Ü → U, which is also how people type), the Ukrainian
    reading of Г and И, Ñ → NXX and Ü → UXX. A letter no table knows is dropped.
    """
    upper = _upper(name)
    if upper.isascii():
        return (_spell(upper, _ICAO),)
    tables = [_ICAO, _PLAIN, _X_FORMS]
    if any("\u0400" <= letter <= "\u04ff" for letter in upper):
        tables += [_UKRAINIAN, _ENGLISH_CYRILLIC]
    return tuple(dict.fromkeys(_spell(upper, table) for table in tables))


def to_mrz(name: str) -> str:
    """ICAO's recommended transliteration: A–Z, words separated by single spaces."""
    return spellings(name)[0]


def unknown_letters(name: str) -> bool:
    """True where the name has letters of a script that none of the tables covers (Arabic, Chinese, …)."""
    if name.isascii():
        return False
    return any(letter.isalpha() and not _letter(letter, {}) and letter not in _SILENT for letter in _upper(name))


def _upper(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("ß", "ẞ").upper()


def _spell(upper: str, table: _Table) -> str:
    if not upper.isascii():
        for digraph, latin in _GREEK_DIGRAPHS.items():
            upper = upper.replace(digraph, latin)
    return " ".join(upper.translate(table).split())


def _letter(letter: str, choices: dict[str, str]) -> str:
    if "A" <= letter <= "Z":
        return letter
    for table in (choices, _LATIN, _CYRILLIC, _GREEK):
        if letter in table:
            return table[letter]
    if letter.isspace() or letter in "-‐‑–—/":
        return " "
    base = unicodedata.normalize("NFD", letter)[0]
    if base == letter:
        return ""
    return base if "A" <= base <= "Z" else _CYRILLIC.get(base, _GREEK.get(base, ""))


# Section 6.A. Every other Latin letter with a mark loses the mark (É → E, Ş → S, Ž → Z).
_LATIN = {
    "Ä": "AE", "Å": "AA", "Æ": "AE", "Ð": "D", "Đ": "D", "Ħ": "H", "Ĳ": "IJ", "Ł": "L", "Ŋ": "N",
    "Ö": "OE", "Ø": "OE", "Œ": "OE", "Ŧ": "T", "Þ": "TH", "Ü": "UE", "ẞ": "SS", "ĸ": "Q", "ı": "I", "Ə": "E",
}  # fmt: skip
_WITHOUT_SECOND = {"Ä": "A", "Å": "A", "Ö": "O", "Ø": "O", "Ü": "U"}
_WITH_XX = {"Ñ": "NXX", "Ü": "UXX"}

# Section 6.B.
_CYRILLIC = {
    "А": "A", "Б": "B", "В": "V", "Г": "G", "Ґ": "G", "Д": "D", "Ђ": "D", "Ѓ": "G", "Е": "E", "Ё": "E",
    "Є": "IE", "Ж": "ZH", "З": "Z", "Ѕ": "DZ", "И": "I", "І": "I", "Ї": "I", "Й": "I", "Ј": "J", "К": "K",
    "Ќ": "K", "Л": "L", "Љ": "LJ", "М": "M", "Н": "N", "Њ": "NJ", "О": "O", "П": "P", "Р": "R", "С": "S",
    "Т": "T", "Ћ": "C", "У": "U", "Ў": "U", "Ф": "F", "Х": "KH", "Ц": "TS", "Ч": "CH", "Џ": "DZ", "Ш": "SH",
    "Щ": "SHCH", "Ъ": "IE", "Ы": "Y", "Ь": "", "Э": "E", "Ю": "IU", "Я": "IA", "Ѣ": "IE",
}  # fmt: skip
_READ_AS_UKRAINIAN = {"Г": "H", "И": "Y"}
_READ_AS_ENGLISH = {"Й": "Y", "Ю": "YU", "Я": "YA", "Ё": "YO", "Ї": "YI", "Є": "YE", "Г": "H", "И": "Y"}
_SILENT = frozenset("Ь")

# ICAO gives no table for Greek; Greek passports follow ELOT 743.
_GREEK_DIGRAPHS = {"ΟΥ": "OU", "ΟΎ": "OU", "ΑΥ": "AV", "ΕΥ": "EV", "ΓΓ": "NG", "ΓΧ": "NCH"}
_GREEK = {
    "Α": "A", "Β": "V", "Γ": "G", "Δ": "D", "Ε": "E", "Ζ": "Z", "Η": "I", "Θ": "TH", "Ι": "I", "Κ": "K",
    "Λ": "L", "Μ": "M", "Ν": "N", "Ξ": "X", "Ο": "O", "Π": "P", "Ρ": "R", "Σ": "S", "Τ": "T", "Υ": "Y",
    "Φ": "F", "Χ": "CH", "Ψ": "PS", "Ω": "O",
}  # fmt: skip


class _Table(dict[int, str]):
    """For `str.translate`. The letters of European names are worked out beforehand, all others when they come."""

    def __init__(self, choices: dict[str, str]) -> None:
        usual = {*map(chr, range(0x180)), *_LATIN, *_CYRILLIC, *_GREEK}
        super().__init__({ord(letter): _letter(letter, choices) for letter in usual})
        self._choices = choices

    def __missing__(self, code: int) -> str:
        return _letter(chr(code), self._choices)


_ICAO, _PLAIN, _X_FORMS = _Table({}), _Table(_WITHOUT_SECOND), _Table(_WITH_XX)
_UKRAINIAN, _ENGLISH_CYRILLIC = _Table(_READ_AS_UKRAINIAN), _Table(_READ_AS_ENGLISH)
