"""What is private in a text: rules that find personal data, keys and passwords, for ``redaction``.

What has check digits is checked (cards, IBANs, national numbers); keys are known by their prefixes, passwords by where
they stand, other tokens by how random they look. Names and postal addresses of people are not found: nothing here knows
a language. ``PrivacySettings.words`` takes what a user knows to be private beside.

A rule takes a text and tells its finds; every one takes time linear in the text. Sources: specs/operations, section 12
("Logging PII"); design note "Panel and routing".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import Final

from hansard.routing.redaction import WORD, Find


def found_in(text: str, allowed: Collection[str], words: Collection[str]) -> list[Find]:
    """What is private in a text; see ``redaction.find``."""
    found: list[Find] = []
    places: list[int] | None = None
    if not text.isascii() and _UNSEEN.search(text) is not None:  # an address is one also with signs of no width in it
        places = [place for place, sign in enumerate(text) if _UNSEEN.match(sign) is None]
        text = _UNSEEN.sub("", text)
    plain = _plainly(text)
    for rule in _RULES:
        found.extend(rule(plain))
    if words:
        found.extend(_own_words(text, [_UNSEEN.sub("", word) for word in words]))
    if places is not None:
        found = [Find(kind, places[start], places[end - 1] + 1) for kind, start, end in found]
    if allowed:
        found = [one for one in found if one.kind not in allowed]
    return _apart(found)


_PLAIN: Final = {
    **dict.fromkeys("\u00a0\u2007\u2009\u202f", " "),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    "\uff20": "@",
    "\uff0e": ".",
}


_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")


def _plainly(text: str) -> str:
    """The text with spaces, dashes and digits of print as those of a keyboard, each sign at the place where it was."""
    if not text.isascii():
        for printed, typed in _PLAIN.items():
            text = text.replace(printed, typed)
    return text


def _apart(found: list[Find]) -> list[Find]:
    """Finds in the order of the text, those that overlap as one: nothing of either may be told.

    The kind is that of the find that comes first in the order of the rules.
    """
    if len(found) < 2:
        return found
    rank = {id(one): number for number, one in enumerate(found)}
    found.sort(key=lambda one: (one.start, -one.end))
    apart = [found[0]]
    best = rank[id(found[0])]
    for one in found[1:]:
        last = apart[-1]
        if one.start >= last.end:
            apart.append(one)
            best = rank[id(one)]
            continue
        kind = last.kind if best <= rank[id(one)] else one.kind
        best = min(best, rank[id(one)])
        apart[-1] = Find(kind, last.start, max(last.end, one.end))
    return apart


_BEGIN_KEY: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END_KEY: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")


def _private_keys(text: str) -> Iterator[Find]:
    """From the head of a private key to its foot; to the end of the text where the foot is missing."""
    at = 0
    while (head := text.find("-----BEGIN", at)) >= 0:
        begin = _BEGIN_KEY.match(text, head)
        if begin is None:
            at = head + 10
            continue
        foot = _END_KEY.search(text, begin.end())
        at = foot.end() if foot else len(text)
        yield Find("private-key", head, at)


_PREFIXED: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    # kind, how it begins, pattern
    ("anthropic-key", ("sk-ant-",), r"sk-ant-[\w-]{16,}"),
    ("openai-key", ("sk-",), r"sk-(?!ant-)(?:proj-|svcacct-|admin-|or-v1-|None-)?(?=[\w-]{0,60}\d)[\w-]{20,}"),
    ("google-key", ("AIza",), r"AIza[\w-]{35}(?![\w-])"),
    ("google-key", ("GOCSPX-",), r"GOCSPX-[\w-]{20,}"),
    ("google-key", ("ya29.",), r"ya29\.[\w-]{20,}"),
    (
        "aws-key", ("AKIA", "ASIA", "ABIA", "ACCA", "AIDA", "AROA", "AGPA", "ANPA"),
        r"(?:AKIA|ASIA|ABIA|ACCA|AIDA|AROA|AGPA|ANPA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    ),
    ("github-token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{30,}"),
    ("github-token", ("github_pat_",), r"github_pat_\w{22,}"),
    ("gitlab-token", ("gl",), r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas)-[\w-]{16,}"),
    ("slack-token", ("xox",), r"xox[abceoprs](?:\.xox[bp])?-[\w-]{10,}"),
    ("slack-token", ("xapp-",), r"xapp-[\w-]{10,}"),
    (
        "token", ("discord.com/api/webhooks/", "discordapp.com/api/webhooks/"),
        r"discord(?:app)?\.com/api/webhooks/\d{15,22}/([\w-]{40,})",
    ),
    ("slack-token", ("hooks.slack.com/",), r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/]{20,}"),
    ("stripe-key", ("sk_", "rk_", "pk_"), r"[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    ("stripe-key", ("whsec_",), r"whsec_[A-Za-z0-9+/=]{20,}"),
    ("jwt", ("eyJ",), r"eyJ[\w-]{8,1000}\.eyJ[\w-]{4,}(?:\.[\w-]*)?"),
    ("token", ("SG.",), r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    ("token", ("AC", "SK"), r"(?:AC|SK)[0-9a-f]{32}(?![0-9A-Za-z])"),
    ("token", ("pypi-",), r"pypi-[\w-]{40,}"),
    ("token", ("key-",), r"key-[0-9a-f]{32}(?![0-9A-Za-z])"),
    ("token", ("hvs.", "hvb."), r"hv[sb]\.[\w-]{20,}"),
    ("token", ("dp.",), r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,}"),
    ("token", ("AGE-SECRET-KEY-",), r"AGE-SECRET-KEY-1[A-Z0-9]{40,}"),
    ("token", ("AccountKey=", "SharedAccessKey="), r"(?:Account|SharedAccess)Key=([A-Za-z0-9+/]{40,}={0,2})"),
    (
        "token", ("hf_", "npm_", "gsk_", "r8_", "lin_api_", "ntn_", "sbp_", "glsa_", "glc_", "sntrys_", "sntryu_"),
        r"(?:hf|npm|gsk|r8|lin_api|ntn|sbp|glsa|glc|sntrys|sntryu)_(?=\w{0,60}\d)[A-Za-z0-9_=+/-]{20,}",
    ),
    (
        "token", ("dapi", "doo_v1_", "dop_v1_", "dor_v1_", "shpat_", "shpca_", "shppa_", "shpss_"),
        r"(?:dapi|do[opr]_v1_|shp(?:at|ca|pa|ss)_)[0-9a-f]{32,}",
    ),
    (
        "token", ("xai-", "pplx-", "tvly-", "PMAK-", "NRAK-", "HRKU-", "sq0", "EAA"),
        r"(?:xai-|pplx-|tvly-|PMAK-|NRAK-|HRKU-|sq0(?:atp|csp|idp)-|EAA(?=[A-Za-z]{0,60}\d))[\w-]{20,}",
    ),
    (
        "token", ("pscale_", "dckr_pat_", "lsv2_", "ATATT3", "ATCTT3", "figd_", "rnd_", "fo1_", "v1.0-"),
        r"(?:pscale_(?:tkn|oauth|pw)_|dckr_pat_|lsv2_(?:pt|sk)_|AT[AC]TT3|figd_|rnd_|fo1_)[\w.=-]{20,}",
    ),
)  # fmt: skip

_INNER: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (("token", (":AA",), r"\d{8,10}:AA[\w-]{32,}"),)
"""The same for those that are known by a text in their midst."""

_BEGINNINGS: Final = sorted({text for _, texts, _ in _PREFIXED for text in texts}, key=len, reverse=True)
_BEGINNING: Final = re.compile("|".join(map(re.escape, _BEGINNINGS)))
_BEGUN: Final = {
    begun: tuple(
        (kind, re.compile(rf"(?<![A-Za-z0-9]){pattern}"))
        for kind, texts, pattern in _PREFIXED
        if any(begun.startswith(text) for text in texts)
    )
    for begun in _BEGINNINGS
}
"""By how a text begins, what it may be."""

_INNER_RULES: Final = tuple((texts, kind, re.compile(rf"(?<![A-Za-z0-9]){pattern}")) for kind, texts, pattern in _INNER)


def _prefixed(text: str) -> Iterator[Find]:
    """Keys and tokens that begin as their makers let them begin."""
    for begun in _BEGINNING.finditer(text):
        for kind, pattern in _BEGUN[begun.group()]:
            if (match := pattern.match(text, begun.start())) is not None:
                yield Find(kind, *match.span(match.lastindex or 0))
                break
    for texts, kind, pattern in _INNER_RULES:
        if any(each in text for each in texts):
            for match in pattern.finditer(text):
                yield Find(kind, *match.span())


_USERINFO: Final = re.compile(r"://([^\s/?#:@\"'<>]*):([^\s/?#\"'<>]*)@")


_SHOWN_IN_DOCUMENTS: Final = frozenset({"", "pass", "password", "passwd", "passwort", "passphrase", "pwd", "pw"})


def _url_passwords(text: str) -> Iterator[Find]:
    """The password of ``scheme://user:password@host``, up to the last ``@`` before the path."""
    if "://" not in text:
        return
    for match in _USERINFO.finditer(text):
        start, end = match.span(2)
        if match[2].lower() not in _SHOWN_IN_DOCUMENTS and not _stands_for_one(match[2]):
            yield Find("password", start, end)


_CORES: Final = (
    "pass", "pwd", "pw", "kennwort", "contraseña", "senha", "secret", "token", "key", "credential", "pin"
)  # fmt: skip
"""What the name of a secret has in it."""

_BEFORE: Final = re.compile(
    # a name may be the last part of a longer one (``DB_PASSWORD``); a key is one only where it says whereof
    r"(?:(?:api|access|secret|auth|private|signing|encryption|service|account|master|license|client)[ _.-]?"
    r"(?:access[ _-])?"
    r"|(?P<word>(?:\A|[\W_])(?:mot[ _]de[ _])?)|(?P<flag>(?<![\w-])--?[\w-]{0,20}))\Z",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?P<name>pass(?:word|wd|wort|phrase|code|e)?|pwd|pw|kennwort|contraseña|senha|secret|token|key|credential|pin)s?"
    r"(?:[ _-](?:access[ _-])?(?:key|token|value|string))?(?![^\W_])(?: \([^)\n]{1,24}\))?"
    r"(?:\\?[\"'`]|\*{1,2})?"
    r"(?:\s{0,3}(?P<sign>=>|:=|=|:)(?:\*{1,2}(?=\s))?\s{0,3}|\s(?:is|ist|lautet|was|est|es)\s{1,3}|(?P<xml>>)|(?P<gap>\s))"
    r"(?:\\\"(?P<escaped>[^\"\\\n]{4,200})\\\"|\"(?P<double>[^\"\n]{4,200})\"|'(?P<single>[^'\n]{4,200})'"
    r"|`(?P<back>[^`\n]{4,200})`|(?P<bare>[^\s\"'`,;<>()\[\]{}|\\]{4,200}))",
    re.IGNORECASE,
)
_RUN_TOGETHER: Final = ("password", "passwd", "passphrase", "secret", "token")
"""Names that are known in the midst of a longer one, too (``dbPassword``)."""


def _has_any(text: str, hints: Iterable[str]) -> bool:
    """Whether a text has one of some words, in any case of letters: most texts have none, and need no closer look."""
    lower = text.lower()
    return any(hint in lower for hint in hints)


def _places(text: str, words: Iterable[str]) -> Iterator[int]:
    """Where some words stand, in any case of letters; much faster than a pattern that ignores case."""
    lower = text.lower()
    if len(lower) != len(text):  # a letter that is two when it is small: their places differ
        pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
        yield from (match.start() for match in pattern.finditer(text))
        return
    for word in words:
        at = lower.find(word)
        while at >= 0:
            yield at
            at = lower.find(word, at + 1)


_STAND_IN: Final = re.compile(
    r"\$\{|\$\(|\$[A-Za-z_]+\Z|%\(|%[sd]\Z|%[A-Za-z_]+%\Z|[{<\[(⟦].*[}>\])⟧]\Z|\.\.\.|…|x{4,}\Z"
    r"|(?:your|my)[-_ ]?\w*(?:password|passphrase|secret|token|key|here)\Z|change.?me\W*\Z|placeholder\Z|redacted\Z"
    r"|os\.|env\.|process\.|self\.|none\Z|null\Z",
    re.IGNORECASE,
)
_HAS_DIGIT: Final = re.compile(r"\d")
_HAS_SIGN: Final = re.compile(r"[!#$%^&*+=?@~/\\]")
_OF_CODE: Final = re.compile(
    r"_*[A-Za-z]\w*(?:\.\w+)+|_*[A-Za-z]+\d{0,3}(?:_(?:[A-Za-z]+\d{0,3}|\d{1,4}))+_?|(?:/[\w.-]+){2,}"
)
"""An attribute of an object, a name of several words, a path."""

_BARE_WORD: Final = re.compile(r"[^\W\d_]+(?:[-_.' ][^\W\d_]+)*[.:!?]?")


def _stands_for_one(value: str) -> bool:
    """Whether a value is no secret but says where one would stand (``$PASSWORD``, ``<token>``, ``****``)."""
    return _STAND_IN.match(value) is not None or not value.strip("*.xX-_•")


def _assigned(text: str) -> Iterator[Find]:
    """What stands after ``password =``, ``"api_key":``, ``token is``, ``--secret`` and the like, if it can be one."""
    for at in _places(text, _CORES):
        match = _NAMED.match(text, at)
        if match is None:
            continue
        name = match["name"].casefold()
        before = _BEFORE.search(text, max(0, at - 26), at)
        if before is None:
            if name not in _RUN_TOGETHER:
                continue
        elif name == "key" and (before["word"] is not None or before["flag"] is not None):
            continue
        if match["gap"] is not None and (before is None or before["flag"] is None):
            continue
        group = str(match.lastgroup)
        start, end = match.span(group)
        value = match[group]
        if group == "bare":
            value = value.rstrip(".:!?*_")
            end = start + len(value)
        quoted = group != "bare" or match["xml"] is not None
        if not _can_be_secret(value, name, quoted=quoted):
            continue
        if _BARE_WORD.fullmatch(value) and not (quoted or _is_set(match, text)):
            continue
        yield Find("password" if name.startswith(_PASSWORDS) else "secret", start, end)


def _is_set(match: re.Match[str], text: str) -> bool:
    """Whether a bare word is set as in a file of settings (``DB_PASSWORD=letmein``), not in a program."""
    return (
        match["sign"] == "=" and text[match.start("bare") - 1] == "=" and text[match.end() : match.end() + 1] in _ENDS
    )


_ENDS: Final = frozenset({"", " ", "\n", "\r", "\t", ";", '"', "'"})


_PASSWORDS: Final = ("pass", "pwd", "pw", "kenn", "contra", "senha")


def _can_be_secret(value: str, name: str, *, quoted: bool) -> bool:
    """Whether what follows a secret's name can be one: prose, code and counts are not."""
    if len(value) < 4 or _stands_for_one(value):
        return False
    if name == "pin":
        return value.isdecimal()
    password = name.startswith(_PASSWORDS)
    if _BARE_WORD.fullmatch(value):
        return password and " " not in value and len(value) >= 6 and _OF_FORMS.search(value) is None
    if not quoted and _OF_CODE.fullmatch(value):
        return False
    if _HAS_DIGIT.search(value) is None and _HAS_SIGN.search(value) is None:
        return False
    if password:
        return len(value) >= 5 or value.isdecimal()
    return len(value) >= 8 and " " not in value and _HAS_DIGIT.search(value) is not None and not _COUNT.fullmatch(value)


_COUNT: Final = re.compile(r"[\d._,]+[A-Za-z%]{0,3}")
_OF_FORMS: Final = re.compile(
    r"pass|pwd|secret|token|requir|option|string|invalid|missing|empty|hidden|unknown|default|changed|prompt|config|user"
    r"|\b(?:text|false|true|input|bytes|value|field|label|login)\b",
    re.IGNORECASE,
)
"""Words that stand where a password would, in forms, schemas and programs."""


_SCHEMES: Final = ("bearer ", "basic ", "apikey ", "token ")
_BEARER: Final = re.compile(r"(?<![A-Za-z])(?:bearer|basic|apikey|token)\s{1,3}([\w.~+/=-]{16,})", re.IGNORECASE)


def _bearers(text: str) -> Iterator[Find]:
    """What stands after ``Bearer`` or ``Basic``, as in a header."""
    for at in _places(text, _SCHEMES):
        match = _BEARER.match(text, at)
        if match is None or _HAS_DIGIT.search(match[1]) is None:
            continue
        if match.group().lower().startswith("bearer") or _turns(match[1]) >= len(match[1]) // 5:
            yield Find("secret", *match.span(1))


_COMMANDS: Final = tuple(
    (hints, re.compile(pattern, re.IGNORECASE if any_case else 0))
    for hints, pattern, any_case in (
        # a password among the words of a command
        (("curl",), r"\bcurl\b[^\n|;]{0,200}?\s(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,64}:([^\s\"']{3,200})", False),
        (
            ("mysql", "mariadb"),
            r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;]{0,200}?\s-p[\"']?([^\s\"']{4,200})", False,
        ),
        (("sshpass",), r"\bsshpass\s{1,3}-p\s?[\"']?([^\s\"']{3,200})", False),
        # SQL
        (("identified",), r"\bidentified\s{1,3}by\s{1,3}(?:password\s{1,3})?'([^'\s]{3,200})'", True),
        # a header
        (
            ("authorization",),
            r"\bauthorization[\"']?\s?[:=]\s?[\"']?(?:bearer|basic|token)\s{1,3}([\w.~+/=-]{8,1000})", True,
        ),
        # a signature that opens what its address names (Azure, Amazon, Google)
        (
            ("sig=", "signature="),
            r"[?&](?:sig|signature|x-amz-signature|x-goog-signature)=([\w%+/=-]{16,500})", True,
        ),
    )
)  # fmt: skip


def _commands(text: str) -> Iterator[Find]:
    """Passwords and the like among the words of commands, statements, headers and addresses."""
    lower = text.lower()
    for hints, pattern in _COMMANDS:
        if any(hint in lower for hint in hints):
            for match in pattern.finditer(text):
                if not _stands_for_one(match[1]):
                    yield Find("password", *match.span(1))


_COOKIE: Final = re.compile(r"cookie2?[\"']?:", re.IGNORECASE)
_CRUMB: Final = re.compile(r"(?<![\w.-])([\w.-]{1,64})=([^\s;,\"'=]{8,2000}=*)")
_OF_SESSIONS: Final = re.compile(r"sess|sid|auth|token|jwt|csrf|remember", re.IGNORECASE)


def _cookies(text: str) -> Iterator[Find]:
    """What opens a session, in the lines of headers that set or send cookies."""
    done = 0
    if not _has_any(text, ("cookie",)):
        return
    for header in _COOKIE.finditer(text):
        if header.end() < done:
            continue
        end = text.find("\n", header.end())
        done = len(text) if end < 0 else end
        for crumb in _CRUMB.finditer(text, header.end(), done):
            if _OF_SESSIONS.search(crumb[1]) is not None and not _stands_for_one(crumb[2]):
                yield Find("secret", *crumb.span(2))


_TOKEN: Final = re.compile(r"[A-Za-z0-9_+/=-]{28,}")
_RUN: Final = re.compile(r"[A-Za-z0-9_+=-]{24,}")


def _random_tokens(text: str) -> Iterator[Find]:
    """Long tokens that look drawn by lot: digits, small and capital letters mixed all over.

    Hexadecimal digests and UUIDs are not among them: texts about software are full of those.
    """
    for whole in _TOKEN.finditer(text):
        token = whole.group()
        if _drawn(token) and token.count("/") * 12 <= len(token):
            yield Find("secret", *whole.span())
        elif "/" in token:
            for run in _RUN.finditer(token):
                if _drawn(run.group()):
                    yield Find("secret", whole.start() + run.start(), whole.start() + run.end())


def _drawn(token: str) -> bool:
    digits = sum(map(str.isdigit, token))
    capitals = sum(map(str.isupper, token))
    letters = sum(map(str.isalpha, token))
    return digits >= 1 and capitals >= 4 and letters - capitals >= 4 and _turns(token) >= 0.38 * len(token)


def _turns(token: str) -> int:
    """How often two neighbours are of different classes: digit, capital, small letter (a sign is of none)."""
    classes = ["d" if c.isdigit() else "A" if c.isupper() else "a" if c.islower() else "" for c in token]
    return sum(a != b for a, b in pairwise(classes) if a and b)


_AT: Final = re.compile(r"@|%40|\\u0040| ?[\[(] ?at ?[\])] ?", re.IGNORECASE)
_LOCAL: Final = re.compile(r"(?:\"[^\"\n]{1,60}\"|[\w.!#$%&'*+/=?^`{|}~-]+)\Z")
_DOMAIN: Final = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.| ?[\[(] ?dot ?[\])] ?))+"
    r"(?:xn--[a-z0-9-]{2,40}|[^\W\d_]{2,24})(?![\w-])"
)


def _emails(text: str) -> Iterator[Find]:
    """Addresses of e-mail; what a version (``react@18.2``) or a clone's address (``git@github.com:…``) is not."""
    for at in _AT.finditer(text):
        begin = max(0, at.start() - 64)
        local = _LOCAL.search(text[begin : at.start()])
        domain = _DOMAIN.match(text, at.end(), at.end() + 255)
        if local is None or domain is None:
            continue
        start = begin + local.start()
        # what quotes and sets it off may stand in a local part, and never does at its beginning
        while start < at.start() and text[start] in "'`*/=.{|}~!#$%&?^-+":
            start += 1
        if start == at.start() or (text[start : at.start()] == "git" and text[domain.end() : domain.end() + 1] == ":"):
            continue
        yield Find("email", start, domain.end())


_NUMERIC: Final = re.compile(r"\d(?:[^\n\d]{0,4}\d){5,}")
_AROUND: Final = 48
"""Characters before a number that may say what it is."""


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers of six digits or more stand, with some room before and after: the only places worth a look."""
    start = end = -1
    for match in _NUMERIC.finditer(text):
        if match.start() - _AROUND > end:
            if end >= 0:
                yield start, end
            start = max(0, match.start() - _AROUND)
        end = min(len(text), match.end() + 34)  # a number of an account may end in letters
    if end >= 0:
        yield start, end


def _in_numbers(rule: Callable[[str, int, int], Iterable[Find]]) -> Callable[[str], Iterator[Find]]:
    """A rule that looks at the surroundings of numbers alone."""

    def looks(text: str) -> Iterator[Find]:
        for start, end in _numbers(text):
            yield from rule(text, start, end)

    return looks


_DIGITS: Final = re.compile(
    r"(?<!\d)(?:\d{12,19}|\d{4}(?:[ .-]{1,2}\d{4}){2,3}(?:[ .-]{1,2}\d{1,4})?"
    r"|\d{4}[ .-]{1,2}\d{6}[ .-]{1,2}\d{4,5})(?!\d)"
)
_IBAN: Final = re.compile(r"[A-Za-z](?<![A-Za-z0-9][A-Za-z])[A-Za-z]\d\d(?:[ -]?[A-Za-z0-9]){11,30}")

_IBAN_LENGTHS: Final[Mapping[str, int]] = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip


def _ibans(text: str) -> Iterator[Find]:
    """Account numbers of the right length whose check digits agree (ISO 13616)."""
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match.group()[:2].upper())
        if length is None:
            continue
        signs = [(c, place) for place, c in enumerate(match.group()) if c.isalnum()]
        if len(signs) < length:
            continue
        number = "".join(c for c, _ in signs[:length]).upper()
        last = match.start() + signs[length - 1][1] + 1
        turned = "".join(str(int(c, 36)) for c in number[4:] + number[:4])
        if int(turned) % 97 == 1 and not text[last : last + 1].isalnum():
            yield Find("iban", match.start(), last)


def luhn(digits: str) -> bool:
    """Whether a number's last digit is the one that Luhn's rule asks for."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@_in_numbers
def _cards(text: str, start: int, end: int) -> Iterator[Find]:
    """Numbers of payment cards: an issuer's beginning, its length, and Luhn's digit."""
    for match in _DIGITS.finditer(text, start, end):
        if text[max(0, match.start() - 1) : match.start()] in {".", ","} and text[max(0, match.start() - 2)].isdigit():
            continue  # the places of a decimal number
        digits = "".join(str(int(c)) for c in match.group() if c.isdigit())
        if _is_card(digits):
            yield Find("card", *match.span())


def _is_card(digits: str) -> bool:
    length, two, four = len(digits), int(digits[:2]), int(digits[:4])
    issued = (
        (digits[0] == "4" and length in {13, 16, 19})
        or (length == 16 and (51 <= two <= 55 or 2221 <= four <= 2720))
        or (length == 15 and two in {34, 37})
        or (length in {14, 16, 19} and (two in {36, 38, 39, 30}))
        or (16 <= length <= 19 and (four == 6011 or two in {60, 62, 64, 65, 35, 81}))
        or (12 <= length <= 19 and two in {50, 56, 57, 58, 63, 67})
    )
    return issued and len(set(digits)) > 1 and luhn(digits)


_IPV4: Final = re.compile(r"\d(?<![\w.]\d)\d{0,2}(?:\.\d{1,3}){3}(?!\.?\d)(?![A-Za-z_])")
_IPV6: Final = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{2,40}(?:\.\d{1,3}){0,3}(?:%\w{1,15})?(?![\w:])")
_IPV6_HINT: Final = re.compile(r"::|:(?:[0-9A-Fa-f]{1,4}:){6}")
_MAC: Final = re.compile(
    r"[0-9A-Fa-f](?<![\w:.-][0-9A-Fa-f])[0-9A-Fa-f]"
    r"(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:\.[0-9A-Fa-f]{4}){2})(?![\w:-])"
)


def _addresses(text: str) -> Iterator[Find]:
    """Addresses of machines; not those that every machine has (loopback, unspecified), nor masks."""
    for match in _IPV4.finditer(text):
        try:
            four = IPv4Address(match.group())
        except ValueError:
            continue
        if not (four.is_loopback or four.is_unspecified or match.group().startswith("255.") or int(four) < 1 << 24):
            yield Find("ipv4", *match.span())
    if _IPV6_HINT.search(text) is not None:
        for match in _IPV6.finditer(text):
            told = match.group()
            if told.count(":") < 2 or not _HAS_DIGIT.search(told):
                continue
            try:
                six = IPv6Address(told)
            except ValueError:
                continue
            if not (six.is_loopback or six.is_unspecified) and int(six) >> 32:
                yield Find("ipv6", *match.span())
    for match in _MAC.finditer(text):
        if len(set(match.group().casefold())) > 3:  # neither all zeros nor the broadcast's
            yield Find("mac", *match.span())


_S: Final = r"[ ./-]"
_PHONE: Final = re.compile(
    rf"""
    (?<![\w+]) (?<!\d[.,:]) (?:
      # with a country's code
      (?:\+|00(?=[1-9]))\d{{1,3}} {_S}? (?:\(0?\d{{0,4}}\){_S}?)? \d (?:{_S}?\d){{5,12}}
      # an area in brackets
    | \(\d{{2,5}}\){_S}{{0,2}}\d{{2,5}}(?:{_S}\d{{2,5}}){{0,3}}
      # North America
    | (?:1[-. ])?[2-9]\d\d([-. ])[2-9]\d\d\1\d{{4}}
    | \d{{3}}-\d{{3}}-\d{{4}}
      # a leading zero
    | 0[1-9]\d{{0,4}}[ /-]\d{{2,9}}(?:[ -]\d{{2,5}}){{0,4}}
      # France, with dots
    | 0[1-9](?:\.\d\d){{4}}
    ) (?!\w) (?![.,:-]\d)
    """,
    re.VERBOSE,
)
_CALLED: Final = re.compile(
    r"(?<![A-Za-z])(?:tel|telephone|telefon|téléphone|teléfono|phone|fon|mobile?|mobil|handy|cell|call|fax|whatsapp|sms"
    r"|signal|rufnummer|portable)(?![A-Za-z])[^\w\n+(]{0,6}"
    r"(?:(?:number|no|nr|is|at|me|us|ist|unter)\b[^\w\n+(]{0,4}){0,3}"
    r"(\+?\(?\d(?:[ ./()-]{0,2}\d){5,14})(?!\w)",
    re.IGNORECASE,
)


@_in_numbers
def _phones(text: str, start: int, end: int) -> Iterator[Find]:
    """Telephone numbers: with a country's code, as a country writes them, or after a word that announces one."""
    for match in _PHONE.finditer(text, start, end):
        digits = sum(map(str.isdigit, match.group()))
        if 7 <= digits <= 15 and (match.group()[0] != "0" or digits >= 9) and not _is_date(match.group()):
            yield Find("phone", *match.span())
    for match in _CALLED.finditer(text, start, end):
        if not _is_date(match.group(1)):
            yield Find("phone", *match.span(1))


_DAY, _MONTH, _YEAR = r"(?:[0-2]?\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
_DATE: Final = re.compile(rf"{_YEAR}[-./ ]{_MONTH}[-./ ]{_DAY}|{_DAY}[-./ ]{_MONTH}[-./ ]{_YEAR}")


def _is_date(told: str) -> bool:
    return _DATE.match(told) is not None


_BORN: Final = re.compile(
    r"(?<![A-Za-z])(?:date of birth|birth ?date|birthday|born(?: on)?|dob|d\.o\.b\.|geboren(?: am)?|geburtsdatum|geb\."
    r"|née? le|naissance|nacido el)[^\w\n]{0,4}(?:is |was |on |ist |the )?"
    r"(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}(?:st|nd|rd|th|\.)? ?[^\W\d_]{3,10}\.?,? \d{4}"
    r"|[^\W\d_]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})(?!\d)",
    re.IGNORECASE,
)
_BORN_HINTS: Final = ("birth", "born", "dob", "d.o.b.", "gebo", "geburt", "geb.", "née ", "né le", "naissance", "nacid")


def _birthdates(text: str) -> Iterator[Find]:
    """Dates after a word that makes them somebody's birth."""
    if not _has_any(text, _BORN_HINTS):
        return
    for match in _BORN.finditer(text):
        yield Find("birthdate", *match.span(1))


_SSN: Final = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_NINO: Final = re.compile(
    r"(?<![A-Za-z0-9])(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r" ?\d\d ?\d\d ?\d\d ?[A-D](?![A-Za-z0-9])"
)
_CPF: Final = re.compile(r"(?<![\d.-])\d{3}\.\d{3}\.\d{3}-\d\d(?!\d)")
_DNI: Final = re.compile(r"(?<![A-Za-z0-9])[0-9XYZ]\d{7}-?[A-HJ-NP-TV-Z](?![A-Za-z0-9])")


_SSN_CALLED: Final = re.compile(
    r"(?:ssn|social security(?: number| no\.?)?)\W{0,3}(?:is )?(\d{3}[ -]?\d\d[ -]?\d{4})(?!\d)", re.IGNORECASE
)


@_in_numbers
def _national_ids(text: str, start: int, end: int) -> Iterator[Find]:
    """Numbers that a state gives a person: US social security, UK national insurance, Brazil's CPF, Spain's DNI."""
    for pattern in (_SSN, _NINO):
        for match in pattern.finditer(text, start, end):
            yield Find("national-id", *match.span())
    for match in _SSN_CALLED.finditer(text, start, end):
        yield Find("national-id", *match.span(1))
    for match in _CPF.finditer(text, start, end):
        digits = [int(c) for c in match.group() if c.isdigit()]
        first = sum(d * w for d, w in zip(digits[:9], range(10, 1, -1), strict=True)) * 10 % 11 % 10
        second = sum(d * w for d, w in zip(digits[:10], range(11, 1, -1), strict=True)) * 10 % 11 % 10
        if digits[9:] == [first, second]:
            yield Find("national-id", *match.span())
    for match in _DNI.finditer(text, start, end):
        told = match.group()
        number = int(str("XYZ".index(told[0])) + told[1:8] if told[0] in "XYZ" else told[:8])
        if told[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]:
            yield Find("national-id", *match.span())


def _own_words(text: str, words: Collection[str]) -> Iterator[Find]:
    """A user's own words, longest first."""
    told = "|".join(re.escape(word) for word in sorted(filter(str.strip, words), key=len, reverse=True))
    for match in re.finditer(rf"(?<!\w)(?:{told})(?!\w)" if told else r"(?!)", text, re.IGNORECASE):
        yield Find(WORD, *match.span())


_RULES: Final[tuple[Callable[[str], Iterable[Find]], ...]] = (
    _private_keys, _url_passwords, _prefixed, _assigned, _bearers, _commands, _cookies, _emails, _ibans, _cards,
    _national_ids, _birthdates, _addresses, _phones, _random_tokens,
)  # fmt: skip
"""In the order of what they know for certain: of two that overlap, the first names the find."""
