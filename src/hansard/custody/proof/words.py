"""Words that are to be erased: how they are found again wherever else they stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

RUN: Final = 6
"""So many words in a row are taken for the same words said again."""

LEAST: Final = 3
"""A text of fewer words than this is looked for nowhere else: it stands everywhere."""

_WORD: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    r"|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
"""A word; where a script puts no spaces between them, a sign."""
_ESCAPE: Final = re.compile(r"\\[nrtbf\"/\\]")


def words_of(text: str) -> list[str]:
    """The words of a text, without case and signs."""
    return _WORD.findall(text.casefold())


class Runs:
    """Runs of words that are to be found again."""

    def __init__(self, texts: Iterable[str], *, least: int = LEAST) -> None:
        """The runs of some texts; those of fewer than ``least`` words are left out."""
        self._runs: set[tuple[str, ...]] = set()
        self._lengths: set[int] = set()
        for text in texts:
            words = words_of(text)
            if len(words) >= least:
                length = min(RUN, len(words))
                self._lengths.add(length)
                self._runs.update(_runs(words, length))

    def stand_in(self, text: str) -> bool:
        """Whether a text holds one of the runs."""
        words = words_of(text)
        return any(run in self._runs for length in self._lengths for run in _runs(words, length))

    def stand_in_value(self, value: Any) -> bool:
        """Whether a value of JSON holds one of the runs, in whatever text of it."""
        return any(self.stand_in(text) for text in texts_in(value))

    def stand_in_bytes(self, data: bytes) -> bool:
        """Whether a file holds one of the runs, as text or as JSON."""
        text = data.decode("utf-8", "replace")
        return self.stand_in(text) or ("\\" in text and self.stand_in(_ESCAPE.sub(" ", text)))


def _runs(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    for at in range(len(words) - length + 1):
        yield tuple(words[at : at + length])


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value of JSON, keys among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
