"""References, moves and stances."""

from __future__ import annotations

import pytest

from hansard.markers import syntax

from .samples import codes, converges, forms, read


@pytest.mark.parametrize("type_", syntax.REFERENCE_TYPES)
def test_every_type_is_read_with_its_words(type_: str) -> None:
    """Type, target, source and the words under the marker."""
    text = f"[MUFFIN-T0101: a]\nx\n[RE:{type_.upper()} T0001]\nThe words\nunder it.\n"
    (reference,) = read(text).references
    assert (reference.type, reference.target.id, reference.source) == (type_, "T0001", "MUFFIN-T0101")
    assert reference.context == "The words\nunder it."
    assert text[reference.context_span.start : reference.context_span.end] == reference.context


def test_a_reference_without_an_entity_above_stands_for_the_response() -> None:
    """Also behind a rule, a reference stands for the last entity; before any, for the response."""
    response = read("[RE:SUPPORT P0001]\na\n[MUFFIN-P0101: b]\nc\n\n---\n\n[RE:OPPOSE P0002]\nd")
    assert [reference.source for reference in response.references] == [None, "MUFFIN-P0101"]


def test_several_targets_give_several_references() -> None:
    """Commas, spaces, slashes and ``and`` all separate; the words are those of each."""
    response = read("[RE:SUPPORT P0001, R0001 T0002/T0003 and DONUT-E0101]\nAll of them.")
    assert [reference.target.id for reference in response.references] == [
        "P0001",
        "R0001",
        "T0002",
        "T0003",
        "DONUT-E0101",
    ]
    assert {reference.context for reference in response.references} == {"All of them."}


@pytest.mark.parametrize(
    ("marker", "type_", "target"),
    [
        ("[RE:support P0001]", "support", "P0001"),
        ("[Re: Support P0001]", "support", "P0001"),
        ("[RE SUPPORT P0001]", "support", "P0001"),
        ("[RE:SUPPORT: P0001]", "support", "P0001"),
        ("[RE:QUESTION @Muffin]", "question", "@muffin"),
        ("[RE:SUPPORT T01]", "support", "T01"),
        ("[RE:SUPPORT Scone's T02]", "support", "Scone's T02"),
        ("[RE:SUPPORT SCONE R1-T02]", "support", "SCONE R1-T02"),
    ],
)
def test_the_shape_of_a_reference_is_forgiving(marker: str, type_: str, target: str) -> None:
    """Case and separators do not matter."""
    response = read(f"{marker}\nwords")
    assert [(reference.type, reference.target.id) for reference in response.references] == [(type_, target)]
    assert codes(response) == []


def test_words_behind_the_targets_are_a_label() -> None:
    """They are kept apart from the context."""
    (reference,) = read("[RE:SUPPORT P0001 -- strongly]\nwords").references
    assert (reference.label, reference.context) == ("strongly", "words")


@pytest.mark.parametrize("type_", ["refine", "address", "resolve", "reopen"])
def test_an_expert_can_only_be_supported_opposed_questioned_or_depended_on(type_: str) -> None:
    """Other types that name one are told and kept."""
    response = read(f"[RE:{type_.upper()} @cupcake]\nwords")
    assert forms((response.references[0].target,)) == [("@cupcake", "expert")]
    assert codes(response) == ["expert_target_not_allowed"]


def test_an_unknown_type_is_told_and_kept() -> None:
    """It stays a reference with the type as written."""
    response = read("[RE:ENDORSE P0001]\nwords")
    assert [reference.type for reference in response.references] == ["endorse"]
    assert codes(response) == ["unknown_reference_type"]


@pytest.mark.parametrize(
    ("marker", "word", "code"),
    [
        ("[RE:SUPPORT]", "RE:SUPPORT", "missing_target"),
        ("[RE:SUPPORT the plan]", "RE:SUPPORT", "unreadable_target"),
        ("[RE:SUPPORT P0000]", "RE:SUPPORT", "unreadable_target"),
        ("[RE: your letter]", "RE", "unreadable_target"),
        ("[RE:]", "RE", "missing_target"),
    ],
)
def test_a_reference_to_nothing_is_kept_as_an_annotation(marker: str, word: str, code: str) -> None:
    """Its words are not lost, and the expert is told."""
    response = read(f"{marker}\nwords")
    assert [(note.word, note.known, note.body) for note in response.annotations] == [(word, False, "words")]
    assert codes(response) == [code]


@pytest.mark.parametrize("text", ["[re: your letter]", "[move: the second shelf]", "[request]", "[Tension]"])
def test_words_in_small_letters_are_words(text: str) -> None:
    """Only what has the shape of a marker is one."""
    response = read(text)
    assert [prose.text for prose in response.prose] == [text]
    assert codes(response) == []


def test_a_reference_in_a_sentence_leaves_the_sentence_whole() -> None:
    """Its context is the words around it on its line, up to the next marker."""
    response = read("[MUFFIN-P0101: a]\nI like it [RE:SUPPORT P0001] a lot.\nAnd [RE:OPPOSE P0002] not.")
    assert response.entities[0].body == "I like it [RE:SUPPORT P0001] a lot.\nAnd [RE:OPPOSE P0002] not."
    assert [reference.context for reference in response.references] == [
        "I like it [RE:SUPPORT P0001] a lot.",
        "And [RE:OPPOSE P0002] not.",
    ]
    assert {reference.source for reference in response.references} == {"MUFFIN-P0101"}


def test_markers_in_a_row_open_the_line_together() -> None:
    """The words under them belong to the last."""
    response = read("[RE:SUPPORT P0001], [RE:OPPOSE P0002]\nBoth for one reason.")
    assert [reference.context for reference in response.references] == ["", "Both for one reason."]


def test_the_same_reference_twice_is_one() -> None:
    """The words of the second stay as prose, so that nothing is lost."""
    response = read("[RE:SUPPORT P0001]\nfirst\n[RE:SUPPORT P0001]\nsecond")
    assert [reference.context for reference in response.references] == ["first"]
    assert [prose.text for prose in response.prose] == ["[RE:SUPPORT P0001]", "second"]
    assert codes(response) == ["repeated_marker"]


def test_the_same_target_under_two_entities_is_two_references() -> None:
    """Each stands for its own entity."""
    response = read("[MUFFIN-P0101: a]\nx\n[RE:DEPEND E0001]\n[MUFFIN-P0102: b]\ny\n[RE:DEPEND E0001]")
    assert [reference.source for reference in response.references] == ["MUFFIN-P0101", "MUFFIN-P0102"]


@pytest.mark.parametrize(
    ("marker", "targets"),
    [
        ("[MOVE:DEFEND R0001]", ["R0001"]),
        ("[MOVE:CHALLENGE P0002, P0003]", ["P0002", "P0003"]),
        ("[MOVE:BRIDGE P0003 R0001]", ["P0003", "R0001"]),
        ("[MOVE:BRIDGE P0003, R0001]", ["P0003", "R0001"]),
        ("[MOVE: CONCEDE P0003]", ["P0003"]),
        ("[MOVE:CONVERGE]", []),
        ("[Move:Converge]", []),
        ("[MOVE:CONVERGE R0101]", ["R0101"]),
    ],
)
def test_every_move_is_read_with_its_targets(marker: str, targets: list[str]) -> None:
    """Type, targets and the words under it."""
    response = read(f"{marker}\nwords")
    (move,) = response.moves
    assert move.type == marker.lower().replace(" ", "").split(":")[1].removesuffix("]")[: len(move.type)]
    assert [target.id for target in move.targets] == targets
    assert (move.topic, move.context) == (None, "words")
    assert codes(response) == []


def test_a_request_says_what_it_asks_for() -> None:
    """The topic is free text; ids in it are no targets."""
    (move,) = read("[MOVE:REQUEST the restore times behind E0001]").moves
    assert (move.type, move.topic, move.targets) == ("request", "the restore times behind E0001", ())


@pytest.mark.parametrize(
    ("marker", "code"),
    [
        ("[MOVE:REQUEST]", "missing_topic"),
        ("[MOVE:CONCEDE]", "move_without_target"),
        ("[MOVE:DEFEND my plan]", "move_without_target"),
        ("[MOVE:BRIDGE P0003]", "bridge_needs_two"),
        ("[MOVE:BRIDGE P0001 P0002 P0003]", "bridge_needs_two"),
    ],
)
def test_a_move_that_lacks_something_is_kept_and_told(marker: str, code: str) -> None:
    """It stays a move."""
    response = read(f"{marker}\nwords")
    assert len(response.moves) == 1
    assert codes(response) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "[MOVE:CONVERGE]",
        "## [MOVE:CONVERGE]",
        "**[MOVE:CONVERGE]**",
        "I am ready: [MOVE:CONVERGE] for me.",
        "**Moves:** [MOVE:CONVERGE]",
        "- [MOVE:CONVERGE]",
        "| Tension | Move |\n|---|---|\n| T01 | [MOVE:CONVERGE] |",
        "The end. [MOVE:CONVERGE]",
    ],
)
def test_convergence_counts_wherever_it_stands(text: str) -> None:
    """Alone on its line, as a heading, in bold, in a sentence, behind a lead-in, in a table."""
    response = read(text)
    assert [move.type for move in response.moves] == ["converge"]
    assert converges(response)
    assert codes(response) == []


@pytest.mark.parametrize(
    "text",
    [
        "I cannot [MOVE:CONVERGE] yet, and I do not see why anyone would.",
        "I don’t [MOVE:CONVERGE].",
        "[MOVE:CONVERGE] if the survey is done",
        "The plan holds. [MOVE:CONVERGE] once it is signed.",
        "| T01 | [MOVE:CONVERGE] unless it rains | x |",
    ],
)
def test_convergence_that_is_denied_or_conditional_does_not_count(text: str) -> None:
    """Agreement is never read out of a sentence that denies it or sets a condition; the diagnostic says so."""
    response = read(text)
    assert not response.moves
    assert [told.code for told in response.diagnostics if told.code == "qualified_convergence"]
    assert [annotation.word for annotation in response.annotations] == ["MOVE:CONVERGE"]


def test_doubt_in_another_sentence_is_none_of_this_one() -> None:
    """Words of the sentence before, of another cell or another line, do not take agreement back."""
    for text in ("I would not wait. [MOVE:CONVERGE]", "| if it rains | [MOVE:CONVERGE] |", "Not yet.\n[MOVE:CONVERGE]"):
        assert [move.type for move in read(text).moves] == ["converge"]


@pytest.mark.parametrize(
    "text",
    [
        "[MOVE:CONDITIONAL-CONVERGE]",
        "[MOVE:CONVERGE if T01 is settled]",
        "[MOVE:CONVERGE: with reservations]",
        "[MOVE:CONVERGED]",
        "[CONVERGENCE CONFIRMED]",
        "[CONVERGENCE PROPOSAL]",
        "[CONVERGE]",
        "> [MOVE:CONVERGE]",
        "`[MOVE:CONVERGE]`",
        "```\n[MOVE:CONVERGE]\n```",
        "\\[MOVE:CONVERGE]",
        "[MOVE:CONVERGE](not yet)",
        "[MOVE:CONVERGE",
    ],
)
def test_what_only_looks_like_convergence_never_counts(text: str) -> None:
    """A condition, another word, a quotation, code, a link or an open bracket is no agreement."""
    response = read(text)
    assert response.moves == ()
    assert not converges(response)


def test_an_unknown_move_is_kept_as_an_annotation() -> None:
    """With its words, and told."""
    response = read("[MOVE:CONDITIONAL-CONVERGE]\nIf the restore is rehearsed.")
    (note,) = response.annotations
    assert (note.word, note.known, note.body) == ("MOVE:CONDITIONAL-CONVERGE", False, "If the restore is rehearsed.")
    assert codes(response) == ["unknown_move"]


@pytest.mark.parametrize(
    ("marker", "stance", "confidence"),
    [
        ("[MUFFIN-S0101: APPROVE | 0.9]", "APPROVE", 0.9),
        ("[MUFFIN-S0101: reject | 70%]", "REJECT", 0.7),
        ("[MUFFIN-S0101: HOLD]", "HOLD", None),
        ("[MUFFIN-S0101: APPROVE (confidence: 1)]", "APPROVE", 1.0),
        ("[MUFFIN-S0101: APPROVE | 0]", "APPROVE", 0.0),
    ],
)
def test_a_stance_has_its_confidence(marker: str, stance: str, confidence: float | None) -> None:
    """As a number from 0 to 1, as a percentage, or not at all."""
    response = read(f"{marker}\nwords")
    (found,) = response.stances
    assert (found.local_id, found.stance, found.confidence) == ("MUFFIN-S0101", stance, confidence)
    assert (found.condition, found.cause, found.body) == (None, None, "words")
    assert codes(response) == []


def test_the_words_under_a_conditional_stance_are_its_condition() -> None:
    """Or those in the brackets."""
    (below,) = read("[MUFFIN-S0101: CONDITIONAL | 0.85]\nOnly if the restore is rehearsed.").stances
    assert (below.confidence, below.condition) == (0.85, "Only if the restore is rehearsed.")
    (inside,) = read("[MUFFIN-S0101: CONDITIONAL | 0.85 | the restore is rehearsed]\nMore.").stances
    assert (inside.condition, inside.body) == ("the restore is rehearsed", "More.")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[MUFFIN-S0101: ABSTAIN | out of scope]", "out of scope"),
        ("[MUFFIN-S0101: ABSTAIN | out_of_scope | 0.5]", "out of scope"),
        ("[MUFFIN-S0101: ABSTAIN: withheld]", "withheld"),
        ("[MUFFIN-S0101: ABSTAIN]\nOutage of my model.", "outage"),
        ("[MUFFIN-S0101: ABSTAIN]\nNo reason.", None),
    ],
)
def test_an_abstention_has_its_cause(text: str, cause: str | None) -> None:
    """In the brackets or in the first line under them."""
    (stance,) = read(text).stances
    assert stance.cause == cause


@pytest.mark.parametrize(
    ("marker", "code"),
    [
        ("[MUFFIN-S0101: APPROVE | 85]", "bad_confidence"),
        ("[MUFFIN-S0101: APPROVE | high]", "bad_confidence"),
        ("[MUFFIN-S0101: HOLD | very low confidence]", "bad_confidence"),
        ("[MUFFIN-S0101: APPROVE | 0,85]", "bad_confidence"),
        ("[MUFFIN-S0101: MAYBE]", "unknown_stance"),
        ("[MUFFIN-S0001: APPROVE]", "other_round"),
    ],
)
def test_a_stance_that_cannot_be_read_is_told(marker: str, code: str) -> None:
    """Nothing is guessed."""
    response = read(marker)
    assert codes(response) == [code]
    assert len(response.stances) + len(response.annotations) == 1


def test_a_second_stance_is_kept_and_told() -> None:
    """Which one holds is not the reader's to say."""
    response = read("[MUFFIN-S0101: HOLD]\na\n[MUFFIN-S0102: APPROVE]\nb")
    assert [stance.stance for stance in response.stances] == ["HOLD", "APPROVE"]
    assert codes(response) == ["repeated_stance"]


@pytest.mark.parametrize(
    ("marker", "code", "meant"),
    [
        ("[MOVE:CONVERG]", "unknown_move", "CONVERGE"),
        ("[MOVE:DEFNED P0001]", "unknown_move", "DEFEND"),
        ("[RE:SUPORT E0001]", "unknown_reference_type", "SUPPORT"),
        ("[RE:SUPORT T01]", "unknown_reference_type", "SUPPORT"),
        ("[RE:OPOSE]", "unknown_reference_type", "OPPOSE"),
        ("[DISENT: x]", "unknown_marker", "DISSENT"),
        ("[PERSPECTIV P01: x]", "unknown_marker", "PERSPECTIVE"),
        ("[CONVERGE]", "unknown_marker", "[MOVE:CONVERGE]"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_what_may_be_meant(marker: str, code: str, meant: str) -> None:
    """It is not taken for what it resembles."""
    response = read(marker)
    assert codes(response) == [code]
    assert response.diagnostics[0].remedy.startswith(f"Did you mean {meant}? ")
    assert response.moves == ()


def test_targets_may_carry_names_of_any_letters() -> None:
    """They name the expert by slug."""
    response = read("[RE:SUPPORT JÜRGEN-P0101]\n[RE:QUESTION @jürgen]\n[RE:OPPOSE Jürgen's R1-T01]")
    assert [(r.target.form, r.target.expert) for r in response.references] == [
        ("local", "jurgen"),
        ("expert", "jurgen"),
        ("named_round", "jurgen"),
    ]
