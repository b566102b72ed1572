"""Is an e-mail address plausible: its syntax, its domain, and the slips people make typing it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ATOM = r"(?:[\w!#$%&'*+/=?^`{|}~-]|[^\x00-\x7f])+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = re.compile(r"(?:[^\W_]|[^\x00-\x7f])(?:(?:[a-z0-9-]|[^\x00-\x7f]){0,61}(?:[^\W_]|[^\x00-\x7f]))?")
_TOP = re.compile(r"(?:[a-z]|[^\x00-\x7f]){2,63}|xn--[a-z0-9-]{1,59}", re.IGNORECASE)

# Well-known services that hand out addresses for minutes.
_DISPOSABLE = """
10minutemail.com 33mail.com discard.email dispostable.com fakeinbox.com getnada.com grr.la
guerrillamail.com guerrillamail.net mailcatch.com maildrop.cc mailinator.com mailnesia.com mintemail.com
mohmal.com moakt.com mytemp.email sharklasers.com spamgourmet.com temp-mail.org tempail.com tempmail.com
throwawaymail.com trashmail.com trashmail.de wegwerfemail.de yopmail.com
"""
DISPOSABLE = frozenset(_DISPOSABLE.split())
_SLIPS = {
    "gmial.com": "gmail.com", "gmai.com": "gmail.com", "gmail.co": "gmail.com", "gmail.con": "gmail.com",
    "gamil.com": "gmail.com", "gnail.com": "gmail.com", "hotmial.com": "hotmail.com",
    "hotmail.con": "hotmail.com", "outlok.com": "outlook.com", "yaho.com": "yahoo.com",
    "yahoo.con": "yahoo.com", "gmx.ed": "gmx.de", "wbe.de": "web.de", "t-onlin.de": "t-online.de",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EmailAddress:
    valid: bool
    domain: str = ""
    disposable: bool = False
    meant: str = ""  # the domain that was probably meant


def judge(text: str, disposable: frozenset[str] = DISPOSABLE) -> EmailAddress:
    """Valid means the syntax mail servers accept in practice: no quoted names, no bare addresses of machines."""
    local, at, domain = text.strip().rpartition("@")
    domain = domain.rstrip(".").lower()
    labels = domain.split(".")
    valid = (
        bool(at)
        and len(local.encode()) <= 64
        and len(domain.encode()) <= 253
        and _LOCAL.fullmatch(local) is not None
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) for label in labels)
        and _TOP.fullmatch(labels[-1]) is not None
    )
    if not valid:
        return EmailAddress(False)
    parents = {".".join(labels[at:]) for at in range(len(labels) - 1)}
    return EmailAddress(True, domain, bool(parents & disposable), _SLIPS.get(domain, ""))
