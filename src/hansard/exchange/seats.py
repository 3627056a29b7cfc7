"""Who sits at which round's panel, and the one role of each expert (dialogue.md, "Panel", "Import is not judging").

A round's panel is whoever its ``panel.json`` names and whoever has a response in it. What is told of an expert first
stays; what later files say otherwise is told, not taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.dialogue.requests import EvolvePanel, ExpertCreate, PanelSeat
from hansard.exchange import judge_files
from hansard.exchange.rosters import LINE_LENGTH, Agent, Panel
from hansard.exchange.telling import Telling
from hansard.exchange.transcripts import Transcript
from hansard.kernel.ids import RESERVED_SLUGS, expert_slug, folded, is_expert_slug
from hansard.kernel.shapes import Shape
from hansard.markers.names import author_slug, own_name


class Seats:
    """Every round's members with what is told of them."""

    def __init__(self, transcript: Transcript, tell: Telling) -> None:
        self._transcript = transcript
        self._tell = tell
        self._pool = transcript.pool[1].experts if transcript.pool else ()
        self._pool_names = self._named_pool()
        self._agents: dict[int, dict[str, Agent]] = {}
        self._seated: dict[int, list[str]] = {}
        self._up_to: dict[int, frozenset[str]] = {-1: frozenset()}
        for number in range(transcript.rounds):
            self._seat(number)
            self._up_to[number] = self._up_to[number - 1] | frozenset(self._seated[number])
        self._names = dict(self._written_names())
        self._roles = {slug: self._role(slug) for slug in sorted(self.everybody)}
        self._tell_changes()

    @property
    def everybody(self) -> frozenset[str]:
        """Slugs of all who took part."""
        return self._up_to[self._transcript.rounds - 1]

    def members(self, number: int) -> list[str]:
        """Slugs of a round's panel, sorted."""
        return self._seated[number]

    def up_to(self, number: int) -> frozenset[str]:
        """Slugs of everybody seated in this round or an earlier one."""
        return self._up_to[number]

    def pool_name(self, agent: Agent) -> str | None:
        """A pool expert's name, where it can be used."""
        return agent.name if agent.name is not None and self._pool_names.get(author_slug(agent.name)) is agent else None

    def requests(self, number: int) -> Iterator[Shape]:
        """The requests that seat a round's panel."""
        yield from self._created(number)
        yield EvolvePanel(
            dialogue_id=self._transcript.slug,
            round=number,
            panel=[self._panel_seat(number, slug) for slug in self._seated[number]],
        )

    def _created(self, number: int) -> Iterator[ExpertCreate]:
        for slug in self._seated[number]:
            agent = self._agents[number].get(slug)
            if agent is None or (agent.source or "").casefold() != "created" or slug in self.up_to(number - 1):
                continue
            file = self._transcript.panels[number][0]
            if slug in self._pool_names:
                self._tell("source_differs", f"'{slug}' is called created and is in the pool", file)
                continue
            reason = agent.creation_reason
            if reason is None:
                self._tell("creation_reason_missing", f"'{file}' does not say why '{slug}' was created", file)
                reason = f"Created for round {number}; no reason is recorded"
            yield ExpertCreate(
                dialogue_id=self._transcript.slug,
                expert_slug=slug,
                name=self._names.get(slug),
                role=self._roles[slug],
                description=agent.description,
                focus=agent.focus,
                tier=agent.tier or "Adjacent",
                relevance=agent.relevance,
                reason=reason,
            )

    def _panel_seat(self, number: int, slug: str) -> PanelSeat:
        agent = self._agents[number].get(slug)
        of_role = self._pool_of_role(self._roles[slug])
        tier, relevance, focus = (agent.tier, agent.relevance, agent.focus) if agent else (None, None, None)
        if tier is None and relevance is None and of_role is not None:
            tier, relevance = of_role.tier, of_role.relevance
        return PanelSeat(
            expert_slug=slug,
            name=self._names.get(slug),
            role=self._roles[slug],
            tier=tier,
            relevance=relevance,
            focus=focus,
        )

    def _pool_of_role(self, role: str) -> Agent | None:
        """The pool's only expert of this role."""
        found = [agent for agent in self._pool if agent.role is not None and folded(agent.role) == folded(role)]
        return found[0] if len(found) == 1 else None

    def _named_pool(self) -> dict[str, Agent]:
        found: dict[str, Agent] = {}
        name = self._transcript.pool[0] if self._transcript.pool else None
        for agent in self._pool:
            if agent.name is None:
                continue
            slug = expert_slug(agent.name)
            if slug in found or not is_expert_slug(slug):
                self._tell("pool_name_unusable", f"'{agent.name[:80]}' of the pool cannot be used as a name", name)
            else:
                found[slug] = agent
        return found

    def _seat(self, number: int) -> None:
        spoke = {said.slug: said.file for said in self._transcript.responses if said.round == number}
        panel = self._transcript.panels.get(number)
        if panel is None:
            words = f"round {number} has no panel file; its panel is whoever has a response"
            self._tell("panel_missing", words, severity="note")
        agents = self._named_agents(number, *panel) if panel else {}
        if panel:
            for slug in sorted(agents.keys() - spoke.keys()):
                words = f"'{slug}' sits at the panel of round {number} and has no response"
                self._tell("response_missing", words, panel[0])
            for slug in sorted(spoke.keys() - agents.keys()):
                words = f"'{slug}' has a response in round {number} and no seat; it was seated"
                self._tell("not_in_panel", words, spoke[slug])
        self._agents[number] = agents
        self._seated[number] = sorted(agents.keys() | spoke.keys())

    def _named_agents(self, number: int, file: str, panel: Panel) -> dict[str, Agent]:
        agents: dict[str, Agent] = {}
        for agent in panel.agents:
            slug = author_slug(agent.name or "")
            if slug in RESERVED_SLUGS:
                self._tell("panel_name_unusable", f"'{agent.name}' is no expert's name; the seat was left out", file)
            elif slug in agents:
                self._tell("panel_repeats", f"'{slug}' is seated twice in round {number}", file)
            else:
                agents[slug] = agent
        return agents

    def _written_names(self) -> Iterator[tuple[str, str]]:
        """Names that say more than their slugs; a panel's come last, so that they hold before those of files."""
        files = [(said.slug, said.name) for said in self._transcript.responses]
        panels = [(slug, agent.name) for number in self._agents for slug, agent in self._agents[number].items()]
        for slug, name in reversed([*panels, *files]):
            if (own := own_name(name, slug)) is not None:
                yield slug, own

    def _role(self, slug: str) -> str:
        """The one role of an expert: the pool's by name, the first panel's, the scoreboard's, a heading's."""
        named = self._pool_names.get(slug)
        if named is not None and named.role is not None:
            return named.role
        for number in sorted(self._agents):
            agent = self._agents[number].get(slug)
            if agent is not None and agent.role is not None:
                return agent.role
        found = self._scored_role(slug) or self._headed_role(slug)
        if found is None:
            self._tell("role_unknown", f"no file tells the role of '{slug}'")
        return found or "unknown"

    def _scored_role(self, slug: str) -> str | None:
        found = self._transcript.judge_text("scoreboard.md")
        for row in judge_files.read_scoreboard(found[1]).experts if found else ():
            if found and row.role and author_slug(row.name) == slug:
                words = f"the role of '{slug}' was read from the scoreboard"
                self._tell("role_from_scoreboard", words, found[0], row.line, severity="note")
                return row.role
        return None

    def _headed_role(self, slug: str) -> str | None:
        roles = [agent.role for agent in self._pool if agent.role is not None]
        for said in self._transcript.responses:
            told = judge_files.role_in(said.text, said.name) if said.slug == slug else None
            if told is None:
                continue
            role = judge_files.matched_role(told[0], roles) if roles else told[0][:LINE_LENGTH]
            if role is not None:
                words = f"the role of '{slug}' was read from a heading ('{told[0][:80]}')"
                self._tell("role_from_heading", words, said.file, told[1], severity="note")
                return role
        return None

    def _tell_changes(self) -> None:
        """Where a later panel says otherwise than the first: role, tier, relevance, where somebody comes from."""
        first: dict[str, Agent] = {}
        for number in sorted(self._agents):
            for slug, agent in self._agents[number].items():
                file = self._transcript.panels[number][0]
                if agent.role is not None and folded(agent.role) != folded(self._roles[slug]):
                    words = f"'{slug}' is '{agent.role}' in round {number}; '{self._roles[slug]}' stays"
                    self._tell("role_changed", words, file)
                earlier = first.setdefault(slug, agent)
                for name in ("tier", "relevance"):
                    old, new = getattr(earlier, name), getattr(agent, name)
                    if new is not None and old != new:
                        words = f"the {name} of '{slug}' is {new} in round {number} and was {old or 'not told'} before"
                        self._tell(f"{name}_changed", words, file, severity="note")
                said = (agent.source or "").casefold()
                seated = slug in self.up_to(number - 1)
                if said in ("retained", "pool", "created") and (said == "retained") != seated:
                    actual = "was seated before" if seated else "was not seated before"
                    self._tell("source_differs", f"'{slug}' is called {said} in round {number} and {actual}", file)
