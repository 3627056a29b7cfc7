"""Words that are to be erased are found again wherever they stand."""

from __future__ import annotations

import gzip
import html
import json

import pytest

from hansard.custody.proof.words import Runs, is_packed, repeats, words_of
from tests.unit.custody.proof.made import zipped


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("田中一郎は昨年二隻の船を失い会社の金を横領した。", "記録によれば、昨年二隻の船を失い、とある。"),
        ("ความลับของบริษัทถูกขาย", "เขาว่าความลับของบริษัทถูกขายแล้ว"),
        ("The toll clerk embezzled money from the harbour fund.", "he embezzled money from the harbour fund, they say"),
    ],
)
def test_a_run_is_found_in_scripts_without_spaces_too(text: str, other: str) -> None:
    """Six signs in a row count where a script has no spaces, six words where it has."""
    assert Runs([text]).stand_in(other)
    assert not Runs([text]).stand_in("Nothing of it, 無関係な文, nowhere at all.")


def test_short_texts_are_looked_for_where_it_is_asked() -> None:
    """A text of two words stands everywhere, and is looked for only where what is found can be made again."""
    assert not Runs(["Fire Quagmire"]).stand_in("They said: fire Quagmire!")
    assert Runs(["Fire Quagmire"], least=1).stand_in("They said: fire Quagmire!")
    assert words_of("Fire, 東京!") == ["fire", "東", "京"]


WORDS = "My neighbour Quagmire lost two boats & much money to the last müller."


@pytest.mark.parametrize("hidden", ["\u200b", "\u200d", "\u00ad", "\u2060", "\ufe0f", "\U000e0041"])
def test_unseen_characters_hide_nothing(hidden: str) -> None:
    """Between letters, beside a space or in its place: the words are found, on whichever side the signs stand."""
    for other in (hidden.join(WORDS), WORDS.replace(" ", " " + hidden), WORDS.replace(" ", hidden)):
        assert Runs([WORDS]).stand_in(f"He said: {other}")
        assert Runs([other]).stand_in(f"He said: {WORDS}")
        assert Runs([other]).stand_in_bytes(json.dumps(WORDS).encode())
        assert Runs([WORDS]).stand_in_bytes(json.dumps(other).encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_words_are_found_in_files_of_every_common_encoding(encoding: str) -> None:
    """With and without a byte order mark."""
    assert Runs([WORDS]).stand_in_bytes(WORDS.encode(encoding))
    assert not Runs([WORDS]).stand_in_bytes("Nothing of it stands here at all.".encode(encoding))


def test_words_are_found_as_html_and_json_write_them() -> None:
    """Where the run reaches over what was escaped, too."""
    assert Runs(["a & müller ü"]).stand_in_bytes(html.escape("so a & müller ü").encode())
    assert Runs(["müller über alles gern"]).stand_in_bytes(json.dumps("müller über alles gern").encode())


def test_what_cannot_be_searched_is_known_by_its_bytes() -> None:
    """Packed files, whatever they are called; a ZIP whose parts are stored as they are can be searched."""
    words = {"a.txt": WORDS.encode() * 9}
    assert is_packed(zipped(words, compression=8))
    assert is_packed(gzip.compress(WORDS.encode()))
    assert not is_packed(zipped(words))
    assert Runs([WORDS]).stand_in_bytes(zipped(words))
    assert not is_packed(WORDS.encode())


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("the neighbour Quagmire lost it all", True),
        ("Neighbour, QUAGMIRE: lost", True),
        ("neighbour Quag\u200bmire lost", True),
        ("the name Pseudonym", True),
        ("personal data, request of 2027-03-01", False),
        ("the neighbour asked for it", False),
    ],
)
def test_a_reason_repeats_no_three_words_and_no_short_text(reason: str, told: bool) -> None:
    """Three words of a text in a row, or all of a text that has fewer, would stay in the journal for good."""
    assert repeats(reason, [WORDS, "Pseudonym"]) is told
