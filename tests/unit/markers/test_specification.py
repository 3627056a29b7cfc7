"""The specification's own examples: their markers, with sentences of ours."""

from __future__ import annotations

from .samples import codes, read, unaccounted

RESPONSE = """\
# Muffin - Value Analyst (Round 1)

[MUFFIN-P0101: Options can carry the mandate]
Calls written a month out pay more than the mandate asks for. This takes up
what I said in P0001.

[RE:REFINE P0001]
I held the gap for a wall in round 0; it is a ditch, and options are the plank.

[RE:SUPPORT R0001]
The collar is well built, and forty-five days is the right reach.

[RE:ADDRESS T0001]
With that income the mandate is met, if T0001 means what I think.

[MUFFIN-E0101: Two years of premiums]
- Volatility stood at 45 % on average
- Premiums came to between 2.1 and 2.8 % a month
- They held in the bad quarter as well

[RE:SUPPORT MUFFIN-P0101]
These figures are what P0101 rests on.

[MUFFIN-T0101: The window is late]
The loan closes two months too late for the best entry.

[MOVE:BRIDGE P0003 R0001]
Enter in six steps, and both the fear of too much and the wish for a collar
are served.

[MUFFIN-C0101: The mandate is met]
Income is no objection any more. What is left is when, and how much at once:
both can be managed.

[RE:DEPEND MUFFIN-P0101]
[RE:DEPEND MUFFIN-E0101]
"""


def test_the_complete_response_is_read_fully() -> None:
    """Its agent summary is the specification's, item by item."""
    response = read(RESPONSE)
    assert response.summary() == {
        "expert_slug": "muffin",
        "round": 1,
        "summary": {
            "perspectives": ["MUFFIN-P0101"],
            "recommendations": [],
            "tensions_raised": ["MUFFIN-T0101"],
            "evidence": ["MUFFIN-E0101"],
            "claims": ["MUFFIN-C0101"],
            "references": [
                {"type": "refine", "from": "MUFFIN-P0101", "target": "P0001"},
                {"type": "support", "from": "MUFFIN-P0101", "target": "R0001"},
                {"type": "address", "from": "MUFFIN-P0101", "target": "T0001"},
                {"type": "support", "from": "MUFFIN-E0101", "target": "MUFFIN-P0101"},
                {"type": "depend", "from": "MUFFIN-C0101", "target": "MUFFIN-P0101"},
                {"type": "depend", "from": "MUFFIN-C0101", "target": "MUFFIN-E0101"},
            ],
            "moves": [{"type": "bridge", "targets": ["P0003", "R0001"]}],
        },
    }
    assert codes(response) == []


def test_the_complete_response_keeps_every_word_in_its_place() -> None:
    """Bodies end where the next marker begins, and only the heading is prose."""
    response = read(RESPONSE)
    bodies = {entity.local_id: entity.body for entity in response.entities}
    assert bodies["MUFFIN-P0101"].endswith("what I said in P0001.")
    assert bodies["MUFFIN-E0101"].count("\n") == 2
    assert response.references[0].context.startswith("I held the gap")
    assert response.references[-1].context == ""
    assert [prose.text for prose in response.prose] == ["# Muffin - Value Analyst (Round 1)"]
    assert unaccounted(RESPONSE, response) == []


def test_the_short_response_of_the_judge_workflow_is_read() -> None:
    """An untyped reference is support, told as such; a number may begin at 02."""
    response = read(
        "# Muffin - Value Analyst (Round 1)\n\n"
        "[MUFFIN-P0101: Options hold]\nThey pay for the gap.\n\n"
        "[RE: DONUT-R0001]\nThe collar answers my T0001.\n\n"
        "[MUFFIN-T0102: The window is late]\nTwo months pass before we may enter.\n"
    )
    assert [entity.local_id for entity in response.entities] == ["MUFFIN-P0101", "MUFFIN-T0102"]
    (reference,) = response.references
    assert (reference.type, reference.source, reference.target.id) == ("support", "MUFFIN-P0101", "DONUT-R0001")
    assert codes(response) == ["untyped_reference"]


def test_a_stance_and_a_dissent_stand_in_the_summary() -> None:
    """As a Judge registers them: a stance with what was given of it, a verdict by its kind and label."""
    summary = read(
        "[MUFFIN-S0101: CONDITIONAL | 0.85]\nThe restore is rehearsed.\n\n[DISSENT: Never rehearsed]\nNot once."
    ).summary()["summary"]
    assert summary["stances"] == [
        {"stance": "CONDITIONAL", "confidence": 0.85, "condition": "The restore is rehearsed."}
    ]  # fmt: skip
    assert summary["verdicts"] == [{"type": "dissent", "label": "Never rehearsed"}]
    assert {"stances", "verdicts", "exhibits"}.isdisjoint(read("Prose.").summary()["summary"])


def test_a_request_shows_its_topic_in_the_summary() -> None:
    """A move without targets says what it asks for."""
    moves = read("[MOVE:REQUEST restore times under load]\nPlease.").summary()["summary"]["moves"]
    assert moves == [{"type": "request", "targets": [], "topic": "restore times under load"}]
