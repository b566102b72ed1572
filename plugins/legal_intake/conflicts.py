"""The agent that checks caller, opponents and related parties against the firm's clients and parties."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .register import Match, Party, Register, RegisterError, load, spelling_of

REGISTERS = Path(__file__).parent
Relation = Literal["conflict", "check", "same_side", "none"]
_STRENGTH = {"conflict": 2, "check": 1, "same_side": 0, "none": 0}


class Caller(BaseModel):
    """Who calls; what else the form says about them is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field(title="Name", min_length=1, max_length=200)
    kind: Literal["person", "company"] = Field(default="person", title="Person or company")
    date_of_birth: date | None = Field(default=None, title="Birth date")
    company_number: str = Field(default="", title="Company number", max_length=60)


class Related(Caller):
    side: Literal["caller", "opponent", "neutral"] = Field(default="neutral", title="On whose side")


class RegisterHit(Model):
    party: str = Field(title="Name that was looked for")
    role: Literal["caller", "opponent", "related"] = Field(title="Role in the new matter")
    entry: str = Field(title="Number of the register's entry")
    matter: str = Field(title="Matter")
    matter_open: bool = Field(title="Matter is open")
    known_as: Literal["client", "opponent", "related"] = Field(title="Role in that matter")
    known_name: str = Field(title="Name or alias that matched")
    identity: Literal["same", "close", "unknown", "different"] = Field(title="What birth dates or numbers say")
    relation: Relation = Field(title="What it means")
    score: float = Field(title="Likeness of the parties", ge=0, le=100)


class ConflictsAgent(Agent):
    name, version, title = "legal_intake.conflicts", "1.0", "Checks for conflicts of interest"
    description = (
        "Compares everybody named in a call with the parties of the firm's matters: by name and alias, however "
        "written, without legal forms, by birth date and company number. Which side somebody is on decides whether "
        "a match is a conflict."
    )
    inline = True

    class Input(Model):
        caller: Caller = Field(title="Caller")
        opponents: list[Caller] = Field(default_factory=list, title="Opponents", max_length=20)
        related: list[Related] = Field(default_factory=list, title="Related parties", max_length=20)

    class Config(Model):
        register_file: str = Field(
            default="parties_invented.csv",
            title="Register: a file name in the plugin's folder, or an absolute path",
            max_length=400,
        )
        least_score: float = Field(default=65, title="Score from which a match is shown", ge=0, le=100)
        most_hits: int = Field(default=10, title="Number of matches shown", ge=1, le=50)

    class Output(Model):
        conflict_score: float = Field(title="Score of the best match that would be a conflict", ge=0, le=100)
        check_score: float = Field(title="Score of the best match that a person should look at", ge=0, le=100)
        known_client: bool = Field(title="The caller is very likely a client already")
        same_matter: str = Field(default="", title="Matter of ours in which both sides appear the other way round")
        hits: list[RegisterHit] = Field(default_factory=list, title="Best matches")
        screened: int = Field(title="Number of parties looked for")
        register_entries: int = Field(title="Number of entries in the register")
        register_digest: str = Field(title="Fingerprint of the register that was used")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        """1. Find everybody in the register. 2. Say what each match means, by the sides. 3. Keep the worst."""
        stated, config = request.input, request.config
        register = _load(config.register_file)
        asked = [("caller", "caller", stated.caller)]
        asked += [("opponent", "opponent", one) for one in stated.opponents]
        asked += [("related", one.side, one) for one in stated.related]
        nameless = [party.name for _, _, party in asked if not spelling_of(party.kind, party.name)]
        if nameless:
            raise AgentError(
                f"The name {nameless[0]!r} has no letters to compare. Correct it, or check it by hand.", permanent=True
            )
        hits = [
            _hit(party.name, role, side, match)
            for role, side, party in asked
            for match in register.search(_party(party), config.least_score)
        ]
        hits.sort(key=lambda hit: (-_STRENGTH[hit.relation], -hit.score, hit.entry, hit.party))
        conflict, check = _best(hits, "conflict"), _best(hits, "check")
        output = self.Output(
            conflict_score=conflict,
            check_score=check,
            known_client=any(
                hit.role == "caller" and hit.known_as == "client" and hit.score >= 92 and hit.identity == "same"
                for hit in hits
            ),
            same_matter=_same_matter(hits),
            hits=hits[: config.most_hits],
            screened=len(asked),
            register_entries=len(register.entries),
            register_digest=register.digest,
        )
        summary = _summary(hits, len(asked), register)
        return AgentResult(output, _confidence(max(conflict, check)), summary, tuple(map(_evidence, output.hits)))

    def check(self, config: Any) -> Health:
        try:
            register = _load(config.register_file)
        except AgentError as error:
            return Health(ok=False, message=error.message)
        return Health(
            ok=True,
            message=f"{len(register.entries)} entries",
            details={"entries": len(register.entries), "digest": register.digest},
        )


def relation(side: str, match: Match) -> Relation:
    """What a match means. `side`: on which side of the new matter the party stands.

    For somebody against us in the new matter: our client → conflict, in a closed matter a person looks.
    For somebody on the caller's side: our opponent → conflict while the matter is open, else a person looks.
    Whoever was only related to a matter, or is neutral in the new one, is for a person while that matter is open;
    a neutral party who is our opponent elsewhere means nothing.
    """
    known = match.entry.role
    if side == "neutral" or known == "related":
        harmless = side == "neutral" and known == "opponent"
        return "check" if match.entry.open and not harmless else "none"
    if (side == "caller") == (known == "client"):
        return "same_side"
    return "conflict" if match.entry.open else "check"


def _load(name: str) -> Register:
    # Joining with an absolute path gives that path.
    try:
        return load(REGISTERS / name)
    except RegisterError as error:
        raise AgentError(str(error), permanent=True) from error


def _party(stated: Caller) -> Party:
    return Party(stated.name, stated.kind, stated.date_of_birth, stated.company_number)


def _hit(name: str, role: Any, side: str, match: Match) -> RegisterHit:
    meaning = relation(side, match)
    if role == "related" and meaning == "conflict":
        meaning = "check"  # a relative or insurer is not a party: somebody decides how close it is
    return RegisterHit(
        party=name,
        role=role,
        entry=match.entry.id,
        matter=match.entry.matter,
        matter_open=match.entry.open,
        known_as=match.entry.role,  # type: ignore[arg-type]
        known_name=match.matched_name,
        identity=match.identity,  # type: ignore[arg-type]
        relation=meaning,
        score=match.score,
    )


def _best(hits: list[RegisterHit], meaning: str) -> float:
    return max((hit.score for hit in hits if hit.relation == meaning), default=0.0)


def _same_matter(hits: list[RegisterHit]) -> str:
    """A matter in which our client is now the opponent and the opponent now calls: the same dispute, other side."""
    callers = {hit.matter for hit in hits if hit.role == "caller" and hit.known_as == "opponent" and hit.score >= 80}
    clients = {hit.matter for hit in hits if hit.role == "opponent" and hit.known_as == "client" and hit.score >= 80}
    return min(callers & clients, default="")


def _confidence(score: float) -> float:
    """Sure of a clear no and of a clear yes, least sure half-way between 65 and 100."""
    doubt = max(0.0, 1 - abs(score - 82.5) / 17.5)
    return round(0.99 - 0.49 * doubt, 3)


def _summary(hits: list[RegisterHit], screened: int, register: Register) -> str:
    adverse = [hit for hit in hits if hit.relation in ("conflict", "check")]
    if not adverse:
        friends = " Known from the same side." if hits else ""
        return f"No conflict: {screened} parties against {len(register.entries)} entries.{friends}"
    hit = adverse[0]
    state = "open" if hit.matter_open else "closed"
    return (
        f"{hit.party} ({hit.role}) resembles {hit.known_name}, {hit.known_as} in the {state} matter {hit.matter}: "
        f"score {hit.score:g}, identity {hit.identity}."
    )


def _evidence(hit: RegisterHit) -> dict[str, Any]:
    return {
        "what": f"{hit.party} ({hit.role}) and {hit.known_name} ({hit.known_as} in {hit.matter})",
        "value": hit.relation.replace("_", " "),
        "identity": hit.identity,
        "weight": hit.score,
    }
