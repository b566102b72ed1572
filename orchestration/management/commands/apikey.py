"""`manage.py apikey`: make, list and revoke the keys of outside systems."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from orchestration.models import ApiKey
from orchestration.services.api_key import SCOPES, create_key
from orchestration.services.refusal import Refused


class Command(BaseCommand):
    help = "Makes, lists and revokes API keys. A new key is printed once; only its hash is kept."
    requires_system_checks = ()  # they import every page of the site

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="Make a key and print it.")
        create.add_argument("name", help="What the key is for; also its client's name unless --client is given.")
        create.add_argument(
            "--scope", action="append", required=True, metavar="SCOPE", help=f"One of {', '.join(SCOPES)}; repeatable."
        )
        create.add_argument(
            "--workflow", action="append", default=[], metavar="SLUG", help="Limit the key to it; repeatable."
        )
        create.add_argument("--client", default="", help="The outside system; it owns its cases whichever key it uses.")
        create.add_argument("--expires", metavar="DATE", help="Such as 2027-01-31 (its end) or 2027-01-31T12:00Z.")
        create.add_argument("--test", action="store_true", help="Cases of a new client run but count in no figure.")
        listing = verbs.add_parser("list", help="List keys.")
        listing.add_argument("--client", default="", help="Only this client's.")
        revoke = verbs.add_parser("revoke", help="Revoke a key at once.")
        revoke.add_argument("key", help="Its name, number, or how it begins, as `apikey list` shows them.")

    def handle(self, *args: Any, **options: Any) -> None:
        {"create": self._create, "list": self._list, "revoke": self._revoke}[options["verb"]](options)

    def _create(self, options: dict[str, Any]) -> None:
        try:
            key, text = create_key(
                name=options["name"],
                scopes=options["scope"],
                client=options["client"],
                workflows=options["workflow"],
                expires_at=_expiry(options["expires"]),
                test=options["test"],
            )
        except Refused as refused:
            raise CommandError(refused.message) from None
        self.stderr.write(f"Key {key.name!r} of client {key.client.name!r}. Keep it safe: it is shown only now.")
        self.stdout.write(text)

    def _list(self, options: dict[str, Any]) -> None:
        keys = ApiKey.objects.select_related("client").prefetch_related("workflows").order_by("client__name", "id")
        if options["client"]:
            keys = keys.filter(client__name=options["client"])
        rows = [_row(key) for key in keys]
        if not rows:
            self.stdout.write("There are no keys.")
            return
        rows = [("number", "client", "name", "begins", "state", "last used", "scopes", "workflows"), *rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def _revoke(self, options: dict[str, Any]) -> None:
        given = options["key"]
        live = ApiKey.objects.filter(revoked_at=None)
        found = list(live.filter(pk=int(given)) if given.isdecimal() and len(given) < 18 else ())
        found = found or list(live.filter(name=given)) or list(live.filter(hint=given.rstrip("…")))
        if not found:
            raise CommandError(f"There is no live key {given!r}. `manage.py apikey list` shows them.")
        if len(found) > 1:
            numbers = ", ".join(str(key.pk) for key in found)
            raise CommandError(f"{len(found)} live keys are called {given!r}. Revoke by number: {numbers}.")
        live.filter(pk=found[0].pk).update(revoked_at=Now())
        self.stdout.write(f"Revoked key {found[0].name!r} ({found[0].hint}…).")


def _expiry(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        day, moment = parse_date(text), parse_datetime(text)
    except ValueError:
        day = moment = None
    if day is not None:
        moment = datetime.combine(day, time.max)
    if moment is None:
        raise CommandError(f"--expires {text!r} is not a date such as 2027-01-31 or 2027-01-31T12:00Z.")
    moment = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    if moment <= timezone.now():
        raise CommandError(f"--expires {text!r} is in the past.")
    return moment


def _row(key: ApiKey) -> tuple[str, ...]:
    if key.revoked_at:
        state = "revoked"
    elif key.expires_at and key.expires_at <= timezone.now():
        state = "expired"
    elif not key.client.active:
        state = "client off"
    else:
        state = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "live"
    used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
    workflows = ", ".join(sorted(workflow.slug for workflow in key.workflows.all())) or "all"
    return (str(key.pk), key.client.name, key.name, f"{key.hint}…", state, used, " ".join(key.scopes), workflows)
