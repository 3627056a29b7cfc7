"""``python -m hansard.app.python [FILE]`` writes the typed methods of ``Hansard`` into ``app/methods.py``.

Told once: a method's name, arguments, types and words are its operation's. A test fails when the file differs.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Union

from pydantic.fields import FieldInfo

from hansard.app.assembly import all_operations
from hansard.kernel.operations import Operation
from hansard.kernel.shapes import Shape

FILE: Final = Path(__file__).with_name("methods.py")

HEAD: Final = '''"""Every operation as a typed method.

Made by ``python -m hansard.app.python``; change the operations instead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from hansard.app.keywords import by_name

if TYPE_CHECKING:
'''

CLASS: Final = '''

class Methods(ABC):
    """The operations, by their names. Each checks what it is given and raises ``HansardError`` for every refusal."""

    @abstractmethod
    def call(self, operation: str, request: Mapping[str, Any]) -> Any:
        """Run an operation by its name or alias with a request of plain values."""
'''


def source(table: Mapping[str, Operation]) -> str:
    """The module's text for a table of operations."""
    shapes: set[type[Shape]] = set()
    methods = "\n".join(_method(operation, shapes) for operation in table.values())
    modules: dict[str, list[str]] = {}
    for shape in shapes:
        modules.setdefault(shape.__module__, []).append(shape.__name__)
    imports = "\n".join(f"    from {module} import {', '.join(sorted(modules[module]))}" for module in sorted(modules))
    return formatted(f"{HEAD}{imports}\n{CLASS}\n{methods}")


def _method(operation: Operation, shapes: set[type[Shape]]) -> str:
    shapes.add(operation.answer)
    fields = operation.request.model_fields
    # what must be given stands first, and what few callers give last
    names = sorted(fields, key=lambda name: (not fields[name].is_required(), name == "request_id"))
    arguments = [_argument(name, fields[name], shapes) for name in names]
    given = [f'"{name}": {name}' for name in names]
    words = textwrap.indent(_docstring(operation), " " * 8)
    star = "*, " if arguments else ""
    return (
        f"    @by_name\n"
        f"    def {operation.name}(self, {star}{', '.join(arguments)}) -> {operation.answer.__name__}:\n"
        f"{words}\n"
        f'        answer: {operation.answer.__name__} = self.call("{operation.name}", {{{", ".join(given)}}})\n'
        f"        return answer\n"
    )


def _argument(name: str, field: FieldInfo, shapes: set[type[Shape]]) -> str:
    told = _told(field.annotation, shapes)
    if field.is_required():
        return f"{name}: {told}"
    default = field.get_default(call_default_factory=True)
    if default == {}:  # a mapping can be altered, so none is a default
        return f"{name}: {told} | None = None"
    return f"{name}: {told} = {'()' if default == [] else repr(default)}"


def _docstring(operation: Operation) -> str:
    lines = [f'"""{operation.description}']
    told = [
        f"    {name}: {' '.join(field.description.split())}"
        for name, field in operation.request.model_fields.items()
        if field.description
    ]
    if told:
        lines += [
            "",
            "Args:",
            *(line for entry in told for line in textwrap.wrap(entry, 108, subsequent_indent=" " * 8)),
        ]
    return "\n".join([*lines, '"""'] if told or "\n" in operation.description else [f'"""{operation.description}"""'])


def _told(annotation: Any, shapes: set[type[Shape]]) -> str:
    """An annotation as source; where a shape is wanted, plain values of its fields do as well."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _told(inner[0], shapes)
    if origin in (Union, types.UnionType):
        return " | ".join(_told(part, shapes) for part in inner)
    if origin is Literal:
        return f"Literal[{', '.join(repr(word) for word in inner)}]"
    if origin is list or origin is tuple:
        return f"Sequence[{_told(inner[0], shapes)}]"
    if origin is dict:
        return f"Mapping[{_told(inner[0], shapes)}, {_told(inner[1], shapes)}]"
    if annotation is type(None) or annotation is None:
        return "None"
    if annotation is Any:
        return "Any"
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        shapes.add(annotation)
        return f"{annotation.__name__} | Mapping[str, Any]"
    if isinstance(annotation, type) and annotation.__module__ == "builtins":
        return annotation.__name__
    raise TypeError(f"an operation takes what has no place in a signature: {annotation!r}")


def formatted(text: str) -> str:
    """The text as the house formats it."""
    for command in (("check", "--select", "I", "--fix", "--quiet"), ("format",)):
        done = subprocess.run(  # noqa: S603  (our own text and Python)
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(FILE), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        text = done.stdout
    return text


def main(arguments: list[str]) -> int:
    """Write the module."""
    file = Path(arguments[0]) if arguments else FILE
    with all_operations() as table:
        file.write_text(source(table), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
