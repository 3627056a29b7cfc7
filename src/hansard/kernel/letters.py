"""Characters that nobody sees: a name needs another one, and none of those that act may reach a reader raw.

Both are the inside of a character class, in the common tongue of regular expressions (Python's, Rust's, JSON Schema's).
"""

from __future__ import annotations

from typing import Final

ACTING: Final = r"\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff" + "\U000e0000-\U000e007f"
"""What turns the direction of writing or hides between letters: a text with it is not what it looks like. Joiners
(U+200C, U+200D) and variation selectors belong to scripts and emoji, and are not among them."""

UNSEEN: Final = (
    r"\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb" + "\U000e0000-\U000e0fff"
)
"""White space, controls, and everything else that leaves no mark on the page."""
