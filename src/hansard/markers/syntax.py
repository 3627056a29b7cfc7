"""Every marker as data: the one table from which the parser, the documents and the skills are made.

Sources: specification, "Expert Content Markers" and "Alignment Expert Skill"; for the working dialect, the real
transcripts. ``rr`` stands for two digits of round, ``nn`` for two of sequence, ``ID`` for any form of id.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from hansard.markers.model import Dialect, Severity, VerdictKind

Family = Literal["entity", "reference", "move", "stance", "verdict", "exhibit", "annotation"]


class Marker(NamedTuple):
    """One marker: its word, how it is written, what it means, and an example that the parser reads."""

    family: Family
    word: str
    form: str
    meaning: str
    example: str
    dialect: Dialect = "specification"


MARKERS: Final[tuple[Marker, ...]] = (
    Marker("entity", "P", "[NAME-Prrnn: label]", "A perspective: a position with its argument.",
           "[MUFFIN-P0101: Two stores double the night shift]"),
    Marker("entity", "R", "[NAME-Rrrnn: label]", "A recommendation: something to do.",
           "[MUFFIN-R0101: Rehearse the restore every month]"),
    Marker("entity", "T", "[NAME-Trrnn: label]", "A tension: a conflict, a risk, an open issue.",
           "[MUFFIN-T0101: Speed against certainty]"),
    Marker("entity", "E", "[NAME-Errnn: label]", "Evidence: a figure, a precedent, a fact.",
           "[MUFFIN-E0101: Restore times of the last year]"),
    Marker("entity", "C", "[NAME-Crrnn: label]", "A claim: a sentence that may be quoted.",
           "[MUFFIN-C0101: One store is enough]"),
    Marker("entity", "PERSPECTIVE", "[PERSPECTIVE Pnn: label]", "A perspective of this round.",
           "[PERSPECTIVE P01: Two stores double the night shift]", "working"),
    Marker("entity", "RECOMMENDATION", "[RECOMMENDATION Rnn: label]", "A recommendation of this round.",
           "[RECOMMENDATION R01: Rehearse the restore every month]", "working"),
    Marker("entity", "TENSION", "[TENSION Tnn: label]", "A tension of this round.",
           "[TENSION T01: Speed against certainty]", "working"),
    Marker("entity", "EVIDENCE", "[EVIDENCE Enn: label]", "A piece of evidence of this round.",
           "[EVIDENCE E01: Restore times of the last year]", "working"),
    Marker("entity", "CLAIM", "[CLAIM Cnn: label]", "A claim of this round.",
           "[CLAIM C01: One store is enough]", "working"),
    Marker("reference", "SUPPORT", "[RE:SUPPORT ID]", "Endorses what it names.", "[RE:SUPPORT R0001]"),
    Marker("reference", "OPPOSE", "[RE:OPPOSE ID]", "Disagrees with what it names.", "[RE:OPPOSE P0003]"),
    Marker("reference", "REFINE", "[RE:REFINE ID]", "Builds on an entity of the same kind.", "[RE:REFINE P0001]"),
    Marker("reference", "ADDRESS", "[RE:ADDRESS ID]", "Offers a way to settle a tension.", "[RE:ADDRESS T0001]"),
    Marker("reference", "RESOLVE", "[RE:RESOLVE ID]", "Says that a tension is settled.", "[RE:RESOLVE T0001]"),
    Marker("reference", "REOPEN", "[RE:REOPEN ID]", "Says that a settled tension is open again.",
           "[RE:REOPEN T0002]"),
    Marker("reference", "QUESTION", "[RE:QUESTION ID]", "Asks what it names to be made clear.",
           "[RE:QUESTION @cupcake]"),
    Marker("reference", "DEPEND", "[RE:DEPEND ID]", "Holds only if what it names holds.", "[RE:DEPEND DONUT-E0101]"),
    Marker("move", "DEFEND", "[MOVE:DEFEND ID]", "Makes the case for what it names stronger.", "[MOVE:DEFEND R0001]"),
    Marker("move", "CHALLENGE", "[MOVE:CHALLENGE ID]", "Questions what it rests on.", "[MOVE:CHALLENGE P0002]"),
    Marker("move", "BRIDGE", "[MOVE:BRIDGE ID ID]", "Brings two positions together.", "[MOVE:BRIDGE P0003 R0001]"),
    Marker("move", "REQUEST", "[MOVE:REQUEST topic]", "Asks the panel for something.",
           "[MOVE:REQUEST restore times under load]"),
    Marker("move", "CONCEDE", "[MOVE:CONCEDE ID]", "Gives up a position in favour of what it names.",
           "[MOVE:CONCEDE P0003]"),
    Marker("move", "CONVERGE", "[MOVE:CONVERGE]", "Is ready to conclude.", "[MOVE:CONVERGE]"),
    Marker("stance", "APPROVE", "[NAME-Srrnn: APPROVE | confidence]", "Agrees; the confidence is from 0 to 1.",
           "[MUFFIN-S0101: APPROVE | 0.9]"),
    Marker("stance", "REJECT", "[NAME-Srrnn: REJECT | confidence]", "Disagrees.", "[MUFFIN-S0101: REJECT | 0.7]"),
    Marker("stance", "HOLD", "[NAME-Srrnn: HOLD | confidence]", "Is not ready to say.", "[MUFFIN-S0101: HOLD | 0.5]"),
    Marker("stance", "CONDITIONAL", "[NAME-Srrnn: CONDITIONAL | confidence]",
           "Agrees if a condition is met; the words under the marker are the condition.",
           "[MUFFIN-S0101: CONDITIONAL | 0.85]"),
    Marker("stance", "ABSTAIN", "[NAME-Srrnn: ABSTAIN | cause]",
           "Does not take part; the cause is withheld, outage or out of scope.",
           "[MUFFIN-S0101: ABSTAIN | out of scope]"),
    Marker("verdict", "DISSENT", "[DISSENT: label]", "One expert's formal objection.",
           "[DISSENT: The restore was never rehearsed]"),
    Marker("verdict", "MINORITY VERDICT", "[MINORITY VERDICT: label]",
           "What a part of the panel recommends instead, and what would change its mind.",
           "[MINORITY VERDICT: Keep one store for a year]"),
    Marker("verdict", "VERDICT:INTERIM", "[VERDICT:INTERIM]", "The Judge's checkpoint.", "[VERDICT:INTERIM]"),
    Marker("verdict", "VERDICT:FINAL", "[VERDICT:FINAL]", "The Judge's conclusion.", "[VERDICT:FINAL]"),
    Marker("exhibit", "EXHIBIT", "[EXHIBIT Xnnnn]",
           "Names the outside material, pinned by its hash, that the evidence above it cites.", "[EXHIBIT X0001]"),
    Marker("annotation", "REFINEMENT", "[REFINEMENT: label]", "Sharpens a position or a tension.",
           "[REFINEMENT on T05: only the status is read back]", "working"),
    Marker("annotation", "CONCESSION", "[CONCESSION: label]", "Grants a point to somebody.",
           "[CONCESSION to Strudel on T01]", "working"),
    Marker("annotation", "RESOLVED", "[RESOLVED ID: label]", "Holds a tension to be settled.",
           "[RESOLVED MUFFIN R1-T01, MACARON R1-T01]", "working"),
    Marker("annotation", "RESOLUTION", "[RESOLUTION ID: label]", "Offers what settles a tension.",
           "[RESOLUTION T03: one field, one default]", "working"),
    Marker("annotation", "ACKNOWLEDGED", "[ACKNOWLEDGED ID: label]", "Has seen it and leaves it as it is.",
           "[ACKNOWLEDGED T09: later work]", "working"),
    Marker("annotation", "ACCEPT", "[ACCEPT] ID", "Accepts what was offered.", "[ACCEPT] T03 closed", "working"),
    Marker("annotation", "CONCEDE-WITH-SCOPE", "[CONCEDE-WITH-SCOPE] ID", "Grants a point within limits.",
           "[CONCEDE-WITH-SCOPE] T07 closed", "working"),
    Marker("annotation", "DEFER", "[DEFER] ID", "Puts it off.", "[DEFER] T09 is later work", "working"),
    Marker("annotation", "CONFIRM", "[CONFIRM ID: label]", "Says that something still holds.",
           "[CONFIRM P01: still so]", "working"),
    Marker("annotation", "FINAL POSITION", "[FINAL POSITION]", "Sums up where the expert stands.",
           "[FINAL POSITION]", "working"),
    Marker("annotation", "CONVERGENCE CONFIRMED", "[CONVERGENCE CONFIRMED]",
           "Speaks of convergence; it is no move to converge.", "[CONVERGENCE CONFIRMED]", "working"),
    Marker("annotation", "CONVERGENCE PROPOSAL", "[CONVERGENCE PROPOSAL]",
           "Offers terms on which to converge; it is no move to converge.", "[CONVERGENCE PROPOSAL]", "working"),
)  # fmt: skip


def _words(family: Family) -> list[str]:
    return [marker.word for marker in MARKERS if marker.family == family]


ENTITY_WORDS: Final = {word: word[0] for word in _words("entity") if len(word) > 1}
"""Words of the working dialect and the kind letter each opens."""
REFERENCE_TYPES: Final = tuple(word.lower() for word in _words("reference"))
MOVE_TYPES: Final = tuple(word.lower() for word in _words("move"))
STANCES: Final = tuple(_words("stance"))
ANNOTATION_WORDS: Final = tuple(_words("annotation"))

TENSION_ONLY: Final = frozenset({"address", "resolve", "reopen"})
"""Reference types whose target must be a tension."""
SAME_KIND_ONLY: Final = frozenset({"refine"})
"""Reference types whose target must be of the source's kind."""
EXPERT_TARGET_TYPES: Final = frozenset({"support", "oppose", "question", "depend"})
"""Reference types that may name an expert's whole position (``@muffin``)."""
ABSTAIN_CAUSES: Final = ("withheld", "outage", "out of scope")

VERDICT_KINDS: Final[dict[str, VerdictKind]] = {
    "DISSENT": "dissent",
    "MINORITY VERDICT": "minority",
    "VERDICT:INTERIM": "interim",
    "VERDICT:FINAL": "final",
}


class VerdictField(NamedTuple):
    """A field of a verdict's body: its name in results, how it is written, how its value is taken apart."""

    name: str
    written: tuple[str, ...]
    items: Literal["line", "text", "ids", "experts", "list"]
    """``line`` ends with its line; the others with their paragraph or list."""


VERDICT_FIELDS: Final[tuple[VerdictField, ...]] = (
    VerdictField("recommendation", ("Recommendation",), "text"),
    VerdictField("vote", ("Vote",), "line"),
    VerdictField("confidence", ("Confidence",), "line"),
    VerdictField("tensions_resolved", ("Tensions resolved", "Resolved tensions"), "ids"),
    VerdictField("tensions_accepted", ("Tensions accepted", "Accepted tensions"), "ids"),
    VerdictField("recommendations_adopted", ("Recommendations adopted", "Adopted recommendations"), "ids"),
    VerdictField("key_evidence", ("Key evidence",), "ids"),
    VerdictField("key_claims", ("Key claims",), "ids"),
    VerdictField("supporting_experts", ("Supporting experts", "Supported by", "Supporters"), "experts"),
    VerdictField("what_would_change", ("What would change it", "What would change this", "What would change my mind",
                                       "What would change our minds", "What would change"), "text"),
    VerdictField("conditions", ("Conditions", "Condition"), "list"),
)  # fmt: skip


class TargetSyntax(NamedTuple):
    """One form of id: its name, an example, what it means."""

    form: str
    example: str
    meaning: str


TARGET_FORMS: Final[tuple[TargetSyntax, ...]] = (
    TargetSyntax("global", "P0101", "An entity of an earlier round, by the id it was given at registration."),
    TargetSyntax("local", "MUFFIN-P0101", "An entity of this round, by the id its author wrote."),
    TargetSyntax("expert", "@muffin", "An expert's position as a whole."),
    TargetSyntax("named_round", "MUFFIN R1-T01", "Muffin's first tension of round 1; also with a possessive."),
    TargetSyntax("named", "MUFFIN-T01", "Muffin's first tension of round 0."),
    TargetSyntax("own_round", "R1-T01", "The author's own first tension of round 1."),
    TargetSyntax("named_any", "Muffin's T01", "Muffin's first tension of a round not told."),
    TargetSyntax("bare", "T01", "A number without an owner; whose it is, only the whole dialogue can tell."),
)


class Told(NamedTuple):
    """A diagnostic: how grave it is, and what it says. Names in braces are filled in."""

    severity: Severity
    message: str
    remedy: str


DIAGNOSTICS: Final[dict[str, Told]] = {
    # what the parser found
    "unclosed_marker": Told(
        "error", "'{text}' is not closed on its line and was read as prose", "Close it with ']' on the same line"
    ),
    "marker_too_long": Told(
        "error", "'{text}' has more than {value} characters and was read as prose",
        "Close the label after a few words, and write the rest under the marker",
    ),
    "marker_as_link": Told(
        "warning", "'{text}' is followed by '(' and was read as a link", "Put a space between ']' and '('"
    ),
    "unknown_marker": Told(
        "warning", "'{text}' is no marker that is known; it was kept as an annotation",
        "{hint}Use a marker of the table, or write it without brackets",
    ),
    "unknown_move": Told(
        "warning", "'{value}' is no move; it was kept as an annotation and counts as none",
        "{hint}Use one of DEFEND, CHALLENGE, BRIDGE, REQUEST, CONCEDE, CONVERGE",
    ),
    "qualified_convergence": Told(
        "warning",
        "'{text}' is denied or sets a condition; it was kept as an annotation and does not count as convergence",
        "Write [MOVE:CONVERGE] on a line of its own, or a CONDITIONAL stance with its condition",
    ),
    "unknown_reference_type": Told(
        "error", "'{value}' is no type of reference",
        "{hint}Use one of SUPPORT, OPPOSE, REFINE, ADDRESS, RESOLVE, REOPEN, QUESTION, DEPEND",
    ),
    "untyped_reference": Told(
        "warning", "'{text}' has no type and was read as support", "Write [RE:SUPPORT …], or the type you mean"
    ),
    "unreadable_target": Told(
        "error", "'{text}' names no id that can be read", "Name an id such as P0101, MUFFIN-P0101 or @muffin"
    ),
    "expert_target_not_allowed": Told(
        "error", "'{type}' cannot name an expert ('{value}')",
        "Name an entity, or use SUPPORT, OPPOSE, QUESTION or DEPEND",
    ),
    "missing_target": Told("error", "'{text}' names nothing", "Name the id it is about"),
    "move_without_target": Told(
        "warning", "'{text}' names nothing that it is about", "Name the id: [MOVE:CONCEDE P0002]"
    ),
    "missing_topic": Told("warning", "'{text}' asks for nothing", "Say what you ask for: [MOVE:REQUEST topic]"),
    "bridge_needs_two": Told(
        "warning", "'{text}' names {value} instead of two", "Name both sides: [MOVE:BRIDGE P0003 R0001]"
    ),
    "foreign_attribution": Told(
        "warning", "'{text}' carries the name of '{value}' in a response of '{expert}'; it was kept as a quotation",
        "Use your own name for what is yours, and refer to others by [RE:…]",
    ),
    "quoted_marker": Told(
        "note", "'{text}' stands in a block quote and does not count", "Write it outside the quote if you mean it"
    ),
    "repeated_marker": Told("note", "'{text}' repeats an earlier marker and is counted once", "Write it once"),
    "duplicate_local_id": Told(
        "warning", "'{value}' is taken in this response; this one was numbered '{given}'", "Give each its own number"
    ),
    "irregular_number": Told(
        "note", "'{value}' is no plain number; the marker was numbered '{given}'",
        "Use two digits, such as T01, and name what it restates by a reference",
    ),
    "missing_number": Told("note", "'{text}' has no number; it was numbered '{given}'", "Number it: P01, T01 …"),
    "number_out_of_range": Told(
        "error", "'{value}' is no number from 01 to 99; the marker was numbered '{given}'", "Use two digits, 01 to 99"
    ),
    "other_round": Told(
        "warning", "'{value}' carries another round than {round}; it was numbered '{given}'",
        "Number what you write in this round with this round, and name the earlier one by [RE:REFINE …]",
    ),
    "type_id_mismatch": Told(
        "error", "'{text}' says '{word}' and numbers it '{value}'; it was read as '{given}'",
        "Use the letter of the word: P, R, T, E or C",
    ),
    "invalid_entity_type": Told(
        "error", "'{value}' has the letter of no kind", "Use P, R, T, E or C (S for a stance)"
    ),
    "id_space_exhausted": Told(
        "error", "'{text}' finds no free number from 01 to 99 and was kept as prose", "Write fewer, or merge some"
    ),
    "missing_colon": Told(
        "warning", "'{text}' has no colon behind its id",
        "Write [ID: label], or only the id where you mention it",
    ),
    "missing_label": Told("warning", "'{text}' has no label", "Say in a few words what it is: [ID: label]"),
    "unknown_stance": Told(
        "error", "'{value}' is no stance; it was kept as an annotation",
        "Use one of APPROVE, REJECT, HOLD, CONDITIONAL, ABSTAIN",
    ),
    "bad_confidence": Told("warning", "'{value}' is no confidence from 0 to 1", "Write a number such as 0.85"),
    "repeated_stance": Told("warning", "'{text}' is a further stance in one response", "Keep the one you mean"),
    "unknown_verdict": Told(
        "warning", "'{text}' is no kind of verdict; it was kept as an annotation",
        "Use [VERDICT:INTERIM], [VERDICT:FINAL], [DISSENT] or [MINORITY VERDICT: label]",
    ),
    "too_many_markers": Told(
        "error", "the response has more than {value} markers; from here on it was kept as prose",
        "Split the response, or write fewer markers",
    ),
    # what lint adds
    "missing_body": Told("warning", "'{text}' has no words", "Write under it what you mean"),
    "unknown_target": Told("error", "'{value}' names nothing that is recorded", "Check the id against the context"),
    "wrong_target_kind": Told(
        "error", "'{type}' must name a tension and names '{value}'",
        "Name a tension (T…), or use SUPPORT, OPPOSE, QUESTION or DEPEND",
    ),
    "refine_without_source": Told(
        "error", "'{text}' stands under no entity, so nothing refines '{value}'",
        "Put it under the entity of the same kind that replaces it",
    ),
    "refine_kind_mismatch": Told(
        "error", "'{source}' cannot refine '{value}': they are of different kinds",
        "Refine an entity of the same kind, or use SUPPORT or DEPEND",
    ),
    "self_reference": Told("error", "'{source}' refers to itself", "Name another entity"),
    "local_id_of_other_round": Told(
        "warning", "'{value}' is a local id of round {number}", "Name entities of earlier rounds by their global id"
    ),
    "missing_condition": Told(
        "error", "'{text}' tells no condition", "Write the condition under the marker"
    ),
    "missing_cause": Told(
        "warning", "'{text}' tells no cause", "Write one of withheld, outage, out of scope: [… : ABSTAIN | outage]"
    ),
    "verdict_not_the_judges": Told(
        "error", "'{text}' is the Judge's to write", "Use [DISSENT] or [MINORITY VERDICT: label]"
    ),
    "exhibit_not_evidence": Told(
        "error", "'{value}' is cited by no evidence", "Put it under the evidence ([NAME-Errnn: label]) that cites it"
    ),
    "unknown_exhibit": Told("error", "'{value}' is no exhibit that is recorded", "Check the id against the context"),
    "missing_field": Told("warning", "'{text}' has no field '{value}'", "Add a line '**{value}:** …' under it"),
}  # fmt: skip
