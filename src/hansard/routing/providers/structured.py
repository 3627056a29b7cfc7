"""How an answer of a schema is asked for, where an endpoint is held to it and where it is told in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_UNFIT = frozenset({"oneOf", "allOf", "not", "if", "patternProperties", "prefixItems", "uniqueItems"})


def closed(schema: Any) -> bool:
    """Whether each object of a schema names all its fields and lets no other in, which is what OpenAI's ``strict``
    demands; a schema that is not so can only be asked for, not enforced."""
    if isinstance(schema, list):
        return all(closed(each) for each in schema)
    if not isinstance(schema, Mapping):
        return True
    if not _UNFIT.isdisjoint(schema):
        return False
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, Mapping):
        named = properties if isinstance(properties, Mapping) else {}
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(named):
            return False
        if not all(closed(each) for each in named.values()):
            return False
    return all(closed(each) for name, each in schema.items() if name not in {"properties", "enum", "const", "default"})


def in_words(schema: Mapping[str, Any]) -> str:
    """The same wish as a sentence, for a model that nothing holds to it."""
    told = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return (
        "Your whole answer is one JSON value that is valid under the following JSON Schema: "
        f"no text before or after it, no code fence.\n{told}"
    )
