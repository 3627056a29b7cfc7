"""Words that are to be erased are found again wherever they stand."""

from __future__ import annotations

import pytest

from hansard.custody.proof.words import Runs, words_of


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
