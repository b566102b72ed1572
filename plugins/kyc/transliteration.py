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
    found = [_spell(upper, {}), _spell(upper, _PLAIN), _spell(upper, _X_FORMS)]
    if any("\u0400" <= letter <= "\u04ff" for letter in upper):
        found += [_spell(upper, _UKRAINIAN), _spell(upper, _ENGLISH_CYRILLIC)]
    return tuple(dict.fromkeys(found))


def to_mrz(name: str) -> str:
    """ICAO's recommended transliteration: A–Z, words separated by single spaces."""
    return spellings(name)[0]


def unknown_letters(name: str) -> bool:
    """True where the name has letters of a script that none of the tables covers (Arabic, Chinese, …)."""
    return any(letter.isalpha() and not _letter(letter, {}) and letter not in _SILENT for letter in _upper(name))


def _upper(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("ß", "ẞ").upper()


def _spell(upper: str, choices: dict[str, str]) -> str:
    for digraph, latin in _GREEK_DIGRAPHS.items():
        upper = upper.replace(digraph, latin)
    letters = (_letter(letter, choices) for letter in upper)
    return " ".join("".join(letters).split())


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
_PLAIN = {"Ä": "A", "Å": "A", "Ö": "O", "Ø": "O", "Ü": "U"}
_X_FORMS = {"Ñ": "NXX", "Ü": "UXX"}

# Section 6.B.
_CYRILLIC = {
    "А": "A", "Б": "B", "В": "V", "Г": "G", "Ґ": "G", "Д": "D", "Ђ": "D", "Ѓ": "G", "Е": "E", "Ё": "E",
    "Є": "IE", "Ж": "ZH", "З": "Z", "Ѕ": "DZ", "И": "I", "І": "I", "Ї": "I", "Й": "I", "Ј": "J", "К": "K",
    "Ќ": "K", "Л": "L", "Љ": "LJ", "М": "M", "Н": "N", "Њ": "NJ", "О": "O", "П": "P", "Р": "R", "С": "S",
    "Т": "T", "Ћ": "C", "У": "U", "Ў": "U", "Ф": "F", "Х": "KH", "Ц": "TS", "Ч": "CH", "Џ": "DZ", "Ш": "SH",
    "Щ": "SHCH", "Ъ": "IE", "Ы": "Y", "Ь": "", "Э": "E", "Ю": "IU", "Я": "IA", "Ѣ": "IE",
}  # fmt: skip
_UKRAINIAN = {"Г": "H", "И": "Y"}
_ENGLISH_CYRILLIC = {"Й": "Y", "Ю": "YU", "Я": "YA", "Ё": "YO", "Ї": "YI", "Є": "YE", "Г": "H", "И": "Y"}
_SILENT = frozenset("Ь")

# ICAO gives no table for Greek; Greek passports follow ELOT 743.
_GREEK_DIGRAPHS = {"ΟΥ": "OU", "ΟΎ": "OU", "ΑΥ": "AV", "ΕΥ": "EV", "ΓΓ": "NG", "ΓΧ": "NCH"}
_GREEK = {
    "Α": "A", "Β": "V", "Γ": "G", "Δ": "D", "Ε": "E", "Ζ": "Z", "Η": "I", "Θ": "TH", "Ι": "I", "Κ": "K",
    "Λ": "L", "Μ": "M", "Ν": "N", "Ξ": "X", "Ο": "O", "Π": "P", "Ρ": "R", "Σ": "S", "Τ": "T", "Υ": "Y",
    "Φ": "F", "Χ": "CH", "Ψ": "PS", "Ω": "O",
}  # fmt: skip
