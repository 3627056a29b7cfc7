"""The rules of the house as functions: each takes what it judges and returns its faults, one line each.

The tests beside this file give each of them the repository, and a bad sample that it must refuse.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote

MAX_FILE_BYTES: Final = 2_000_000

# -- rooms -------------------------------------------------------------------------------------------------------------


def rooms(package: Path) -> set[str]:
    """Names of the folders directly under a package that hold Python."""
    return {folder.name for folder in package.iterdir() if folder.is_dir() and any(folder.rglob("*.py"))}


def floors(layers: Iterable[str]) -> set[str]:
    """The room names in import-linter's list of layers, with those in brackets (rooms that may be absent)."""
    return {name.strip().strip("()") for layer in layers for name in layer.split("|")}


def homeless_rooms(package: Path, layers: Iterable[str]) -> list[str]:
    """Rooms of the package that have no floor, and those that import-linter would not see."""
    placed = floors(layers)
    faults = [
        f"{name}: a room without a floor; give it its place in pyproject.toml" for name in rooms(package) - placed
    ]
    # A folder without __init__.py is invisible to import-linter, and so would be what it imports.
    faults += [
        f"{name}: a room without __init__.py"
        for name in rooms(package)
        if not (package / name / "__init__.py").is_file()
    ]
    return sorted(faults)


# -- SQL ---------------------------------------------------------------------------------------------------------------

DATABASE_LIBRARIES: Final = frozenset({"sqlalchemy", "alembic", "sqlite3", "psycopg"})

# A statement opens its string, in capitals or in small letters; an English sentence begins otherwise ("Select the …").
_STATEMENT = re.compile(
    r"""\s*(?:
        SELECT\s.+\sFROM\s | select\s.+\sfrom\s | SELECT\s+[\w*(]+\s*$
      | (?:INSERT|insert|REPLACE|replace)\s+(?:\w+\s+\w+\s+)?(?:INTO|into)\s
      | (?:UPDATE|update)\s+\S+\s+(?:SET|set)\s
      | (?:DELETE|delete)\s+(?:FROM|from)\s
      | (?:CREATE|create|DROP|drop|ALTER|alter)\s+(?:\w+\s+)?(?:TABLE|table|INDEX|index|TRIGGER|trigger|VIEW|view)\s
      | (?:PRAGMA|pragma)\s+\w
      | (?:BEGIN|begin)\s+(?:IMMEDIATE|immediate|EXCLUSIVE|exclusive|DEFERRED|deferred|TRANSACTION|transaction)
      | (?:WITH|with)\s+(?:RECURSIVE\s+)?\w+\s+(?:AS|as)\s*\(
      | (?:ATTACH|attach)\s+(?:DATABASE|database)\s | VACUUM\s+INTO\s
    )""",
    re.VERBOSE | re.DOTALL,
)


def may_hold_sql(module: Path) -> bool:
    """Whether SQL statements may stand in this module (a path relative to the package)."""
    return "store" in module.with_suffix("").parts or module.parts[0] == "database"


def may_import_database(module: Path) -> bool:
    """Whether a module may import database libraries: stores, the ``database`` room, and definitions of tables."""
    return may_hold_sql(module) or "tables" in module.with_suffix("").parts


def sql_outside_stores(module: Path, source: str) -> list[str]:
    """Imports of database libraries and SQL statements where neither belongs; ``module`` is relative to the package."""
    tree = ast.parse(source)
    faults = []
    if not may_import_database(module):
        faults += [
            f"{module}:{line}: imports {name}; SQL stands in store.py and in the database room"
            for line, name in _imports(tree)
            if name.partition(".")[0] in DATABASE_LIBRARIES
        ]
    if not may_hold_sql(module):
        faults += [
            f"{module}:{line}: holds SQL ({text.split()[0]} …); it belongs into store.py"
            for line, text in _texts(tree)
            if _STATEMENT.match(text)
        ]
    return faults


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
        elif isinstance(node, ast.Call) and node.args and _name(node.func) in {"import_module", "__import__"}:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """All string literals but docstrings; an f-string as one text with a word for each value."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):  # breadth first: what holds a literal comes before it
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            skipped.update(node.values)
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "value" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped:
            yield node.lineno, node.value


# -- errors ------------------------------------------------------------------------------------------------------------

ERROR: Final = "HansardError"


def unnamed_codes(module: Path, source: str) -> list[str]:
    """Refusals whose code is not the name of the function that makes them: who has a code finds the function by it.

    A private helper with a parameter ``code`` counts as a maker, and its callers are judged. In ``errors.py`` every
    code is a literal and every public function that answers an error makes its own; elsewhere a code that is no
    literal is one that was read (an error that came from outside).
    """
    tree = ast.parse(source)
    makers = {ERROR: 1} | _helpers(tree)
    strict = module.name == "errors.py"
    faults = []
    made = set()
    for function, call in _within_functions(tree):
        maker = _name(call.func)
        if maker not in makers or (maker == ERROR and function in makers):
            continue
        made.add(function)
        code = _literal(call, position=makers[maker], keyword="code")
        if code != function and (code is not None or strict):
            faults.append(
                f"{module}:{call.lineno}: code {code!r} is made by '{function}'; name the function after the code"
            )
    if strict:
        faults += [
            f"{module}:{node.lineno}: '{node.name}' answers {ERROR} and makes none"
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            and _name(node.returns) == ERROR
            and node.name not in made | set(makers)
        ]
    return faults


def _helpers(tree: ast.Module) -> dict[str, int]:
    """Private functions of a module that make errors for others, with the position of their parameter ``code``."""
    helpers = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_"):
            names = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
            if "code" in names:
                helpers[node.name] = names.index("code")
    return helpers


def _within_functions(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the name of the innermost function around it (empty at the module's level)."""

    def visit(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield function, child
            inner = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            yield from visit(child, inner)

    yield from visit(tree, "")


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Constant) and isinstance(node.value, str):  # an annotation in quotes
        return node.value
    return node.id if isinstance(node, ast.Name) else ""


def _literal(call: ast.Call, *, position: int, keyword: str) -> str | None:
    given = [k.value for k in call.keywords if k.arg == keyword] + call.args[position : position + 1]
    return given[0].value if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str) else None


# -- files -------------------------------------------------------------------------------------------------------------

# Put together here, since this file is searched too.
MACHINE_FOLDERS: Final = tuple(f"/{name}/" for name in ("work", "root"))


def named_hosts(file: str, content: bytes, hosts: Iterable[str]) -> list[str]:
    """Package-registry hosts that a file names; a clone must install from wherever its user's pip is set up for."""
    return [f"{file}: names the package registry host {host}" for host in sorted(hosts) if host.encode() in content]


def machine_paths(file: str, content: bytes) -> list[str]:
    """Absolute paths of one machine that a file names."""
    faults = []
    for folder in MACHINE_FOLDERS:
        # 'a/work/b' and 'host/root/' are no absolute paths.
        found = re.search(rb"(?<![\w./~-])" + re.escape(folder.encode()) + rb"\S*", content)
        if found:
            line = content.count(b"\n", 0, found.start()) + 1
            faults.append(f"{file}:{line}: names the machine's path {found.group().decode(errors='replace')}")
    return faults


def too_large(file: str, size_bytes: int) -> list[str]:
    """Files too large for a repository that everybody clones whole."""
    return [f"{file}: {size_bytes:,} bytes; at most {MAX_FILE_BYTES:,}"] if size_bytes > MAX_FILE_BYTES else []


# -- documents ---------------------------------------------------------------------------------------------------------

DECISION_HEADINGS: Final = ("Context", "Decision", "Consequences")


def faulty_decisions(documents: Mapping[str, str]) -> list[str]:
    """Faults of the records of decisions, given as file name → text."""
    faults = []
    numbers: dict[str, str] = {}
    for name, text in sorted(documents.items()):
        parts = re.fullmatch(r"(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md", name)
        if parts is None:
            faults.append(f"{name}: a decision's file is named NNNN-title.md")
            continue
        number = parts[1]
        if number in numbers:
            faults.append(f"{name}: number {number} is taken by {numbers[number]}")
        numbers.setdefault(number, name)
        headings = re.findall(r"^#{2,3} (.+?)\s*$", text, re.MULTILINE)
        if [heading for heading in headings if heading in DECISION_HEADINGS] != list(DECISION_HEADINGS):
            faults.append(f"{name}: needs the headings {', '.join(DECISION_HEADINGS)}, once each and in this order")
    return faults


_CODE = re.compile(r"^(```+|~~~+).*?^\1[`~]*\s*?$|(`+)(?!`).+?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(
    r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s+(\S+)", re.MULTILINE
)


def broken_links(root: Path, document: Path) -> list[str]:
    """Relative links of a Markdown file that lead to nothing, or out of the repository, where a clone has nothing."""
    text = _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code.group()), document.read_text(encoding="utf-8"))
    faults = []
    for link in _LINK.finditer(text):
        target = link[1] or link[2]
        path = unquote(target.partition("#")[0])
        if re.match(r"[a-z][a-z0-9+.-]*:", target, re.IGNORECASE) or not path:
            continue  # an address, or a place in the same document
        goal = (document.parent / path).resolve()
        where = f"{document.relative_to(root)}:{text.count(chr(10), 0, link.start()) + 1}"
        if not goal.is_relative_to(root.resolve()):
            faults.append(f"{where}: '{target}' leads out of the repository")
        elif not goal.exists():
            faults.append(f"{where}: '{target}' leads to nothing")
    return faults


# -- locks -------------------------------------------------------------------------------------------------------------


def locked(text: str) -> dict[str, str]:
    """The packages of a lock file with their exact versions.

    Raises:
        ValueError: an entry without an exact version or without a hash.
    """
    pins: dict[str, str] = {}
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        if not entry.strip() or entry.startswith("#"):
            continue
        parts = re.match(r"([a-z0-9-]+)==(\S+)\s.*--hash=sha256:[0-9a-f]{64}(?:\s|$)", entry)
        if parts is None:
            raise ValueError(f"no exact version with a hash: {entry[:80]!r}")
        pins[parts[1]] = parts[2]
    return pins
