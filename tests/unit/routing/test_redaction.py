"""Redaction: what is private is found, replaced by placeholders that stay, and put back; little else is touched."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.configuration import PrivacySettings
from hansard.routing.finding import luhn
from hansard.routing.model import Attachment, Message, Model
from hansard.routing.redaction import KINDS, NOTE, SECRETS, Redactor, find, policy, secrets_in
from tests.conftest import ROOT, scale
from tests.support.private_data import Planted, iban, planted

CORPUS = planted()


def cut(text: str, draw: random.Random) -> list[str]:
    """A text in pieces of one to five characters."""
    pieces = []
    while text:
        size = draw.randrange(1, 6)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


# -- what is found -----------------------------------------------------------------------------------------------------


def test_corpus_is_as_large_as_it_should_be() -> None:
    """The planted data has at least 200 items, in at least 12 kinds, all different."""
    assert len({one.value for one in CORPUS}) >= 200
    assert len({one.kind for one in CORPUS}) >= 12
    assert {one.kind for one in CORPUS} <= set(KINDS)


@pytest.mark.parametrize("kind", sorted({one.kind for one in CORPUS}))
def test_each_planted_item_is_hidden_whole(kind: str) -> None:
    """No planted value is left in the text that goes out, not even a part of it, and every text comes back exactly."""
    for one in (one for one in CORPUS if one.kind == kind):
        redactor = Redactor()
        hidden = redactor.hide(one.sentence)
        place = one.sentence.index(one.value)
        holding = [f for f in find(one.sentence) if f.start <= place and place + len(one.value) <= f.end]
        assert len(holding) == 1, (one, hidden)
        assert one.value not in hidden
        assert redactor.restore(hidden) == one.sentence


def test_other_seeds_hide_as_well() -> None:
    """Data drawn by seeds that nobody tuned the rules to is hidden, too; random tokens, which are known by their look
    alone, but for one in 500."""
    missed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for seed in range(100, 100 + scale(10)):
        for one in planted(seed):
            tried[one.kind] += 1
            missed[one.kind] += one.value in Redactor().hide(one.sentence)
    assert not {kind for kind, count in missed.items() if count and kind != "secret"}, missed
    assert missed["secret"] <= tried["secret"] / 500 + 1, missed


def test_kinds_are_told_right() -> None:
    """What stands alone is found as what it is."""
    for one in CORPUS:
        if one.sentence == "it is " + one.value + ".":
            assert [found.kind for found in find(one.sentence)] == [one.kind]


@pytest.mark.parametrize(
    "text",
    [
        "On 2024-01-15 at 12:30:45 the ratio was 0.4111111111111111, see lines 120-345.",
        "2026-03-12T2026Z-pm-repo-sync, version 1.2.3, v1.2.3.4, react@18.2.0, py3.11",
        "git clone git@github.com:owner/name.git; @dataclass; user@localhost",
        "127.0.0.1 and ::1 and 0.0.0.0; std::vector<int>; a::b; 255.255.255.0",
        "tokens: 4096, token limit: 8192; the secret is out; password: must not be empty",
        "password = os.environ['X']; token = self.token; api_key=None; password: ${PASSWORD}; key: <your key>; **** ",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 of it",
        "0b3f1c9e-8a4d-4c2f-9b1e-7d5a6c8e9f01 is the run's id",
        "HansardDialogueOperationsRegisterRound2ndAttempt and docs/reference/some_long_file_name_2024_v2.md",
        "P0101, R0203 → C0405; 1,700,000,000,000 rows; 1700000000000000 µs; 12 345 678 users; ISBN 978-3-16-148410-0",
        "RFC 2606, 4111 1111 1111 1112 has a wrong digit; DE893704004405320130ZZ is too odd",
        "we split 60/40, 3-4 weeks, 10–20 people, $1.5m, 99.95 %, Q3 2025, 14:05–15:30",
    ],
)
def test_what_is_not_private_stays(text: str) -> None:
    """Dates, versions, hashes, ids, code and prose are not taken for anything else."""
    assert find(text) == []


def test_real_transcripts_raise_no_alarm(shared_data: Path) -> None:
    """In transcripts of real dialogues, which hold no personal data, nothing is found."""
    files = sorted((shared_data / "dialogues").rglob("*.md"))
    assert len(files) > 50
    alarms = [(file.name, f) for file in files for f in find(file.read_text(encoding="utf-8"))]
    assert alarms == []


def test_our_own_documents_raise_no_alarm() -> None:
    """In Hansard's documents, which are full of numbers, ids and code, nothing is found."""
    alarms = [
        (file.name, text[f.start : f.end])
        for file in sorted((ROOT / "docs").rglob("*.md"))
        for text in [file.read_text(encoding="utf-8")]
        for f in find(text)
    ]
    assert alarms == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("202\u2011555\u20110143", "phone"),
        ("+49\u00a030\u202f23125\u2009000", "phone"),
        ("4111\u00a01111\u00a01111\u00a01111", "card"),
        ("４１１１１１１１１１１１１１１１", "card"),
        ("ada＠example．org", "email"),
        ("ada [at] example [dot] org", "email"),
        ("ada(at)example.org", "email"),
        ("DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "iban"),
        ("203．0．113．9", "ipv4"),
    ],
)
def test_signs_of_print_hide_nothing(text: str, kind: str) -> None:
    """What was typeset, or written so that programs should not know it, is found whole."""
    assert [(one.kind, one.start, one.end) for one in find(text)] == [(kind, 0, len(text))]


def test_allowed_kinds_are_left_alone() -> None:
    """A kind that the settings allow goes out as it is, and the others do not."""
    redactor = Redactor(PrivacySettings(kinds_allowed=frozenset({"ipv4"})))
    assert redactor.hide("192.0.2.7 asked a@example.org") == "192.0.2.7 asked ⟦email-1⟧"


def test_own_words_are_hidden() -> None:
    """A user's own words are hidden in any case of letters, the longest first, and not inside other words."""
    redactor = Redactor(PrivacySettings(words=("Falcon", "Project Falcon", "c++")))
    hidden = redactor.hide("project falcon, FALCON, falconry, C++")
    assert hidden == "⟦word-1⟧, ⟦word-2⟧, falconry, ⟦word-3⟧"
    assert redactor.restore(hidden) == "project falcon, FALCON, falconry, C++"


def test_finds_that_overlap_are_one() -> None:
    """Where two rules claim overlapping places, all of both is hidden."""
    text = "https://me:" + "a1B2c3D4" + "@mail.example.com/x"
    found = find(text)
    assert len(found) == 1
    assert found[0].kind == "password"
    assert "a1B2c3D4" not in Redactor().hide(text)


def test_secrets_are_told_from_personal_data() -> None:
    """``secrets_in`` has what opens something, and nothing else."""
    key = "ghp_" + "a1B2" * 9
    assert [one.kind for one in secrets_in(f"{key} a@example.org 192.0.2.7")] == ["github-token"]
    assert all(secrets_in(one.sentence) for one in CORPUS if one.kind in SECRETS)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_finds_are_apart_and_inside(text: str) -> None:
    """Finds stand in order, none overlaps another or is empty, and hiding and restoring gives the text back."""
    found = find(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    redactor = Redactor()
    redactor.reserve([text])
    assert redactor.restore(redactor.hide(text)) == text


@given(
    st.lists(
        st.sampled_from(
            ["@", ".", "a", "1", "+", " ", "-", ":", "/", "://", "pass", "=", "sk-", "⟦", "[", "]",
             "email-1", "\n", "0", "\\", "("]
        ),
        max_size=80,
    )
)  # fmt: skip
def test_scraps_of_what_is_private_do_no_harm(parts: list[str]) -> None:
    """Whatever such scraps make together, hiding and restoring gives the text back."""
    text = "".join(parts)
    redactor = Redactor()
    redactor.reserve([text])
    assert redactor.restore(redactor.hide(text)) == text


@pytest.mark.parametrize(
    "scrap", ["a", "1", "1 ", "a@", "@a.", "+1", "://a:", "{", "eyJ", "-----BEGIN ", "ab:", "pass", "="]
)
def test_hostile_text_comes_to_an_end(scrap: str) -> None:
    """A long text of a scrap that rules stumble over is gone through; a rule that took the square of its length would
    be at it for hours."""
    text = scrap * (400_000 // len(scrap))
    redactor = Redactor()
    redactor.reserve([text])
    assert redactor.restore(redactor.hide(text)) == text


def test_check_digits_are_checked() -> None:
    """A card or an account with one digit changed is none."""
    draw = random.Random(1)
    good = iban(draw, "DE", "n" * 18)
    bad = good[:-1] + str((int(good[-1]) + 1) % 10)
    assert [one.kind for one in find(good)] == ["iban"]
    assert "iban" not in [one.kind for one in find(bad)]
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")


# -- placeholders and the way back -------------------------------------------------------------------------------------


def test_placeholder_stays_a_task_long() -> None:
    """The same value has the same placeholder in every message, another one has another."""
    redactor = Redactor()
    first, second = redactor.messages(
        [Message("system", "a@example.org leads"), Message("user", "ask b@example.org, then a@example.org")]
    )
    assert first.text == f"⟦email-1⟧ leads\n\n{NOTE}"
    assert second.text == "ask ⟦email-2⟧, then ⟦email-1⟧"
    assert redactor.counts == {"email": 2}


def test_model_is_told_what_placeholders_are() -> None:
    """Where something was replaced, the system's message says so; where nothing was, messages stay as they are."""
    note, asked = Redactor().messages([Message("user", "ask a@example.org")])
    assert (note, asked.text) == (Message("system", NOTE), "ask ⟦email-1⟧")
    plain = (Message("user", "ask them"),)
    assert Redactor().messages(plain) == plain
    assert Redactor().unknown(NOTE) == []


def test_names_of_attachments_are_hidden() -> None:
    """A file's name goes out like the text."""
    _, hidden = Redactor().messages([Message("user", "see", (Attachment("cv of a@example.org", "image/png", b"x"),))])
    assert hidden.attachments[0].name == "cv of ⟦email-1⟧"


@pytest.mark.parametrize(
    "told",
    [
        "⟦email-1⟧", "[[email-1]]", "⟦ email-1 ⟧", "⟦Email-1⟧", "⟦EMAIL-1⟧", "【email-1】",
        "⟦email 1⟧", "⟦email_1⟧",
        "⟦email‑1⟧", r"\u27e6email-1\u27e7", r"⟦email\-1⟧",
    ],
)  # fmt: skip
def test_placeholder_that_a_model_wrote_otherwise_is_known(told: str) -> None:
    """What models make of a placeholder is put back as well."""
    redactor = Redactor()
    redactor.hide("a@example.org")
    assert redactor.restore(f"write to {told}.") == "write to a@example.org."


@pytest.mark.parametrize(
    "told", ["swap(a[email-1], b[email_1]);", "x = [email-1]", "a[[email_1]]", r"grep '\[email-1\]'", "{email-1}"]
)
def test_code_that_is_like_a_placeholder_stays(told: str) -> None:
    """What may be code is left as it is: a value put into it would spoil it."""
    redactor = Redactor()
    redactor.hide("a@example.org")
    assert redactor.restore(told) == told
    assert redactor.unknown(told) == []


def test_placeholder_of_the_prompt_itself_stays() -> None:
    """A placeholder that a user wrote is nobody's: it is not given to a value, and nothing is put in its place."""
    redactor = Redactor()
    _, message = redactor.messages([Message("user", "what does ⟦email-1⟧ mean? and [email-2]? ask a@example.org")])
    assert message.text == "what does ⟦email-1⟧ mean? and [email-2]? ask ⟦email-3⟧"
    assert redactor.restore(message.text) == "what does ⟦email-1⟧ mean? and [email-2]? ask a@example.org"


def test_links_are_no_placeholders() -> None:
    """Markdown's link whose text looks like a placeholder stays a link."""
    redactor = Redactor()
    redactor.hide("a@example.org")
    assert redactor.restore("[email-1](https://example.org)") == "[email-1](https://example.org)"


def test_value_is_put_back_once() -> None:
    """A value that looks like a placeholder itself is put back and not read again."""
    redactor = Redactor(PrivacySettings(words=("⟦email-1⟧x", "Bo")))
    text = "Bo and a@example.org"
    assert redactor.restore(redactor.hide(text)) == text


def test_unknown_placeholder_is_told() -> None:
    """A placeholder that a model invented is told; one that it was given, or that the prompt held, is not."""
    redactor = Redactor()
    redactor.messages([Message("user", "a@example.org and ⟦phone-9⟧")])
    assert redactor.unknown("⟦email-1⟧ ⟦phone-9⟧ ⟦email-7⟧ ⟦iban-1⟧") == ["email-7", "iban-1"]


def test_data_is_hidden_and_put_back() -> None:
    """Texts of data, names of members among them, are hidden and come back; JSON's text needs its own signs."""
    key = next(one.value for one in CORPUS if one.kind == "private-key")
    data = {"to": ["a@example.org"], "a@example.org": {"key": key, "n": 1.5, "none": None}}
    redactor = Redactor()
    hidden = redactor.hide_data(data)
    told = json.dumps(hidden)
    assert "example.org" not in told
    assert "PRIVATE" not in told
    assert redactor.restore_data(hidden) == data
    assert json.loads(redactor.restore_json(told)) == data
    assert json.loads(redactor.restore_json(json.dumps(hidden, ensure_ascii=False))) == data


def whole_corpus() -> tuple[Redactor, str, str]:
    """All of it as one text, and the same hidden."""
    redactor = Redactor()
    text = "\n".join(one.sentence for one in CORPUS)
    redactor.reserve([text])
    return redactor, text, redactor.hide(text)


@pytest.mark.parametrize("seed", range(5))
def test_stream_comes_back_however_it_is_cut(seed: int) -> None:
    """All pieces of a stream together are the text with every value in it, wherever they cut placeholders."""
    redactor, text, hidden = whole_corpus()
    restorer = redactor.restorer()
    given_out = [restorer.feed(piece) for piece in cut(hidden, random.Random(seed))]
    assert "".join([*given_out, restorer.end()]) == text
    assert not any("⟦" in piece for piece in given_out)


def test_stream_that_is_cut_anywhere_gives_the_same() -> None:
    """A stream of two pieces gives what the whole gives, for each place where it can be cut."""
    redactor = Redactor()
    redactor.hide("a@example.org")
    for told in (
        "to ⟦email-1⟧.",
        "to [[email-1]].",
        r"to \u27e6email-1\u27e7.",
        "[email-1](x) [email-1] [x]",
        "[[email-1]](x) [[email-1]] ⟦email-1⟧(x)",
        "a [b",
        "[email-12]",
        "\\[",
    ):
        for place in range(len(told) + 1):
            restorer = redactor.restorer()
            pieces = restorer.feed(told[:place]) + restorer.feed(told[place:]) + restorer.end()
            assert pieces == redactor.restore(told), (told, place)


def test_stream_holds_nothing_back_that_it_need_not() -> None:
    """Words go out at once; only what may be the beginning of a placeholder waits, and not for long."""
    redactor = Redactor()
    redactor.hide("a@example.org")
    restorer = redactor.restorer()
    assert restorer.feed("The board ") == "The board "
    assert restorer.feed("asked ⟦em") == "asked "
    assert restorer.feed("ployer⟧ and [all of the members of the board who were there] too") != ""
    assert restorer.end() == ""


def test_nothing_hidden_costs_nothing() -> None:
    """Where nothing was hidden, texts and pieces come back as the same objects."""
    redactor = Redactor()
    text = "no data here [email-1]"
    assert redactor.hide(text) is text
    assert redactor.restore(text) is text
    assert redactor.restorer().feed(text) is text
    assert not redactor


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
        ("Cookie: theme=dark; session=3f9a8b7c6d5e4f3a2b1c9d", "3f9a8b7c6d5e4f3a2b1c9d"),
        ("curl -s -u bob:hunter22 https://x.org", "hunter22"),
        ("mysql -u root -phunter22 shop", "hunter22"),
        ("sshpass -p hunter22 ssh x", "hunter22"),
        ("CREATE USER bob IDENTIFIED BY 'hunter22'", "hunter22"),
        ("https://a.blob.core.windows.net/c?sv=2022&sig=AbCdEf1234567890abcdef%3D", "AbCdEf1234567890abcdef%3D"),
        (f"https://discord.com/api/webhooks/123456789012345678/{'abcdefghij' * 6}", "abcdefghij" * 6),
        ("to jane\u200b.doe@exam\u200bple.com now", "jane\u200b.doe@exam\u200bple.com"),
        ("at 4111 1111 \u200b1111 1111", "4111 1111 \u200b1111 1111"),
    ],
)
def test_what_commands_and_headers_hold_is_hidden(text: str, value: str) -> None:
    """Passwords among the words of a command, sessions, signatures, and what has signs of no width in it."""
    redactor = Redactor()
    hidden = redactor.hide(text)
    assert value not in hidden
    assert redactor.restore(hidden) == text
    assert len(find(text)) == 1


@pytest.mark.parametrize("part", ["curl ", "mysql ", "cookie:", "cookie: sid=", "authorization ", "&sig=", "\u200b@"])
def test_commands_and_headers_come_to_an_end(part: str) -> None:
    """However often a rule's beginning stands in a text."""
    began = time.perf_counter()
    find(part * 20_000)
    assert time.perf_counter() - began < 5


# -- policy ------------------------------------------------------------------------------------------------------------


def test_strictest_policy_holds() -> None:
    """Of the model's policy, the task's and the settings', the strictest holds; a model here is told all when nothing
    may leave."""
    outside = Model("a", "openai", "m")
    inside = Model("b", "openai", "m", external=False, privacy="raw")
    assert policy(outside, None, None) == "redacted"
    assert policy(Model("a", "openai", "m", privacy="raw"), None, "redacted") == "redacted"
    assert policy(Model("a", "openai", "m", privacy="raw"), None) == "raw"
    assert policy(outside, "raw", None) == "redacted"
    assert policy(outside, "local") == "local"
    assert policy(inside, "local") == "raw"
    assert policy(inside, "redacted") == "redacted"


def test_planted_says_what_it_is() -> None:
    """The generator gives the same for a seed, and other data for another."""
    assert planted(3, 2) == planted(3, 2)
    assert isinstance(planted(3, 1)[0], Planted)
    assert {one.value for one in planted(3)}.isdisjoint({one.value for one in planted(4) if len(one.value) > 12})
