"""Facts that stay here: replaced by placeholders before anything leaves, and put back into the answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_WHOLE_WORD_BELOW: Final = 5
_SHORTEST_SEARCHED: Final = 2


class Private:
    """The private values of one run. `mark` is a word of this run that no outside party can know.

    A value is hidden in its own place and wherever else it stands in the facts, whatever the case of its
    letters and the width of its spaces; one of fewer than five characters only as a whole word, and one
    character, true or false only in its own place.
    """

    def __init__(self, facts: Mapping[str, Any], paths: Iterable[str], mark: str) -> None:
        self._places = {tuple(path.split(".")) for path in paths}
        self._mark = mark
        self._placeholders: dict[str, str] = {}  # spelling without case -> placeholder
        self._values: dict[str, Any] = {}  # placeholder -> what it stands for
        self._searched: set[str] = set()  # the spellings that are looked for in texts
        for place in sorted(self._places):
            for value in _at(facts, place):
                self._keep(value)
        self._search = _pattern(self._searched)
        self._found = re.compile(re.escape(f"[private-{mark}-") + r"\d+\]")

    def __len__(self) -> int:
        return len(self._values)

    def hide(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts as they may leave."""
        return {self._in_text(name): self._hidden(value, (name,)) for name, value in facts.items()}

    def restore(self, document: Any) -> Any:
        """The answer with the values put back; a text that is nothing but a placeholder gets the value itself."""
        if isinstance(document, str):
            if document in self._values:
                return self._values[document]
            return self._found.sub(lambda found: str(self._values.get(found[0], found[0])), document)
        if isinstance(document, Mapping):
            return {name: self.restore(below) for name, below in document.items()}
        if isinstance(document, list):
            return [self.restore(below) for below in document]
        return document

    def _keep(self, value: Any) -> str:
        spelling = _spelling(value)
        if spelling not in self._placeholders:
            placeholder = f"[private-{self._mark}-{len(self._values) + 1}]"
            self._placeholders[spelling] = placeholder
            self._values[placeholder] = value
        if not isinstance(value, bool) and len(spelling) >= _SHORTEST_SEARCHED:
            self._searched.add(spelling)
        return self._placeholders[spelling]

    def _hidden(self, value: Any, place: tuple[str, ...]) -> Any:
        if place in self._places:
            return self._all_hidden(value)
        if isinstance(value, Mapping):
            return {self._in_text(name): self._hidden(below, (*place, name)) for name, below in value.items()}
        if isinstance(value, list | tuple):
            return [self._hidden(below, place) for below in value]
        if isinstance(value, str):
            return self._in_text(value)
        if isinstance(value, bool) or value is None:
            return value
        spelling = _spelling(value)
        return self._placeholders[spelling] if spelling in self._searched else value

    def _all_hidden(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {self._in_text(name): self._all_hidden(below) for name, below in value.items()}
        if isinstance(value, list | tuple):
            return [self._all_hidden(below) for below in value]
        return value if value is None or value == "" else self._keep(value)

    def _in_text(self, text: str) -> str:
        """Searched letter by letter in the spelling without case, replaced in the text as it stands."""
        if self._search is None:
            return text
        whole = unicodedata.normalize("NFC", text)
        letters = [(letter, place) for place, sign in enumerate(whole) for letter in sign.casefold()]
        shown, end = [], 0
        for found in self._search.finditer("".join(letter for letter, _ in letters)):
            begin = letters[found.start()][1]
            shown += [whole[end:begin], self._placeholders[_spelling(found[0])]]
            end = letters[found.end() - 1][1] + 1
        return "".join([*shown, whole[end:]]) if shown else text


def _at(value: Any, place: tuple[str, ...]) -> Iterator[Any]:
    """Every value at a path and below it; a list counts as each of its elements."""
    if isinstance(value, list | tuple):
        for below in value:
            yield from _at(below, place)
    elif isinstance(value, Mapping):
        for name in value if not place else place[:1]:
            if name in value:
                yield from _at(value[name], place[1:])
    elif not place and value is not None and value != "":
        yield value


def _spelling(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # one number, however it is written
    text = value if isinstance(value, str) else str(value)
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _pattern(spellings: Iterable[str]) -> re.Pattern[str] | None:
    """Finds every spelling, the longest first, with any white space between its words."""
    parts: list[str] = []
    for spelling in sorted(spellings, key=lambda one: (-len(one), one)):
        words = r"\s+".join(map(re.escape, spelling.split()))
        parts.append(f"(?<!\\w){words}(?!\\w)" if len(spelling) < _WHOLE_WORD_BELOW else words)
    return re.compile("|".join(parts)) if parts else None
