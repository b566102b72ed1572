"""One installed agent: what the core must know of it, and the checks a plugin passes before it is used."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel, RootModel

from orchestration.facts import check_values
from orchestration.plugin_api import API_VERSION, DEPRECATED, Agent

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+")
_LABEL: Final = re.compile(r"[A-Za-z0-9._-]+")
_NAME_LENGTH: Final = 120
_VERSION_LENGTH: Final = 40
_TITLE_LENGTH: Final = 200
_SCHEMA_BYTES: Final = 256 * 1024


class Refused(Exception):
    """Why a plugin is not used: what is wrong, and the cure, as sentences without the package's name."""


@dataclass(frozen=True)
class Found:
    """An agent that may be run. The schemas are plain JSON Schema; the output's is that of its JSON form.

    `name` is the entry point's, by which versions use it: `acme.age`, or `acme.age@2` beside another of that name.
    """

    cls: type[Agent]
    name: str
    version: str
    title: str
    inline: bool
    distribution: str
    distribution_version: str
    entry_point: str  # "module:Class"
    description: str = ""
    input_schema: Mapping[str, Any] = field(default_factory=dict, repr=False)
    config_schema: Mapping[str, Any] = field(default_factory=dict, repr=False)
    output_schema: Mapping[str, Any] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()  # what its author should change, though it runs

    @cached_property
    def instance(self) -> Agent:
        """Made at the first run, not when the plugin is found: a constructor may load a model."""
        return self.cls()

    @property
    def family(self) -> str:
        """The name of the class, which agents installed side by side share."""
        return self.name.partition("@")[0]

    @property
    def package(self) -> str:
        return f"{self.distribution} {self.distribution_version}".strip()


def found_from(cls: object, *, name: str, entry_point: str, distribution: str, distribution_version: str) -> Found:
    """The agent behind an entry point; raises `Refused` for the first thing that is wrong with it."""
    if not isinstance(cls, type):
        raise Refused(
            f"{entry_point} is a {type(cls).__name__}, not a class. Point the entry point at an Agent subclass."
        )
    _check_api_version(cls, distribution)
    if not issubclass(cls, Agent) or cls is Agent:
        raise Refused(f"{entry_point} is not a subclass of orchestration.plugin_api.Agent. Derive it from Agent.")
    _check_words(cls, name)
    _check_callables(cls)
    return Found(
        cls=cls,
        name=name,
        version=cls.version,
        title=cls.title,
        inline=cls.inline,
        distribution=distribution,
        distribution_version=distribution_version,
        entry_point=entry_point,
        description=inspect.cleandoc(cls.description),
        input_schema=_schema(cls, "Input", "validation"),
        config_schema=_schema(cls, "Config", "validation"),
        output_schema=_schema(cls, "Output", "serialization"),
        notes=_notes(cls),
    )


def _check_api_version(cls: type, distribution: str) -> None:
    spoken = getattr(cls, "api_version", None)
    if spoken == API_VERSION or not (issubclass(cls, Agent) or spoken is not None):
        return
    told = f"{cls.__name__} is built for agent interface {spoken!r}, this server speaks {API_VERSION}."
    if isinstance(spoken, int) and spoken > API_VERSION:
        raise Refused(f"{told} It is too new: upgrade the server, or install an older release of {distribution}.")
    raise Refused(f"{told} It is too old: install a release of {distribution} for interface {API_VERSION}.")


def _check_words(cls: type[Agent], name: str) -> None:
    for attribute, length in (("name", _NAME_LENGTH), ("version", _VERSION_LENGTH), ("title", _TITLE_LENGTH)):
        value = getattr(cls, attribute, None)
        if not isinstance(value, str) or not value.strip():
            raise Refused(f"{cls.__name__} has no {attribute}. Set `{attribute}` to a text.")
        if len(value) > length:
            raise Refused(f"The {attribute} of {cls.__name__} is longer than {length} characters. Shorten it.")
    family, at, label = name.partition("@")
    if len(name) > _NAME_LENGTH:
        raise Refused(f"The entry point's name is longer than {_NAME_LENGTH} characters. Shorten it.")
    if cls.name != family:
        raise Refused(
            f'The entry point is called "{name}", but the name of {cls.__name__} is "{cls.name}". '
            "Give both the same name; after it, only @ and a label may follow."
        )
    if at and not _LABEL.fullmatch(label):
        raise Refused(
            f'The label "{label}" of "{name}" is not possible. After @ write letters, digits, ".", "_" or "-", '
            'as in "plugin.agent@2".'
        )
    if not _NAME.fullmatch(family):
        raise Refused(
            f'"{name}" is not a name for an agent. Use lower case and a dot, as in "plugin.agent" '
            "(letters, digits, _ and - after a letter)."
        )
    if not isinstance(cls.description, str):
        raise Refused(f"The description of {cls.__name__} is not a text. Set `description` to a text.")
    if not isinstance(cls.inline, bool):
        raise Refused(f"`inline` of {cls.__name__} is neither True nor False. Set it to one of them.")


def _check_callables(cls: type[Agent]) -> None:
    if cls.run is Agent.run:
        raise Refused(f"{cls.__name__} has no `run`. Implement `run(self, request)`.")
    if inspect.iscoroutinefunction(cls.run) or inspect.isasyncgenfunction(cls.run):
        raise Refused(
            f"`run` of {cls.__name__} is async. Make it an ordinary function (asyncio.run inside it is fine)."
        )
    if missing := sorted(getattr(cls, "__abstractmethods__", ())):
        raise Refused(f"{cls.__name__} leaves {', '.join(missing)} abstract. Implement what is missing.")
    try:
        inspect.signature(cls).bind()
    except (TypeError, ValueError):
        raise Refused(
            f"{cls.__name__} cannot be made without arguments. Give every argument of __init__ a default."
        ) from None


def _notes(cls: type[Agent]) -> tuple[str, ...]:
    """The deprecated names that the agent's module imports or its class sets, each with the cure."""
    own = cls.__mro__[: cls.__mro__.index(Agent)]
    used = {f"Agent.{name}" for one in own for name in vars(one)}
    used.update(*(getattr(sys.modules.get(one.__module__), "__dict__", {}) for one in own))
    return tuple(
        f"{cls.__name__} uses {name}, which agent interface {API_VERSION + 1} will not have. {cure}"
        for name, cure in DEPRECATED.items()
        if name in used
    )


def _schema(cls: type[Agent], attribute: str, mode: Any) -> dict[str, Any]:
    model = getattr(cls, attribute, None)
    where = f"`{attribute}` of {cls.__name__}"
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        raise Refused(f"{where} is missing or no pydantic model. Define `class {attribute}(Model)` in the agent.")
    if issubclass(model, RootModel):
        raise Refused(f"{where} is a RootModel, but facts have names. Make it a model with fields.")
    try:
        text = json.dumps(model.model_json_schema(mode=mode), allow_nan=False)
    except Exception as error:
        raise Refused(
            f"{where} has no JSON Schema ({type(error).__name__}: {' '.join(str(error).split())[:200]}). "
            "Use only field types that pydantic can describe in JSON Schema."
        ) from None
    schema: dict[str, Any] = json.loads(text)
    if len(text) > _SCHEMA_BYTES:
        raise Refused(f"The JSON Schema of {where} is longer than {_SCHEMA_BYTES:,} bytes. Make the model smaller.")
    if problems := check_values(schema):
        raise Refused(
            f"The JSON Schema of {where} cannot be stored: {problems[0].pointer} {problems[0].detail}. "
            "Change that field."
        )
    return schema
