"""A person at the admin of a running site, without a browser: signs in, fills forms in and sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self

import httpx2


class AtTheAdmin:
    """Signed in at `url` with a session of its own; to be used in a `with`."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self._client = httpx2.Client(base_url=url, follow_redirects=True, timeout=60)
        self.send("/admin/login/", username=name, password=password)

    def page(self, path: str) -> httpx2.Response:
        """The page at this path. Raises AssertionError where there is none for this person."""
        answer = self._client.get(path)
        assert answer.status_code == 200, f"{path} gave {answer.status_code}"
        return answer

    def send(self, path: str, button: str = "", status: int = 200, **values: str) -> httpx2.Response:
        """Fill in the form of the page that has these fields and this button, press it, and give the page after."""
        shown = self.page(path)
        fitting = [one for one in _forms(shown.text) if one.fits(button, values)]
        assert fitting, f"{path} has no form with {sorted(values)} and the button {button!r}"
        form = fitting[0]
        pressed = form.buttons.get(button, ("", ""))
        given = {**form.fields, **values, **({pressed[0]: pressed[1]} if pressed[0] else {})}
        answer = self._client.post(form.action or str(shown.url), data=given)
        assert answer.status_code == status, f"{button!r} on {path} gave {answer.status_code}: {answer.text[:5000]}"
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()


@dataclass
class _Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    unticked: set[str] = field(default_factory=set)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)

    def fits(self, button: str, values: dict[str, str]) -> bool:
        return set(values) <= {*self.fields, *self.unticked} and (not button or button in self.buttons)


class _Reader(HTMLParser):
    """Collects the posted forms of a page with what stands in their fields, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._form: _Form | None = None
        self._open: tuple[str, str, str] | None = None  # tag, name and value of what text is being read for
        self._text = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._form = _Form(given.get("action", ""))
            self.forms.append(self._form)
        elif tag == "input" and self._form and "name" in given:
            if given.get("type") not in {"checkbox", "radio", "submit", "file"} or "checked" in given:
                self._form.fields[given["name"]] = given.get("value", "")
            elif given.get("type") == "checkbox":
                self._form.unticked.add(given["name"])
        elif tag == "select" and self._form:
            self._select = given.get("name", "")
        elif tag == "option" and self._form and self._select:
            if "selected" in given or self._select not in self._form.fields:
                self._form.fields[self._select] = given.get("value", "")
        elif tag in {"textarea", "button"}:
            self._open, self._text = (tag, given.get("name", ""), given.get("value", "")), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""
        if self._open and tag == self._open[0]:
            _, name, value = self._open
            if self._form and tag == "textarea":
                self._form.fields[name] = self._text.removeprefix("\n")
            elif self._form:
                self._form.buttons[self._text.removesuffix(" Ctrl ⏎").strip()] = (name, value)
            self._open = None


def _forms(page: str) -> list[_Form]:
    reader = _Reader()
    reader.feed(page)
    return reader.forms
