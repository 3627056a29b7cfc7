"""Ids: taken apart and put together again, and nothing else taken for one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.ids import (
    EXPERT_NAMES,
    KINDS,
    LATEST,
    PLURALS,
    RESERVED_SLUGS,
    SLUG_LENGTH,
    DisplayId,
    LocalId,
    default_expert_name,
    expert_slug,
    folded,
    free_ids,
    is_expert_slug,
    parse_display_id,
    parse_expert_target,
    parse_local_id,
    slugify,
)

slugs = st.from_regex(r"[a-z][a-z0-9-]{1,31}", fullmatch=True)
rounds = st.integers(0, 99)
seqs = st.integers(1, 99)


@given(st.sampled_from(sorted(KINDS)), rounds, seqs)
def test_a_display_id_survives_the_way_out_and_back(kind: str, round_: int, seq: int) -> None:
    """Every display id within bounds has five characters and parses to itself."""
    made = DisplayId(kind, round_, seq)
    assert len(str(made)) == 5
    assert parse_display_id(str(made)) == made


@given(slugs, st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), rounds, seqs)
def test_a_local_id_survives_the_way_out_and_back(slug: str, kind: str, round_: int, seq: int) -> None:
    """Every local id parses to itself, also where the slug itself looks like the end of one."""
    made = LocalId(slug, kind, round_, seq)
    assert parse_local_id(str(made)) == made


@given(st.text(max_size=12) | st.from_regex(r"[PRTEC]\d{4}", fullmatch=True) | st.from_regex(r"[A-Z]+-P\d{4}"))
def test_what_parses_is_written_the_same(text: str) -> None:
    """No text but an id's own spelling is read as that id: digits of other scripts are none."""
    display, local = parse_display_id(text), parse_local_id(text)
    assert display is None or str(display) == text
    assert local is None or str(local) == text


@pytest.mark.parametrize(
    "text",
    ["", "P", "P000", "P00001", "P0000", "p0001", "X0001", "P00a1", " P0001", "P0001 ", "P0001\n", "P٠٠٠١", "P-001",
     "MUFFIN-P0001", "CH0001-R05", "ADR-0014"],
)  # fmt: skip
def test_what_is_no_display_id_is_refused(text: str) -> None:
    """Other letters, lengths, cases, scripts and a sequence of 00 are no display ids."""
    assert parse_display_id(text) is None


@pytest.mark.parametrize(
    "text",
    ["MUFFIN-P0000", "muffin-P0001", "MUFFIN-p0001", "M-P0001", "MUFFIN P0001", "MUFFIN-P001", "MUFFIN-P٠٠٠١", "-P0001",
     "1UFFIN-P0001", "A" * 33 + "-P0001", "MÜFFIN-P0001", "MUFFIN-P0001\n", "CH0001-R05", "ADR-0014"],
)  # fmt: skip
def test_what_is_no_local_id_is_refused(text: str) -> None:
    """A local id is an upper-case slug, a hyphen, a capital and four digits, nothing around them."""
    assert parse_local_id(text) is None


def test_an_expert_is_a_target_by_name() -> None:
    """``@muffin`` names an expert; capitals, a lone sign and words around it do not."""
    assert parse_expert_target("@muffin") == "muffin"
    assert [parse_expert_target(text) for text in ("muffin", "@Muffin", "@", "@m", "@muffin ", "@müffin")] == [None] * 6


@given(st.text(max_size=40))
def test_what_is_an_expert_slug_is_short_and_plain(text: str) -> None:
    """A slug has 2 to 32 characters of ``a-z0-9-``, begins with a letter, and is not reserved."""
    plain = set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    wanted = plain and 2 <= len(text) <= 32 and text[0].isalpha() and text not in RESERVED_SLUGS
    assert is_expert_slug(text) == wanted


def test_the_judge_and_the_user_are_no_experts() -> None:
    """The names of the Judge and of a person outside the panel cannot be taken."""
    assert {"judge", "user"} == RESERVED_SLUGS
    assert not any(map(is_expert_slug, RESERVED_SLUGS))


@given(st.text(max_size=200))
def test_a_slug_is_plain_short_and_stays_what_it_is(title: str) -> None:
    """Any title gives 1 to 80 letters and digits joined by single hyphens, and that slug gives itself."""
    slug = slugify(title)
    assert 1 <= len(slug) <= SLUG_LENGTH
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not slug.startswith("-")
    assert not slug.endswith("-")
    assert "--" not in slug
    assert slugify(slug) == slug


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Café au lait", "cafe-au-lait"),
        ("Kafka—or—NATS?", "kafka-or-nats"),
        ("Straße №5", "strasse-no5"),
        ("  …  ", "dialogue"),
        ("日本語", "dialogue"),
        ("a_b/../c", "a-b-c"),
        ("İstanbul", "istanbul"),
        ("A" * 100, "a" * 80),
        ("word " * 30, "-".join(["word"] * 16)),
        ("x" * 79 + " yz", "x" * 79),
        ("x" * 80 + " yz", "x" * 80),
    ],
)
def test_a_title_becomes_a_slug(title: str, slug: str) -> None:
    """Accents are dropped, everything else separates, and a long title is cut between words."""
    assert slugify(title) == slug


@given(st.text(max_size=80))
def test_an_expert_s_name_gives_a_slug_or_nothing(name: str) -> None:
    """A display name gives at most 32 plain characters; what has none gives nothing rather than another's name."""
    slug = expert_slug(name)
    assert len(slug) <= 32
    assert slug == slug.strip("-")
    assert expert_slug(slug) == slug
    assert expert_slug("专家") == ""


def test_the_default_names_are_experts_and_never_end() -> None:
    """The first twenty default names are pastries, then numbers; each may name an expert, none twice."""
    names = [default_expert_name(index) for index in range(60)]
    assert names[:20] == list(EXPERT_NAMES)
    assert names[20:22] == ["pastry-21", "pastry-22"]
    assert len(set(names)) == 60
    assert all(map(is_expert_slug, names))


@given(st.text(max_size=20))
def test_names_are_compared_however_they_are_written(name: str) -> None:
    """Composed, decomposed and other case are one name."""
    decomposed = unicodedata.normalize("NFD", name)
    assert folded(unicodedata.normalize("NFC", name)) == folded(decomposed)
    assert folded(folded(name)) == folded(name)
    assert folded("ÉCLAIR") == folded("e\u0301clair")


def test_every_kind_has_its_list() -> None:
    """The five kinds and the names of their lists belong to the same letters."""
    assert list(KINDS) == list(PLURALS) == list("PRTEC")


def test_ids_of_equal_titles_are_numbered_to_99() -> None:
    """A slug is followed by -2 to -99 and nothing after, and every id is a slug of its own, however long."""
    ids = list(free_ids("x"))
    assert ids[:3] == ["x", "x-2", "x-3"]
    assert (len(ids), ids[-1]) == (99, "x-99")
    assert all(slugify(found) == found for found in free_ids("word-" * 15 + "words"))


def test_a_word_of_the_command_line_is_no_id() -> None:
    """What stands for the dialogue written to last is not given to any."""
    assert next(free_ids(LATEST)) == "latest-2"
