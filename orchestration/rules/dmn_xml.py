"""The XML of a DMN file: opened without trust, its elements found by name whatever the version."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from orchestration.facts import Problem
from orchestration.rules.reading import RuleError

MAX_BYTES: Final = 4 * 1024 * 1024
NAMESPACES: Final = {
    "20151101": "1.1", "20151130": "1.1", "20180521": "1.2", "20191111": "1.3", "20211108": "1.4", "20230324": "1.5",
}  # fmt: skip
_NAMESPACE: Final = re.compile(r"https?://www\.omg\.org/spec/DMN/([0-9]{8})/(MODEL/|dmn\.xsd)")


def root_of(content: bytes) -> Element:
    """The file's `definitions`. Raises RuleError for what is no DMN."""
    if len(content) > MAX_BYTES:
        raise wrong(f"The file is larger than {MAX_BYTES // 2**20} MiB.")
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise wrong("The file has a DTD or XML entities, which no DMN modeller writes; it is not read.") from None
    except (ParseError, ValueError, LookupError) as error:
        line = getattr(error, "position", (0, 0))[0]
        where = f"Line {line}: this" if line else "This"
        raise wrong(f"{where} is not XML. A DMN file ends with .dmn and is written by a modeller.") from None
    namespace = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""
    match = _NAMESPACE.fullmatch(namespace)
    if local(root) != "definitions" or match is None:
        kind = "BPMN" if "BPMN" in namespace else "CMMN" if "CMMN" in namespace else ""
        raise wrong(f"This is {kind or 'another kind of XML'}, not DMN: it begins with <{local(root)}>.")
    if match[1] not in NAMESPACES:
        raise wrong(f"The file is of a DMN version that is not known here ({namespace}); 1.1 to 1.5 are read.")
    return root


def title_of(element: Element) -> str:
    return element.get("name", "").strip() or element.get("id", "").strip() or "without a name"


def text_in(element: Element | None) -> str:
    text = None if element is None else child(element, "text")
    return (text.text or "").strip() if text is not None else ""


def child(element: Element, name: str) -> Element | None:
    return next((one for one in element if local(one) == name), None)


def local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def wrong(detail: str) -> RuleError:
    return RuleError([Problem("", detail.strip())])
