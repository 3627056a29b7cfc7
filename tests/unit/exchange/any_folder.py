"""Folders of random transcripts, made of every form of marker, for tests that hold for any. Not a test module."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = ("muffin", "scone", "eclair")

ids = st.one_of(
    st.builds(lambda kind, n: f"{kind}{n:02d}", st.sampled_from("PRTEC"), st.integers(0, 4)),
    st.builds(
        lambda kind, r, n: f"{kind}{r:02d}{n:02d}", st.sampled_from("PRTEC"), st.integers(0, 2), st.integers(0, 4)
    ),
    st.builds(
        lambda name, kind, r, n: f"{name.upper()}-{kind}{r:02d}{n:02d}",
        st.sampled_from([*NAMES, "donut"]),
        st.sampled_from("PRTECS"),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    st.builds(lambda name, n: f"{name.upper()}-T{n:02d}", st.sampled_from(NAMES), st.integers(1, 2)),
    st.builds(lambda name, r, n: f"{name} R{r}-T{n:02d}", st.sampled_from(NAMES), st.integers(0, 2), st.integers(1, 2)),
    st.sampled_from(["@muffin", "@scone", "@donut", "T01-R1", "T-NEW", "T4.1", "P100", ""]),
)
heads = st.sampled_from(
    [
        "{0}", "{0}: a label", "PERSPECTIVE {0}: a label", "TENSION {0}: a label", "TENSION {0}",
        "RE:SUPPORT {0}", "RE:OPPOSE {0}", "RE:REFINE {0}", "RE:ADDRESS {0}", "RE:RESOLVE {0}", "RE:REOPEN {0}",
        "RE:QUESTION {0} {1}", "RE:DEPEND {0}", "RE: {0}", "RE:CLAP {0}",
        "MOVE:DEFEND {0}", "MOVE:BRIDGE {0} {1}", "MOVE:CONCEDE {0}", "MOVE:REQUEST more", "MOVE:CONVERGE", "MOVE:LEAP",
        "REFINEMENT: {0} smaller", "REFINEMENT on {0}", "CONCESSION on {0}: well", "CONCESSION to Scone on {0}",
        "RESOLVED {0}", "RESOLVED {0}, {1}", "RESOLVED {0}: {1} (x)", "RESOLUTION {0}: so", "ACKNOWLEDGED {0}: later",
        "ACCEPT", "DEFER", "CONFIRM {0}: yes", "FINAL POSITION", "UNKNOWN WORD: {0}",
        "MINORITY VERDICT: other", "DISSENT", "VERDICT:FINAL", "VERDICT:INTERIM",
        "MUFFIN-S0001: APPROVE | 0.8", "SCONE-S0101: CONDITIONAL", "ECLAIR-S0001: ABSTAIN",
        "MUFFIN-S0101: ABSTAIN | outage",
    ]
)  # fmt: skip
fields = st.sampled_from(
    [
        "", "words", "**Recommendation:** do", "**Tensions resolved:** T0001, T0002", "**Tensions accepted:** T0001",
        "**Vote:** 3-0", "**Confidence:** total", "**Supporting experts:** muffin, nobody",
        "**Key evidence:** E0001, P0001",
        "**Conditions:**\n- one\n- two", "---", "```", "> [MOVE:CONVERGE]", "# heading", "| T01 | x | Resolved |",
    ]
)  # fmt: skip
pieces = st.builds(lambda head, a, b, body: f"[{head.format(a, b)}]\n{body}\n\n", heads, ids, ids, fields)
responses = st.lists(pieces, max_size=7).map("".join)
judged = st.fixed_dictionaries(
    {},
    optional={
        "tensions.md": st.just("| ID | T | Status |\n|-|-|-|\n| T01 | x | Resolved |\n| T02 | y | Open |\n"),
        "verdict.md": st.lists(pieces | st.just("# V\n\nDo it.\n"), max_size=3).map("".join),
        "scoreboard.md": st.just("| Round | Score | Velocity |\n|-|-|-|\n| 0 | 7 | 0 |\n| 9 | 1 | x |\n"),
    },
)


@st.composite
def folders(draw: st.DrawFn) -> dict[str, Any]:
    """Files of one to three rounds with one to three experts each, and perhaps the judge's."""
    files: dict[str, Any] = dict(draw(judged))
    for number in range(draw(st.integers(1, 3))):
        for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)):
            files[f"round-{number}/{name}.md"] = draw(responses)
    return files
