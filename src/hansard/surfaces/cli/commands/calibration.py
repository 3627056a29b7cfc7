"""``hansard ethos``: the family of commands on rules and the sets made of them."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from hansard.surfaces.cli.errors import usage
from hansard.surfaces.cli.frame import Frame

FAMILY = "Write down the rules that a dialogue can be held to, and make an ethos of them."

Domain = Annotated[str, typer.Argument(metavar="DOMAIN", show_default=False, help="Three capitals, such as FID.")]
Rule = Annotated[str, typer.Argument(metavar="RULE", show_default=False, help="A rule's id, such as PR0001.")]
Label = Annotated[str, typer.Argument(metavar="LABEL", show_default=False, help="The rule in a few words.")]
Text = Annotated[str | None, typer.Option("--text", metavar="TEXT", show_default=False, help="The rule in full.")]
Priority = Annotated[
    int | None,
    typer.Option("--priority", metavar="N", show_default=False, help="The higher wins; 100, for constraints 500."),
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", show_default=False, help="Why.")]


def domain(
    frame: Frame,
    domain_id: Domain,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="What the domain is called.")],
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", show_default=False)] = None,
) -> None:
    """Name a domain: a field that has norms of its own."""
    from hansard.surfaces.render import calibration as views

    request = {"domain_id": domain_id.upper(), "name": name, "description": description}
    with frame.parts(make=True) as parts:
        answer = frame.ask(parts, "domain_create", request)
    frame.answer(answer, views.domain)


def rule(
    frame: Frame,
    kind: Annotated[str, typer.Argument(metavar="TYPE", show_default=False, help="principle, tenet or constraint.")],
    label: Label,
    text: Text = None,
    priority: Priority = None,
    domain_id: Annotated[
        str | None, typer.Option("--domain", metavar="DOMAIN", show_default=False, help="A tenet's own domain.")
    ] = None,
    valid_in: Annotated[
        list[str] | None,
        typer.Option(
            "--in",
            metavar="DOMAIN",
            show_default=False,
            help="Where a principle or constraint is valid; may be repeated. Everywhere when left out.",
        ),
    ] = None,
) -> None:
    """Write a rule down: a principle, a domain's tenet, or a question's constraint."""
    from hansard.surfaces.render import calibration as views

    request = {
        "type": kind,
        "label": label,
        **({} if text is None else {"text": text}),
        "priority": priority,
        "domain_id": None if domain_id is None else domain_id.upper(),
        "domains": None if not valid_in else [name.upper() for name in valid_in],
    }
    with frame.parts(make=True) as parts:
        answer = frame.ask(parts, "rule_create", request)
    frame.answer(answer, views.rule)


def revise(
    frame: Frame,
    rule_id: Rule,
    label: Annotated[str | None, typer.Option("--label", metavar="LABEL", show_default=False)] = None,
    text: Text = None,
    priority: Priority = None,
    reason: Reason = None,
) -> None:
    """Word or weigh a rule anew; an ethos keeps the revision that it was made of."""
    from hansard.surfaces.render import calibration as views

    request = {"rule_id": rule_id.upper(), "label": label, "text": text, "priority": priority, "reason": reason}
    with frame.parts() as parts:
        answer = frame.ask(parts, "rule_revise", request)
    frame.answer(answer, views.rule)


def retire(frame: Frame, rule_id: Rule, reason: Reason = None) -> None:
    """Take a rule out of use; no new ethos takes it."""
    from hansard.surfaces.render import calibration as views

    with frame.parts() as parts:
        answer = frame.ask(parts, "rule_retire", {"rule_id": rule_id.upper(), "reason": reason})
    frame.answer(answer, views.rule)


def rules(
    frame: Frame,
    domain_id: Annotated[
        str | None, typer.Option("--domain", metavar="DOMAIN", show_default=False, help="Only those valid there.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--type", metavar="TYPE", show_default=False)] = None,
    retired: Annotated[bool, typer.Option("--retired", help="With those that are out of use.")] = False,
) -> None:
    """List domains and rules."""
    from hansard.surfaces.render import calibration as views

    request = {"domain_id": None if domain_id is None else domain_id.upper(), "type": kind, "retired": retired}
    with frame.parts() as parts:
        answer = frame.ask(parts, "rules_list", request)
    frame.answer(answer, views.rules)


def make(
    frame: Frame,
    domain_id: Domain,
    title: Annotated[str, typer.Argument(metavar="TITLE", show_default=False, help="What the ethos is for.")],
    only: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="RULE", show_default=False, help="Take exactly these; may be repeated."),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="RULE", show_default=False, help="A further rule, such as a constraint."),
    ] = None,
    leave_out: Annotated[list[str] | None, typer.Option("--leave-out", metavar="RULE", show_default=False)] = None,
    contradiction: Annotated[
        list[str] | None,
        typer.Option(
            "--contradiction",
            metavar="A:B[:HOW]",
            show_default=False,
            help="Two rules that contradict each other. HOW: a_supersedes, b_supersedes, removed, or merged=TEXT; "
            "by priority when left out.",
        ),
    ] = None,
    ambiguity: Annotated[
        list[str] | None,
        typer.Option("--ambiguity", metavar="A:B[:HOW]", show_default=False, help="Two that may mean the same."),
    ] = None,
    redundancy: Annotated[
        list[str] | None,
        typer.Option("--redundancy", metavar="A:B[:HOW]", show_default=False, help="Two that say the same."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would be; write nothing.")] = False,
) -> None:
    """Make an ethos: the rules that are valid in a domain, free of conflict.

    Rules that say the same in the same words are found. Each conflict is resolved by priority or by hand; where neither
    does, nothing is made and every one is named.
    """
    from hansard.surfaces.render import calibration as views

    named = {"contradiction": contradiction, "ambiguity": ambiguity, "redundancy": redundancy}
    request: dict[str, Any] = {
        "domain_id": domain_id.upper(),
        "title": title,
        "rules": [name.upper() for name in only] if only else None,
        "add": [name.upper() for name in add or ()],
        "leave_out": [name.upper() for name in leave_out or ()],
        "conflicts": [_conflict(kind, text) for kind, given in named.items() for text in given or ()],
        "dry_run": dry_run,
    }
    with frame.parts() as parts:
        answer = frame.ask(parts, "ethos_synthesise", request)
    frame.answer(answer, views.ethos)


def _conflict(kind: str, text: str) -> dict[str, Any]:
    """``A:B``, ``A:B:a_supersedes``, ``A:B:merged=TEXT``."""
    a, first, rest = text.partition(":")
    b, second, how = rest.partition(":")
    if not first or not a or not b or (second and not how):
        raise usage(
            f"'{text}' names no two rules", f"Write --{kind} CN01:CN02, with ':a_supersedes' or the like behind"
        )
    word, _, words = how.partition("=")
    return {
        "a": a.strip().upper(),
        "b": b.strip().upper(),
        "kind": kind,
        "resolution": word.strip() or None,
        "merged_text": words or None,
    }


def show(
    frame: Frame,
    ethos_id: Annotated[str, typer.Argument(metavar="ETHOS", show_default=False, help="Its id.")],
) -> None:
    """Show an ethos: its rules, and what conflicted."""
    from hansard.surfaces.render import calibration as views

    with frame.parts() as parts:
        answer = frame.ask(parts, "ethos_get", {"ethos_id": ethos_id})
    frame.answer(answer, views.ethos)


def show_all(frame: Frame) -> None:
    """List every ethos, and which of its rules were changed since."""
    from hansard.surfaces.render import calibration as views

    with frame.parts() as parts:
        answer = frame.ask(parts, "ethos_list", {})
    frame.answer(answer, views.ethos_list)


COMMANDS: Mapping[str, Callable[..., int | None]] = {
    "domain": domain,
    "rule": rule,
    "revise": revise,
    "retire": retire,
    "rules": rules,
    "make": make,
    "show": show,
    "list": show_all,
}
