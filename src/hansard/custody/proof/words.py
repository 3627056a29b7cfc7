"""Words that are to be erased: how they are found again wherever else they stand. Pure."""

from __future__ import annotations

import codecs
import html
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hansard.kernel.letters import UNSEEN

RUN: Final = 6
"""So many words in a row are taken for the same words said again."""

REASON_RUN: Final = 3
"""So many of them in a row a reason may not repeat, since it stays for good."""

LEAST: Final = 3
"""A text of fewer words than this is looked for nowhere else: it stands everywhere."""

_WORD: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    r"|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
"""A word; where a script puts no spaces between them, a sign."""
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrtbf\"/\\])")
_HIDDEN: Final = re.compile(rf"(?:(?!\s)[{UNSEEN}])+")
_PACKED: Final = (
    b"\x1f\x8b",
    b"PAR1",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\0",
    b"BZh",
    b"7z\xbc\xaf\x27\x1c",
    b"%PDF-",
    b"Rar!",
)
"""How files begin that hold words in a form that is not searched: gzip, Parquet, Zstandard, xz, bzip2, 7z, PDF, RAR."""


def words_of(text: str) -> list[str]:
    """The words of a text, without case and signs."""
    return _WORD.findall(text.casefold())


def repeats(reason: str, words: Iterable[str]) -> bool:
    """Whether a reason repeats what is to be erased: three words of a text in a row, or the whole of a short one."""
    return Runs(words, least=1, run=REASON_RUN).stand_in(reason)


def is_packed(data: bytes) -> bool:
    """Whether a file's words, if it has any, are in a form that is not searched: packed, or one that is not text."""
    if data.startswith(_PACKED):
        return True
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(part.compress_type != zipfile.ZIP_STORED or part.flag_bits & 1 for part in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return True


class Runs:
    """Runs of words that are to be found again."""

    def __init__(self, texts: Iterable[str], *, least: int = LEAST, run: int = RUN) -> None:
        """The runs of some texts; those of fewer than ``least`` words are left out.

        Args:
            run: so many words in a row; a shorter text counts as a whole.
        """
        self._runs: set[tuple[str, ...]] = set()
        self._lengths: set[int] = set()
        for text in texts:
            for seen in _readings(text):
                words = words_of(seen)
                if len(words) >= least:
                    length = min(run, len(words))
                    self._lengths.add(length)
                    self._runs.update(_runs(words, length))

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._runs)

    def stand_in(self, text: str) -> bool:
        """Whether a text holds one of the runs, whatever unseen characters stand in it."""
        for seen in _readings(text):
            words = words_of(seen)
            if any(run in self._runs for length in self._lengths for run in _runs(words, length)):
                return True
        return False

    def stand_in_value(self, value: Any) -> bool:
        """Whether a value of JSON holds one of the runs, in whatever text of it."""
        return any(self.stand_in(text) for text in texts_in(value))

    def stand_in_bytes(self, data: bytes) -> bool:
        """Whether a file holds one of the runs: as text in a common encoding, as JSON, or as HTML."""
        for text in _texts(data):
            if self.stand_in(text):
                return True
            if "\\" in text and self.stand_in(_whole(_ESCAPE.sub(_unescaped, text))):
                return True
            if "&" in text and self.stand_in(html.unescape(text)):
                return True
        return False


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "


def _whole(text: str) -> str:
    """A text whose characters may stand in it as two halves, as JSON writes them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _texts(data: bytes) -> Iterator[str]:
    """What a file may say, by each encoding that it may be in."""
    try:
        yield data.decode("utf-8")
    except UnicodeDecodeError:
        yield data.decode("utf-8", "replace")
        yield data.decode("cp1252", "replace")
    head = data[:4096]
    wide = any(head[at::2].count(0) * 4 > len(head[at::2]) for at in (0, 1))  # Latin letters with a byte too many
    if wide or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
            yield data.decode(encoding, "replace")


def _readings(text: str) -> Iterator[str]:
    """A text as it is read: without the characters that nobody sees, whether they join what stands beside them or part
    it."""
    if _HIDDEN.search(text) is None:
        yield text
        return
    yield _HIDDEN.sub("", text)
    yield _HIDDEN.sub(" ", text)


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
