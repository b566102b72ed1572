"""Which agents and workflow packs are installed: found by entry point, loaded late and once, each one checked."""

from __future__ import annotations

import contextlib
import difflib
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from orchestration.agents.declared import Declared, declared
from orchestration.agents.found import Found, Refused, found_from

AGENTS: Final = "conductor.agents"
WORKFLOWS: Final = "conductor.workflows"
PACK: Final = "pack.yaml"
IMPORT_SECONDS: Final = 30.0
"""How long the import of one plugin may take before it is listed as failed."""


@dataclass(frozen=True, slots=True)
class FoundWorkflow:
    """A workflow pack that an installed package ships."""

    name: str
    path: Path
    distribution: str
    distribution_version: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A declared plugin that is not used; `reason` names the package, the fault and the cure."""

    group: str
    name: str
    entry_point: str
    distribution: str
    distribution_version: str
    reason: str


@dataclass(frozen=True)
class Registry:
    """All that is installed, by name in alphabetical order, and what could not be used."""

    agents: Mapping[str, Found]
    workflows: Mapping[str, FoundWorkflow]
    failures: tuple[Failure, ...]

    def why_not(self, name: str) -> str:
        """Why there is no agent of that name, with the cure."""
        for failure in self.failures:
            if failure.group == AGENTS and failure.name == name:
                return failure.reason
        near = difflib.get_close_matches(name, self.agents, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        return f'No installed package declares the agent "{name}".{hint} Install the package that ships it.'


def registry() -> Registry:
    """The registry of this process, built at the first call.

    1. Read the entry points of every installed distribution; a broken one is a failure of its own.
    2. Refuse every name that two packages declare, on both sides.
    3. Import and check each plugin in a thread, so that one that hangs costs IMPORT_SECONDS and no more.
       What plugins print meanwhile goes to standard error: a command's output stays clean.
    """
    global _registry
    if threading.current_thread().name == _THREAD:
        raise RuntimeError("The registry cannot be read while a plugin is being imported; read it in `run`.")
    with _lock:
        if _registry is None:
            with contextlib.redirect_stdout(sys.stderr):
                _registry = _build()
        return _registry


def reset() -> None:
    """Forget what was found; the next `registry()` looks again. Modules already imported stay imported."""
    global _registry
    with _lock:
        _registry = None


_THREAD: Final = "conductor-plugin-import"
_lock = threading.Lock()
_registry: Registry | None = None
_T = TypeVar("_T")


def _build() -> Registry:
    failures: list[Failure] = []
    plugins, broken = declared((AGENTS, WORKFLOWS))
    failures += [Failure(AGENTS, "", "", one.distribution, one.distribution_version, one.reason) for one in broken]
    agents = _load(AGENTS, plugins, _agent, failures)
    workflows = _load(WORKFLOWS, plugins, _workflow, failures)
    failures.sort(key=lambda failure: (failure.group, failure.name, failure.distribution))
    return Registry(MappingProxyType(agents), MappingProxyType(workflows), tuple(failures))


def _load(
    group: str, plugins: Iterable[Declared], load: Callable[[Declared], _T], failures: list[Failure]
) -> dict[str, _T]:
    by_name: dict[str, list[Declared]] = defaultdict(list)
    for plugin in plugins:
        if plugin.group == group:
            by_name[plugin.name].append(plugin)
    loaded: dict[str, _T] = {}
    for name, rivals in sorted(by_name.items()):
        if len(rivals) > 1:
            failures += [_failure(plugin, _clash(plugin, rivals)) for plugin in rivals]
            continue
        try:
            loaded[name] = _guarded(load, rivals[0])
        except Refused as refused:
            failures.append(_failure(rivals[0], str(refused)))
    return loaded


def _agent(plugin: Declared) -> Found:
    return found_from(
        plugin.load(),
        name=plugin.name,
        entry_point=plugin.value,
        distribution=plugin.distribution,
        distribution_version=plugin.distribution_version,
    )


def _workflow(plugin: Declared) -> FoundWorkflow:
    """Looks for the pack beside the package's files, without importing the package itself."""
    spec = find_spec(plugin.value)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise Refused(f"{plugin.value} is not a package that can be found. Correct the entry point.")
    path = next((path for place in places if (path := Path(place) / PACK).is_file()), None)
    if path is None:
        raise Refused(f"{plugin.value} ships no {PACK}. Add the file, and name it in the package's data files.")
    return FoundWorkflow(plugin.name, path, plugin.distribution, plugin.distribution_version)


def _guarded(load: Callable[[Declared], _T], plugin: Declared) -> _T:
    """What `load` gives, or `Refused`, whatever the plugin's import does short of ending the process."""
    results: list[_T] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            results.append(load(plugin))
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work, name=_THREAD, daemon=True)
    thread.start()
    thread.join(IMPORT_SECONDS)
    if results:
        return results[0]
    if not faults:
        raise Refused(
            f"The import of {plugin.value} took longer than {IMPORT_SECONDS:g} seconds. "
            "Move what takes long out of the import, into `run`, and start the server again."
        )
    if isinstance(faults[0], Refused):
        raise faults[0]
    raise Refused(_import_fault(plugin, faults[0])) from None


def _import_fault(plugin: Declared, fault: BaseException) -> str:
    message = " ".join(str(fault).split())[:300]
    told = f"{type(fault).__name__}: {message}" if message else type(fault).__name__
    cure = "Upgrade the package, or have its author mend it."
    if isinstance(fault, ModuleNotFoundError) and fault.name:
        cure = f"Install {fault.name.split('.')[0]}, or install the package again with all it needs."
    elif "partially initialized module" in message or "circular import" in message:
        cure = "It imports itself in a circle: have its author move that import into the function that needs it."
    elif isinstance(fault, SystemExit):
        cure = "It ends the process on import: have its author move that behind `if __name__ == '__main__'`."
    return f"{plugin.value} cannot be imported ({told}). {cure}"


def _clash(plugin: Declared, rivals: list[Declared]) -> str:
    others = " and ".join(f"{one.package} ({one.value})" for one in rivals if one is not plugin)
    return (
        f'The name "{plugin.name}" is declared by {others} too, so neither is used. '
        "Uninstall one of them, or have one renamed."
    )


def _failure(plugin: Declared, reason: str) -> Failure:
    return Failure(
        group=plugin.group,
        name=plugin.name,
        entry_point=plugin.value,
        distribution=plugin.distribution,
        distribution_version=plugin.distribution_version,
        reason=f'{plugin.package}, "{plugin.name}": {reason}',
    )
