"""Argdown as a graph: the documented subset, line by line, with a note for all that is skipped.

Read: headings, statements and arguments with titles, without titles, defined once or oftener, relations of all signs to
any depth, tags, data, escapes, comments, links. Skipped and told: premise-conclusion structures, lists' numbers,
front matter beyond ``title``, ``date`` and our own. Whoever needs more lets Argdown's own program do it
(``argdown json``), whose file is read as well (``read_parsed``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from hansard.dialogue.model import STATUSES
from hansard.exchange.argdown.syntax import one_line, unescaped
from hansard.exchange.argdown.writing import DRAWN, POSITION, VERDICT
from hansard.exchange.graph import (
    LINE_LENGTH,
    UNATTRIBUTED,
    Conclusion,
    Graph,
    OwnFile,
    Person,
    Relation,
    Statement,
    label_of,
)
from hansard.exchange.telling import Telling
from hansard.kernel.ids import KINDS, MAX_ROUND

_FRONT: Final = re.compile(r"\s*===+[ \t]*\r?\n(.*?)\n===+[ \t]*(?:\r?\n|$)", re.DOTALL)
_COMMENT: Final = re.compile(r"\\.|\]\([^)\s]*|(?P<open><!--|/\*|//)", re.DOTALL)
_COMMENT_ENDS: Final = {"<!--": "-->", "/*": "*/", "//": "\n"}
_HEADING: Final = re.compile(r"(#+) (.*)", re.DOTALL)
_RELATION: Final = re.compile(r"([ \t]*)(\+>|->|<\+|<-(?!-)|><|_>|<_|\+|-(?!-)|_(?=\s))(?:[ \t]*)(.*)", re.DOTALL)
_ITEM: Final = re.compile(r"([ \t]*)(?:\*|\d+\.)(?=\s)[ \t]*(.*)", re.DOTALL)
_PREMISE: Final = re.compile(r"[ \t]*\(\d+\)")
_INFERENCE: Final = re.compile(r"[ \t]*-{2}")
_DEFINED: Final = re.compile(r"(?:\[(?P<statement>[^\]\n]+)\]|<(?P<argument>[^>\n]+)>):")
_NAMED: Final = re.compile(r"(?:\[(?P<statement>[^\]\n-][^\]\n]*)\]|<(?P<argument>[^>\n-][^>\n]*)>)(?!\()")
_TAG: Final = re.compile(r"(?<!\\)#(?:\([^)\n]{1,200}\)|[A-Za-z0-9\u00a0-\ud7ff\uf900-\uffef-]+)[ \t]*")
_OPENS: Final = re.compile(r"\\.|(?P<open>\{)", re.DOTALL)
_INSIDE: Final = re.compile(r'\\.|"(?:[^"\\\n]|\\.)*"|(?P<open>\{)|(?P<close>\})|(?P<empty>\n[ \t]*\n)')

SIGNS: Final[Mapping[str, tuple[str, bool]]] = {
    "+": ("support", True),
    "<+": ("support", True),
    "+>": ("support", False),
    "-": ("oppose", True),
    "<-": ("oppose", True),
    "->": ("oppose", False),
    "_": ("undercut", True),
    "<_": ("undercut", True),
    "_>": ("undercut", False),
    "><": ("contradiction", False),
}
"""What a sign says, and whether the one below says it of the one above."""


class Found(NamedTuple):
    """What was read from a file."""

    graph: Graph
    ours: bool


class OwnReference(msgspec.Struct):
    """A reference, as our data tells it."""

    type: str
    target: str
    context: str | None = None


class OwnData(msgspec.Struct):
    """What our data behind an element, or a heading, tells; others' data may have the same keys."""

    id: str | None = None
    label: str | None = None
    text: str | None = None
    by: list[str] = []
    status: str | None = None
    localIds: list[str] = []  # noqa: N815  # the file's spelling
    parameters: dict[str, Any] | None = None
    references: list[OwnReference] = []
    expert: str | None = None
    verdict: Conclusion | None = None
    round: int | None = None


class _Line(NamedTuple):
    number: int
    text: str


def looks_like_argdown(head: str) -> bool:
    """Whether the beginning of a text is Argdown: our own front matter, or a title with a relation under it."""
    front = _FRONT.match(head)
    if front is not None and "\nhansard: {" in "\n" + front[1]:
        return True
    lines = head.split("\n")
    named = any(_NAMED.match(line) for line in lines)
    related = any(
        (found := _RELATION.match(line)) is not None and found[1] and _NAMED.match(found[3]) for line in lines
    )
    return named and related


def front_id(text: str) -> str | None:
    """The id of the dialogue that a text of ours is of."""
    front = _FRONT.match(text)
    for line in front[1].split("\n") if front is not None else ():
        own = _own_file(line.removeprefix("hansard: ")) if line.startswith("hansard: ") else None
        if own is not None:
            return own.id
    return None


def read_argdown(text: str, name: str, slug: str, at: str, tell: Telling) -> Found:
    """The graph in a text.

    Args:
        text: the file's words.
        name: what diagnostics call the file.
        slug: the id where the file tells none.
        at: when the file was written, where it does not tell.
        tell: what had to be assumed or left out.
    """
    return _Reader(text, name, tell).found(slug, at)


class _Element:
    """A statement or argument of a file; defined once, or several times in parts."""

    def __init__(self, key: str, title: str | None, line: int) -> None:
        self.key, self.title, self.line = key, title, line
        self.texts: dict[str, None] = {}
        self.own = OwnData()
        self.tags: list[str] = []
        self.round = 0


class _Reader:
    """One file being read."""

    def __init__(self, text: str, name: str, tell: Telling) -> None:
        self._name, self._tell = name, tell
        self._elements: dict[str, _Element] = {}
        self._drawn: list[tuple[Relation, int]] = []
        """Relations as they are drawn, ends by key, each with its round."""
        self._told_relations: list[tuple[int, str, int, OwnReference]] = []
        """References that data tells: line, key of the source, round, and the reference."""
        self._untitled = 0
        self._round = 0
        self._own: OwnFile | None = None
        self._title: str | None = None
        self._date: str | None = None
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        front = _FRONT.match(text)
        start = 0
        if front is not None:
            start = front.end()
            self._front(front[1], text[: front.start(1)].count("\n") + 1)
        body = self._without_comments("\n" * text[:start].count("\n") + text[start:])
        self._body(body)

    # -- front matter and comments

    def _front(self, text: str, first_line: int) -> None:
        for number, line in enumerate(text.split("\n"), first_line):
            key, _, value = line.partition(":")
            value = value.strip()
            if key == "hansard" and (own := _own_file(value)) is not None:
                self._own = own
            elif key == "title":
                self._title = _scalar(value) or None
            elif key == "date":
                self._date = _scalar(value)
            elif line.strip():
                self._told("front_matter_left", f"'{line.strip()[:60]}' was not read", number, note=True)

    def _without_comments(self, text: str) -> str:
        """The text with comments as white space; lines stay where they are."""
        spans = list(_data_spans(text))
        pieces: list[str] = []
        unclosed: set[str] = set()
        at = index = 0
        while True:
            while index < len(spans) and spans[index][1] <= at:
                index += 1
            found = _COMMENT.search(text, at)
            if found is None:
                break
            if index < len(spans) and found.start() >= spans[index][0]:  # what stands in data is no comment
                pieces.append(text[at : spans[index][1]])
                at = spans[index][1]
                continue
            opener = found["open"]
            end = -1
            if opener is not None and opener not in unclosed:
                end = text.find(_COMMENT_ENDS[opener], found.end())
                if end < 0 and opener == "//":
                    end = len(text)
                elif end < 0:
                    unclosed.add(opener)
            if opener is None or end < 0:
                pieces.append(text[at : found.end()])
                at = found.end()
                continue
            end += 0 if opener == "//" else len(_COMMENT_ENDS[opener])
            pieces += [text[at : found.start()], "\n" * text.count("\n", found.start(), end)]
            at = end
        return "".join([*pieces, text[at:]])

    # -- blocks and lines

    def _body(self, text: str) -> None:
        block: list[_Line] = []
        for line in self._joined(text):
            if line.text.strip():
                block.append(line)
            elif block:
                self._block(block)
                block = []
        if block:
            self._block(block)

    def _joined(self, text: str) -> Iterator[_Line]:
        """Lines, one that holds data over several lines as one."""
        spans = list(_data_spans(text)) if "{" in text else []
        number, at, index = 1, 0, 0
        while at <= len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            while index < len(spans) and spans[index][0] < end:
                if spans[index][1] > end:
                    end = text.find("\n", spans[index][1])
                    end = len(text) if end < 0 else end
                index += 1
            yield _Line(number, text[at:end])
            number += text.count("\n", at, end) + 1
            at = end + 1

    def _block(self, lines: list[_Line]) -> None:
        if any(_PREMISE.match(line.text) for line in lines):
            words = "a premise-conclusion structure was not read; 'argdown json FILE' gives a file that holds it"
            self._told("structure_left", words, lines[0].number)
            return
        above: list[tuple[int, str]] = []  # indentation and key of each element that a deeper relation belongs to
        open_: tuple[str, list[str], int] | None = None  # sign and words of the element that is being read
        for line in lines:
            heading = _HEADING.match(line.text)
            if heading is not None:
                self._close(open_, above)
                open_ = None
                self._heading(heading[2], line.number)
                above = []
                continue
            relation = _RELATION.match(line.text)
            item = _ITEM.match(line.text)
            if _INFERENCE.match(line.text) and relation is None:
                self._told("structure_left", "a line of an inference was not read", line.number)
            elif relation is not None and (above or open_ is not None):
                self._close(open_, above)
                open_ = f"{relation[2]} {len(relation[1].expandtabs(4))}", [relation[3]], line.number
            elif item is not None:
                self._close(open_, above)
                above = []
                open_ = "", [item[2]], line.number
            elif open_ is not None and not _begins(line.text):
                open_[1].append(line.text.strip())
            else:
                self._close(open_, above)
                above = []
                open_ = "", [line.text.strip()], line.number
        self._close(open_, above)

    def _heading(self, text: str, number: int) -> None:
        _, own, _ = self._parts(text, number)
        if own is not None and own.round is not None and 0 <= own.round <= MAX_ROUND:
            self._round = own.round

    def _close(self, open_: tuple[str, list[str], int] | None, above: list[tuple[int, str]]) -> None:
        """Take in the element that was being read, and draw its relation to the one above."""
        if open_ is None:
            return
        sign, words, number = open_
        key = self._element(" ".join(words), number)
        if not sign:
            above[:] = [(-1, key)]
            return
        sign, _, depth = sign.partition(" ")
        indent = int(depth)
        while len(above) > 1 and above[-1][0] >= indent:
            above.pop()
        self._draw(sign, above[-1][1], key, number)
        above.append((indent, key))

    def _draw(self, sign: str, parent: str, child: str, number: int) -> None:
        type_, upwards = SIGNS[sign]
        source, target = (child, parent) if upwards else (parent, child)
        context = None
        if type_ not in ("support", "oppose"):
            context, type_ = type_, "oppose"
            words = f"'{sign}' ({context}) is kept as opposing"
            self._told("relation_read_as", words, number, note=True)
        relation = Relation(source=source, type=type_, target=target, context=context, line=number)
        self._drawn.append((relation, self._round))

    # -- elements

    def _element(self, text: str, number: int) -> str:
        """Take in an element; its key."""
        text = text.strip()
        defined = _DEFINED.match(text)
        named = defined or _NAMED.match(text)
        rest = text[named.end() :] if named is not None else text
        words, own, tags = self._parts(rest, number)
        if named is None:
            self._untitled += 1
            key, title = f"untitled {self._untitled}", None
        elif named["statement"] is not None:
            key = title = named["statement"]
            key = f"[{key}]"
        else:
            key = title = named["argument"]
            key = f"<{key}>"
        element = self._elements.get(key)
        if element is None:
            element = self._elements[key] = _Element(key, title, number)
            element.round = self._round
        if words:
            if element.texts and words not in element.texts:
                self._told("restated", f"{key[:80]} is defined again; both texts are kept", number, note=True)
            if words not in element.texts:
                element.texts[words] = None
            if len(element.texts) == 1:
                element.line, element.round = number, self._round
        if own is not None:
            element.own = own
            element.line, element.round = number, self._round
            self._told_relations += [(number, key, self._round, one) for one in own.references]
        element.tags += tags
        return key

    def _parts(self, text: str, number: int) -> tuple[str, OwnData | None, list[str]]:
        """Words, data and tags of an element's text."""
        own: OwnData | None = None
        pieces: list[str] = []
        at = 0
        for start, end in _data_spans(text):
            pieces.append(text[at:start])
            at = end
            value = _parsed(text[start:end])
            try:
                fitting = msgspec.convert(value, OwnData)
                own = own or fitting
            except msgspec.ValidationError as fault:
                why = f"does not fit ({fault})" if value is not None else "is not written as JSON"
                self._told("data_left", f"data that {why} was not read", number, note=True)
        text = "".join([*pieces, text[at:]])
        tags = [tag.strip().lstrip("#").strip("()") for tag in _TAG.findall(text)]
        return unescaped(_TAG.sub("", text)).strip(), own, tags

    def _told(self, code: str, words: str, line: int, *, note: bool = False) -> None:
        self._tell(code, words, self._name, line, severity="note" if note else "warning")

    # -- the whole

    def found(self, slug: str, at: str) -> Found:
        own = self._own
        keys = {key: self._key_of(element) for key, element in self._elements.items()}
        statements = [
            self._statement(element, keys[key])
            for key, element in self._elements.items()
            if not keys[key].startswith("@") and element.own.verdict is None
        ]
        statements.sort(key=lambda statement: (statement.kind, statement.round, statement.line or 0))
        if any(UNATTRIBUTED in statement.authors for statement in statements):
            words = f"nothing tells who stated what has no 'by'; it is given to '{UNATTRIBUTED}'"
            self._tell("author_unknown", words, self._name)
        people = {one.slug: one for one in (own.people if own is not None else ())}
        for statement in statements:
            for author in statement.authors:
                people.setdefault(author, Person(slug=author))
        if own is None:
            self._tell("time_from_files", "the time of the file stands for that of the argument", self._name)
        return Found(
            Graph(
                id=own.id if own is not None else slug,
                title=(own.title if own is not None else self._title or slug)[:LINE_LENGTH],
                question=own.question if own is not None else None,
                at=own.createdAt if own is not None else at,
                people=list(people.values()),
                rounds=own.stages if own is not None else [],
                statements=statements,
                relations=list(self._relations(keys)),
                conclusions=list(self._conclusions()),
            ),
            own is not None,
        )

    def _key_of(self, element: _Element) -> str:
        """What a graph calls an element: our id of it, ``@slug`` for a position, else its title."""
        if element.own.id is not None:
            return element.own.id
        if element.title is not None and element.title.startswith(POSITION):
            return f"@{element.title.removeprefix(POSITION)}"
        return element.key

    def _statement(self, element: _Element, key: str) -> Statement:
        own = element.own
        shown = "\n\n".join(element.texts)
        kind = next((kind for kind, word in KINDS.items() if word in element.tags), "C")
        text = shown
        if own.text is not None:
            if one_line(own.text) == one_line(shown):
                text = own.text
            else:
                words = f"the text of '{key}' was changed where it is shown; what is shown was read"
                self._told("text_edited", words, element.line)
        elif not shown and own.id is None:
            text = element.title or ""
        return Statement(
            key=key,
            kind=kind,
            label=(own.label or element.title or label_of(text))[:LINE_LENGTH],
            text=text,
            authors=own.by or [UNATTRIBUTED],
            round=element.round,
            status=own.status if own.status in STATUSES[kind] else None,
            local_ids=own.localIds,
            parameters=own.parameters,
            line=element.line,
        )

    def _conclusions(self) -> Iterator[Conclusion]:
        for element in self._elements.values():
            if element.own.verdict is not None:
                yield element.own.verdict

    def _relations(self, keys: Mapping[str, str]) -> Iterator[Relation]:
        """What is told in data, as far as it is drawn too, then what is drawn alone."""
        drawn: list[tuple[Relation, int]] = []
        for relation, round_ in self._drawn:
            if relation.source.startswith(f"[{VERDICT}") or relation.target.startswith(f"[{VERDICT}"):
                continue
            ends = {"source": keys[relation.source], "target": keys[relation.target]}
            drawn.append((msgspec.structs.replace(relation, **ends), round_))
        for number, key, round_, told in self._told_relations:
            relation = Relation(
                source=keys[key],
                type=told.type,
                target=told.target,
                context=told.context,
                round=round_ if keys[key].startswith("@") else None,
                line=number,
            )
            if relation.type not in DRAWN or self._was_drawn(relation, drawn):
                yield relation
            else:
                words = f"'{relation.source} {relation.type} {relation.target}' is no longer drawn"
                self._told("relation_left", words, number)
        for relation, round_ in drawn:
            position = relation.source.startswith("@")
            yield msgspec.structs.replace(relation, round=round_ if position else None)

    def _was_drawn(self, told: Relation, drawn: list[tuple[Relation, int]]) -> bool:
        """Whether a relation of the data is drawn; that drawing is used up."""
        wanted = (told.source, "support", told.target)
        if told.type == "oppose":
            wanted = (told.source, "oppose", told.target)
        elif told.type == "depend":
            wanted = (told.target, "support", told.source)
        for index, (relation, round_) in enumerate(drawn):
            same_round = told.round is None or told.round == round_
            if (relation.source, relation.type, relation.target) == wanted and same_round:
                del drawn[index]
                return True
        return False


def _begins(line: str) -> bool:
    """Whether a line without an indentation begins an element of its own."""
    return bool(_DEFINED.match(line)) or (bool(_NAMED.match(line)) and not line[:1].isspace())


def _data_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where data stands: an open brace, not escaped, and the one that closes it before an empty line.

    A brace that nothing closes is text, and data may stand behind it. Each character is looked at once.
    """
    opened: list[int] = []
    closed: list[tuple[int, int]] = []
    at = 0
    while (found := (_INSIDE if opened else _OPENS).search(text, at)) is not None:
        at = found.end()
        if found["open"]:
            opened.append(found.start())
            continue
        kind = found.lastgroup
        if kind == "close":
            start = opened.pop()
            while closed and closed[-1][0] > start:
                closed.pop()
            closed.append((start, at))
        elif kind == "empty":
            opened.clear()
        if not opened:
            yield from closed
            closed.clear()
    yield from closed


def _parsed(text: str) -> dict[str, Any] | None:
    """Data that is written as JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _own_file(text: str) -> OwnFile | None:
    """What our own front matter says of the dialogue."""
    try:
        own = msgspec.convert(_parsed(text), OwnFile)
    except msgspec.ValidationError:
        return None
    return own if own.format.startswith("hansard-argdown-") else None


def _scalar(text: str) -> str:
    """A plain or quoted value of YAML's simplest forms."""
    if text[:1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text.strip('"')
    return text.strip("'")


def read_parsed(value: Mapping[str, Any], name: str, slug: str, at: str, tell: Telling) -> Found:
    """The graph in what Argdown's own program made of a file (``argdown json``)."""
    statements: list[Statement] = []
    keys: set[str] = set()
    for open_, close, part in (("[", "]", "statements"), ("<", ">", "arguments")):
        for title, element in value[part].items():
            texts = [
                one["text"].strip()
                for one in element.get("members") or ()
                if isinstance(one, dict) and isinstance(one.get("text"), str) and not one.get("isReference")
            ]
            text = "\n\n".join(dict.fromkeys(one for one in texts if one)) or title
            key = f"{open_}{title}{close}"
            keys.add(key)
            statements.append(
                Statement(key=key, label=label_of(title)[:LINE_LENGTH], text=text, authors=[UNATTRIBUTED])
            )
    relations = []
    for relation in value["relations"]:
        ends = [
            f"<{relation.get(end)}>" if relation.get(f"{end}Type") == "argument" else f"[{relation.get(end)}]"
            for end in ("from", "to")
        ]
        word = str(relation.get("relationType"))
        type_ = {"support": "support", "entails": "support"}.get(word, "oppose")
        context = None if word in ("support", "attack") else word
        if set(ends) <= keys:
            relations.append(Relation(source=ends[0], type=type_, target=ends[1], context=context))
        else:
            tell("relation_left", f"a relation ({word}) that does not lead from statement to statement", name)
    if statements:
        tell("author_unknown", f"nothing tells who stated what; it is given to '{UNATTRIBUTED}'", name)
    tell("time_from_files", "the time of the file stands for that of the argument", name)
    graph = Graph(
        id=slug,
        title=slug.replace("-", " ").capitalize(),
        at=at,
        people=[Person(slug=UNATTRIBUTED)],
        statements=statements,
        relations=relations,
    )
    return Found(graph, ours=False)
