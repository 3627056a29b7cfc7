"""Personal data and keys in a text: found, replaced before it leaves the machine, and put back after.

A find is replaced by a placeholder (``⟦email-1⟧``) that stays the same for a value a task long, over all its messages
and attempts, so that a model can speak of it. An answer gets the values back, also inside data, also from a stream
whose pieces cut placeholders, also where a model has written the placeholder a little differently (``⟦Email 1⟧``) and
what it wrote can be no code.

What is found, and how, stands in ``finding``. Sources: specs/operations, section 12 ("Model Data Boundary");
design note "Panel and routing".
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from hansard.routing.configuration import PrivacySettings
from hansard.routing.model import Message, Model, Privacy


class Find(NamedTuple):
    """Where something private stands in a text."""

    kind: str
    start: int
    end: int


SECRETS: Final = frozenset(
    {
        "private-key", "jwt", "password", "secret", "token", "openai-key", "anthropic-key", "google-key", "aws-key",
        "github-token", "gitlab-token", "slack-token", "stripe-key",
    }
)  # fmt: skip
"""Kinds that open something: a file that holds one of these is not sent at all."""

PERSONAL: Final = frozenset({"email", "phone", "card", "iban", "ipv4", "ipv6", "mac", "national-id", "birthdate"})
"""Kinds that tell who somebody is, or where."""

WORD: Final = "word"
"""The kind of a user's own words."""

KINDS: Final = tuple(sorted(SECRETS | PERSONAL | {WORD}))
"""All kinds."""

_STRICTNESS: Final[Mapping[Privacy, int]] = {"raw": 0, "redacted": 1, "local": 2}


def policy(model: Model, *levels: Privacy | None) -> Privacy:
    """What a model may be told: the strictest of its own policy, the task's and the settings'.

    ``local`` says that a model outside may not be asked at all; one on this machine is then told the text as it is.
    """
    strictest = max((model.privacy, *(each for each in levels if each is not None)), key=_STRICTNESS.__getitem__)
    return "raw" if strictest == "local" and not model.external else strictest


# -- finding -----------------------------------------------------------------------------------------------------------


def find(text: str, *, allowed: Collection[str] = (), words: Collection[str] = ()) -> list[Find]:
    """What is private in a text, in its order; none overlaps another.

    Args:
        allowed: kinds that are left alone.
        words: a user's own, found in any case of letters where they stand alone.
    """
    from hansard.routing.finding import found_in  # its many patterns take a while to be made

    return found_in(text, allowed, words)


def secrets_in(text: str) -> list[Find]:
    """The keys, tokens and passwords of a text."""
    return [one for one in find(text) if one.kind in SECRETS]


# -- replacing and putting back ----------------------------------------------------------------------------------------

_LABEL: Final = "|".join(sorted((kind.replace("-", "[-_ ‑–]") for kind in KINDS), key=len, reverse=True))
_NAMED: Final = rf"(?:{_LABEL})\\?[-_ ‑–]\d{{1,6}}"
_PLACEHOLDER: Final = re.compile(
    rf"(?:(?:[⟦〚【]|\\u27[eE]6)\s?({_NAMED})\s?(?:[⟧〛】]|\\u27[eE]7)|\[\[((?:{_LABEL})[-‑]\d{{1,6}})\]\])(?!\()",
    re.IGNORECASE,
)
"""Ours, and what models make of it that is no code: ``a[email-1]`` is a place in a list. Markdown's
``[text](address)`` is none."""

_LIKE: Final = re.compile(rf"(?:[⟦〚【\[]|\\u27[eE]6)\s?({_NAMED})\s?(?:[⟧〛】\]\\]|\\u27[eE]7)", re.IGNORECASE)
"""What a reader may take for one."""

_LONGEST: Final = 48
"""Characters of a placeholder, however it is written, at most."""

_CUT: Final = re.compile(
    r"(?:[⟦〚【\[]\[?|\\(?:$|u(?:$|2(?:$|7(?:$|[eE](?:$|6))))|\[))"
    rf"\s?[a-z0-9_ \\‑–-]{{0,{_LONGEST - 12}}}(?:[⟧〛】]|\]{{1,2}}|\\(?:u(?:2(?:7(?:[eE]7?)?)?)?|\])?)?\Z",
    re.IGNORECASE,
)
"""The end of a piece that a placeholder may begin in."""


def _plain(label: str) -> str:
    """A label as ours are written."""
    return re.sub(r"\\?[_ ‑–-]", "-", label.casefold())


def _label(match: re.Match[str]) -> str:
    """Of a placeholder that was found."""
    return _plain(match[1] or match[2])


NOTE: Final = (
    "Names in double brackets, as ⟦kind-1⟧, stand for private values that were left out. Where you speak of one, "
    "repeat its name exactly, with its brackets, and make up no others."
)
"""What a model is told that gets placeholders; without it some of them write the names otherwise."""


class Redactor:
    """What was replaced in the texts of one task, and the way back.

    Args:
        settings: what is allowed, and a user's own words.
        texts: what the task will send; see ``reserve``.
    """

    def __init__(self, settings: PrivacySettings | None = None, texts: Iterable[str] = ()) -> None:
        self._settings = settings or PrivacySettings()
        self._labels: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._taken: set[str] = set()
        self.reserve(texts)

    def reserve(self, texts: Iterable[str]) -> None:
        """Texts that will be sent, before any is hidden: what looks like a placeholder in one of them stays nobody's,
        so that nothing is put in its place when a model repeats it."""
        for text in texts:
            if "[" in text or "⟦" in text or "\\" in text or "【" in text or "〚" in text:
                self._taken.update(_plain(label) for label in _LIKE.findall(text))

    def __bool__(self) -> bool:
        """Whether anything was replaced."""
        return bool(self._values)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many different values were replaced, by kind."""
        return Counter(kind for kind, _ in self._labels)

    def hide(self, text: str) -> str:
        """The text with placeholders for all that is private in it."""
        found = find(text, allowed=self._settings.kinds_allowed, words=self._settings.words)
        if not found:
            return text
        parts: list[str] = []
        at = 0
        for kind, start, end in found:
            parts += (text[at:start], self._placeholder(kind, text[start:end]))
            at = end
        return "".join((*parts, text[at:]))

    def hide_data(self, value: Any) -> Any:
        """The same for every text of a JSON value, names of members too (a schema may name what is private)."""
        return _mapped(value, self.hide)

    def messages(self, messages: Iterable[Message]) -> tuple[Message, ...]:
        """The messages with placeholders; names of attachments too. Bytes of attachments are not looked into.

        Where anything was replaced, the system's message also says what placeholders are (``NOTE``).
        """
        messages = tuple(messages)
        self.reserve(message.text for message in messages)
        hidden = tuple(
            replace(
                message,
                text=self.hide(message.text),
                attachments=tuple(replace(each, name=self.hide(each.name)) for each in message.attachments),
            )
            for message in messages
        )
        if not self:
            return hidden
        if hidden and hidden[0].role == "system":
            return (replace(hidden[0], text=f"{hidden[0].text}\n\n{NOTE}"), *hidden[1:])
        return (Message("system", NOTE), *hidden)

    def restore(self, text: str) -> str:
        """The text with the values put back."""
        return _PLACEHOLDER.sub(self._value, text) if self._values else text

    def restore_json(self, text: str) -> str:
        """The text of a JSON value with the values put back as its strings need them."""
        return _PLACEHOLDER.sub(self._json_value, text) if self._values else text

    def restore_data(self, value: Any) -> Any:
        """The same for every text of a JSON value, names of members too."""
        return _mapped(value, self.restore) if self._values else value

    def restorer(self, *, json_text: bool = False) -> Restorer:
        """For the pieces of one stream."""
        return Restorer(self.restore_json if json_text else self.restore, idle=not self._values)

    def unknown(self, text: str) -> list[str]:
        """Placeholders in a model's answer that it was never given."""
        if not self._values:
            return []
        labels = (_label(match) for match in _PLACEHOLDER.finditer(text))
        return sorted({label for label in labels if label not in self._values and label not in self._taken})

    def _placeholder(self, kind: str, value: str) -> str:
        label = self._labels.get((kind, value))
        if label is None:
            while True:
                self._numbers[kind] += 1
                label = f"{kind}-{self._numbers[kind]}"
                if label not in self._taken:
                    break
            self._labels[kind, value] = label
            self._values[label] = value
        return f"⟦{label}⟧"

    def _value(self, match: re.Match[str]) -> str:
        return self._values.get(_label(match), match.group())

    def _json_value(self, match: re.Match[str]) -> str:
        value = self._values.get(_label(match))
        return match.group() if value is None else json.dumps(value, ensure_ascii=False)[1:-1]


class Restorer:
    """Puts values back into the pieces of a stream; what may be the beginning of a placeholder waits for the rest."""

    def __init__(self, restore: Callable[[str], str], *, idle: bool) -> None:
        self._restore = restore
        self._idle = idle
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be given out now."""
        if self._idle:
            return piece
        text = self._held + piece
        cut = _CUT.search(text, max(0, len(text) - _LONGEST))
        if cut is None:
            self._held = ""
            return self._restore(text)
        self._held = text[cut.start() :]
        return self._restore(text[: cut.start()])

    def end(self) -> str:
        """What was still held back, at the end of the stream."""
        text, self._held = self._held, ""
        return self._restore(text)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {
            change(name) if isinstance(name, str) else name: _mapped(inner, change) for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_mapped(inner, change) for inner in value]
    return value
