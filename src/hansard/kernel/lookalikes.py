"""Names that look alike: what one could pass for, and what none may hold. Names only; texts are never judged.

After UTS #39 ("Unicode Security Mechanisms"), section 4, with a table of the letters that pass for Latin ones in the
scripts that names are most often written in.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from hansard.kernel.letters import UNSEEN

_CYRILLIC = "авекмнорстухѕіјԁԛԝһӏѵүьАВЕЅІЈКМНОРСТУХӀѴ"
_GREEK = "αγικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
_ALIKE: Final = str.maketrans(
    _CYRILLIC + _GREEK + "ıɑɡʟοօսհոԼՕՍ01",
    "abekmhopctyxsijdqwhlvybABESIJKMHOPCTYXIV" + "ayiKvopTuxwABEZHIKMNOPTYX" + "iagloounnLOUol",
)
_UNSEEN: Final = re.compile(rf"(?!\s)[{UNSEEN}]")
_PART: Final = re.compile(r"[\W_]+")
_CAPITAL_I: Final = re.compile(r"(?<=[^\W\d_])I(?=[a-z])")
_ALPHABETS: Final = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
"""Scripts with letters of the same shapes."""

_JOINERS: Final = "\u200c\u200d"
"""They belong to scripts, and are not seen as anything else."""


def skeleton(name: str) -> str:
    """What is left of a name where everything is alike that looks alike: two names of one skeleton are one to a reader.

    Case, marks, unseen characters and what parts words say nothing; letters that pass for Latin ones are these.
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name))
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    alike = _CAPITAL_I.sub("l", _UNSEEN.sub("", plain).translate(_ALIKE)).casefold()
    return _PART.sub("-", alike).strip("-")


def unfit(name: str) -> str | None:
    """Why nobody may be called so, whoever else there is; ``None`` for a name."""
    for sign in name:
        kind = unicodedata.category(sign)
        if kind in ("Cc", "Cf", "Cs", "Zl", "Zp") and sign not in _JOINERS:
            return f"holds U+{ord(sign):04X}, which is a control and no letter"
    if not any(map(str.isalnum, name)):
        return "holds no letter and no digit"
    found = {_alphabet(sign) for sign in unicodedata.normalize("NFKC", name) if sign.isalpha()} & _ALPHABETS
    if len(found) > 1:
        return f"mixes letters of {' and '.join(sorted(word.capitalize() for word in found))}, which look alike"
    return None


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]
