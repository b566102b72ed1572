"""`manage.py secrets`: lists, sets and deletes the secrets of agents, makes keys, and seals everything anew."""

from __future__ import annotations

import argparse
import sys
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orchestration.services import secret as secrets
from orchestration.services.refusal import Refused
from orchestration.services.sealing import new_key


class Command(BaseCommand):
    help = "Secrets of agents: list, set, delete, key (makes one for CONDUCTOR_SECRETS_KEY), seal-anew. Shows no value."
    requires_system_checks = ()  # they import every page of the site

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="names, and the steps that use them")
        setting = actions.add_parser("set", help="make or replace one; the value is read from standard input")
        setting.add_argument("name")
        setting.add_argument("--note", default="", help="what it is for")
        deleting = actions.add_parser("delete", help="forget one that no version in use names")
        deleting.add_argument("name")
        actions.add_parser("key", help="make a key for CONDUCTOR_SECRETS_KEY")
        actions.add_parser("seal-anew", help="seal all with the first key, so that former keys can be taken away")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, "_" + options["action"].replace("-", "_"))(options)
        except (Refused, secrets.Unresolved) as refused:
            raise CommandError(str(refused)) from None

    def _list(self, options: dict[str, Any]) -> None:
        uses = secrets.uses()
        for name in secrets.names():
            places = ", ".join(f"{one.version}, step {one.step}" for one in uses.get(name, ()))
            self.stdout.write(f"{name}  {places or 'not in use'}")
        for name in sorted(set(uses) - set(secrets.names())):
            places = ", ".join(f"{one.version}, step {one.step}" for one in uses[name])
            self.stdout.write(self.style.WARNING(f"{name}  NOT SET  {places}"))

    def _set(self, options: dict[str, Any]) -> None:
        value = getpass("Value: ") if sys.stdin.isatty() else sys.stdin.read().rstrip("\r\n")
        secrets.set_secret(name=options["name"], value=value, note=options["note"], user=None)
        self.stdout.write(f"{options['name']} is set.")

    def _delete(self, options: dict[str, Any]) -> None:
        secrets.delete_secret(name=options["name"], user=None)
        self.stdout.write(f"{options['name']} is deleted.")

    def _key(self, options: dict[str, Any]) -> None:
        self.stdout.write(new_key())

    def _seal_anew(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{secrets.seal_anew()} secrets are sealed with the first key.")
