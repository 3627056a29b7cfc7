"""The reference documents, made from what the program is: operations, refusals, commands.

Pure: what is described is handed in, Markdown comes out. ``python -m hansard.app.reference`` writes the files, and a
test fails when they differ from what this says.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from hansard.kernel.operations import Operation

NOTE: Final = "<!-- Made by 'python -m hansard.app.reference'; change what it is made from. -->"

ERROR: Final = "HansardError"

# -- operations --------------------------------------------------------------------------------------------------------


def operations_document(table: Mapping[str, Operation], prefix: str) -> str:
    """Every operation: what it does, how it is called, what it takes, what it gives.

    Args:
        prefix: of every path over HTTP.
    """
    shapes: dict[str, dict[str, Any]] = {}
    lines = [
        NOTE,
        "",
        "# Operations",
        "",
        "Everything that Hansard can do, by the name that every surface offers it under. On the command line:",
        "`hansard call NAME JSON`; `hansard call NAME --schema` gives the same as JSON Schema.",
        f"[Over HTTP](../http.md) each answers `POST {prefix}/NAME`, and a read that has a path `GET` there too.",
        "[Assistants](../mcp.md) are offered sets of tools. Callers from outside need the scope, or one that holds it.",
        "",
        "| operation | does | `GET` | set | scope | summary |",
        "|---|---|---|---|---|---|",
    ]
    for operation in table.values():
        mark = operation.mark
        does = "writes" if mark.writes else "reads"
        path = f"`{prefix}{mark.path}`" if mark.path else ""
        cells = [f"[`{operation.name}`](#{operation.name})", does, path, mark.tools, mark.scope]
        lines.append(f"| {' | '.join(cells)} | {_cell(operation.summary)} |")
    for operation in table.values():
        lines += _operation(operation, prefix, shapes)
    lines += ["", "## Shapes", "", "What requests and answers are made of."]
    for name in sorted(shapes):
        lines += ["", f"### {name}", "", *_described(shapes[name]), *_fields(shapes[name])]
    return "\n".join(lines) + "\n"


def _operation(operation: Operation, prefix: str, shapes: dict[str, dict[str, Any]]) -> Iterator[str]:
    mark = operation.mark
    yield from ("", f"## {operation.name}", "", _plain(operation.description))
    if mark.aliases:
        yield from ("", f"Also called {', '.join(f'`{alias}`' for alias in mark.aliases)}.")
    ways = [f"`GET {prefix}{mark.path}`"] if mark.path else []
    ways.append(f"`POST {prefix}/{operation.name}`")
    resource = f" Resource: `hansard:/{mark.resource}`." if mark.resource else ""
    yield from ("", f"HTTP: {', '.join(ways)}. Tools: `{mark.tools}`. Scope: `{mark.scope}`.{resource}")
    request = operation.request.model_json_schema()
    answer = operation.answer.model_json_schema(mode="serialization")
    for title, schema in (("Request", request), ("Answer", answer)):
        for name, shape in schema.pop("$defs", {}).items():
            shapes.setdefault(name, shape)
        yield from ("", f"**{title}**", "", *_fields(schema))


def _described(schema: Mapping[str, Any]) -> list[str]:
    return [_plain(schema["description"]), ""] if "description" in schema else []


def _fields(schema: Mapping[str, Any]) -> list[str]:
    """The fields of a shape as a table."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        return ["No fields."]
    required = set(schema.get("required", ()))
    rows = ["| field | type | | meaning |", "|---|---|---|---|"]
    for name, field in properties.items():
        need = "required" if name in required else _default(field)
        rows.append(f"| `{name}` | {_type(field)} | {need} | {_cell(field.get('description', ''))} |")
    return rows


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    return "" if default in (None, [], {}) else f"default `{json.dumps(default, ensure_ascii=False)}`"


def _type(field: Mapping[str, Any]) -> str:
    """A JSON Schema's type in words; a shape is linked."""
    if "$ref" in field:
        name = str(field["$ref"]).rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(option) for option in field["anyOf"]))
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = field.get("type")
    if kind == "array":
        return f"list of {_type(field['items'])}" if field.get("items") else "list"
    if kind == "object":
        inner = field.get("additionalProperties")
        return f"object of {_type(inner)}" if isinstance(inner, dict) and inner else "object"
    return {"string": "text", "null": "null", "boolean": "true or false"}.get(str(kind), str(kind or "any"))


# -- refusals ----------------------------------------------------------------------------------------------------------


class Refusal(NamedTuple):
    """A function that makes an error; its name is the code."""

    code: str
    kind: str
    meaning: str
    room: str


def refusals(modules: Mapping[str, str]) -> list[Refusal]:
    """Every refusal that modules make, sorted by code.

    Args:
        modules: source texts by module name (``hansard.kernel.errors``).
    """
    found = []
    for name, source in modules.items():
        tree = ast.parse(source)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and _makes_error(node)]
        helpers = {node.name: _kind(node, {}) for node in functions if node.name.startswith("_")}
        for node in functions:
            if not _names_itself(node):
                continue
            meaning = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
            found.append(Refusal(node.name, _kind(node, helpers), meaning, name.split(".")[1]))
    return sorted(found)


def _makes_error(node: ast.FunctionDef) -> bool:
    return isinstance(node.returns, ast.Name) and node.returns.id == ERROR


def _names_itself(node: ast.FunctionDef) -> bool:
    """Whether the function's name is the code of the error it makes; a helper's is not."""
    return any(isinstance(inner, ast.Constant) and inner.value == node.name for inner in ast.walk(node))


def _kind(node: ast.FunctionDef, helpers: Mapping[str, str]) -> str:
    """The kind of the error that a function makes: its own literal, or that of the helper it calls.

    Empty where it depends, as a batch's kind does on its faults.
    """
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            if inner.func.id == ERROR and inner.args and isinstance(inner.args[0], ast.Constant):
                return str(inner.args[0].value)
            if inner.func.id in helpers:
                return helpers[inner.func.id]
    return ""


def errors_document(found: Iterable[Refusal], kinds: Mapping[str, int], codes: Mapping[int, str]) -> str:
    """Every refusal by its code, the kinds, and the exit codes of the command line."""
    listed = list(found)
    lines = [
        NOTE,
        "",
        "# Errors",
        "",
        "An error tells what is wrong (`message`), where (`field`, `value`), what would do (`valid_options`) and what",
        "to do next (`suggestion`). Programs look at `kind`, which says what the caller can do, and at `error_code`.",
        "Of a batch each fault stands in `errors`, and nothing of it is written.",
        "",
        "## Exit codes",
        "",
        "| code | meaning |",
        "|---|---|",
        *(f"| {code} | {_cell(meaning)} |" for code, meaning in codes.items()),
        "",
        "With `--json` the error is the JSON document on standard output; otherwise it is told on standard error.",
        "",
        "## Codes",
        "",
        "| code | kind | exit | meaning | room |",
        "|---|---|---|---|---|",
    ]
    for one in listed:
        kind = one.kind or "as its faults"
        lines.append(f"| `{one.code}` | {kind} | {kinds.get(one.kind, '')} | {_cell(one.meaning)} | {one.room} |")
    return "\n".join(lines) + "\n"


# -- settings ----------------------------------------------------------------------------------------------------------


def settings_document(schema: Mapping[str, Any]) -> str:
    """Every setting, from the JSON Schema of the settings; and where the home is looked for."""
    lines = [
        NOTE,
        "",
        "# Settings",
        "",
        "Hansard's home is what `--home` says, else `HANSARD_HOME`, else the nearest folder `.hansard` upward from the",
        "working folder, else the system's folder for such data; `hansard doctor` tells which. A file `settings.toml`",
        "there may hold the settings below. The environment wins over the file.",
        "",
        "| setting | in the environment | type | | meaning |",
        "|---|---|---|---|---|",
    ]
    for name, field in schema["properties"].items():
        cells = [f"`{name}`", f"`HANSARD_{name.upper()}`", _type(field), _default(field), _cell(field["description"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


# -- commands ----------------------------------------------------------------------------------------------------------


def commands_document(helps: Mapping[str, str]) -> str:
    """Every command's help, as ``--help`` gives it in a pipe."""
    lines = [NOTE, "", "# Commands", ""]
    for name, text in helps.items():
        lines += [f"## {name}", "", "```text", text.rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    """A docstring as Markdown: its literals in single backticks."""
    return text.replace("``", "`")


def _cell(text: str) -> str:
    return _plain(" ".join(text.split())).replace("|", "\\|")
