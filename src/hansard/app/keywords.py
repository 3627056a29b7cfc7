"""Arguments by name: an operation's request has fields, and no order of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Told = TypeVar("Told")


def by_name(method: Callable[Given, Told]) -> Callable[Given, Told]:
    """The method, which says how it is written where somebody gives it an argument without its name.

    Raises:
        TypeError: an argument has no name.
    """

    @functools.wraps(method)
    def named(*given: Given.args, **more: Given.kwargs) -> Told:
        if len(given) > 1:
            fields = [name for name in inspect.signature(method).parameters if name not in ("self", *more)]
            written = ", ".join(f"{name}=…" for name in [*fields[: len(given) - 1], *more])
            how = f"takes arguments by name; write: {method.__name__}({written})" if written else "takes no argument"
            raise TypeError(f"{method.__name__}() {how}")
        return method(*given, **more)

    return named
