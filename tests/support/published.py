"""What the publishers of other programs' files demand of them, as far as our files use it.

Written by us from their schemas (field names, types, limits); each schema here is closed, so that a field which the
publisher does not know, or which we do not use, is a fault. Looked up in November 2026:

- skills: the specification of agentskills.io;
- plugin and marketplace: SchemaStore, ``claude-code-plugin-manifest.json`` and ``claude-code-marketplace.json``;
- ``server.json``: the MCP registry, schema of 2025-12-11, and the registry's own further rules;
- configurations: the manuals of Claude Code, Cursor and VS Code.
"""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final[dict[str, Any]] = {"type": "string", "minLength": 1}
_TEXTS: Final[dict[str, Any]] = {"type": "array", "items": {"type": "string"}}
_KEBAB: Final[dict[str, Any]] = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64}
_VERSION: Final[dict[str, Any]] = {"type": "string", "pattern": r"^\d+\.\d+\.\d+$", "maxLength": 255}


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_PERSON = _closed({"name": _TEXT, "email": {"type": "string"}, "url": {"type": "string", "format": "uri"}}, "name")

SKILL: Final = _closed(
    {
        "name": _KEBAB,
        "description": {**_TEXT, "maxLength": 1024},
        "license": _TEXT,
        "compatibility": {**_TEXT, "maxLength": 500},
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "name",
    "description",
)
"""The head of a ``SKILL.md``."""

PLUGIN: Final = _closed(
    {
        "name": _KEBAB,
        "version": _VERSION,
        "description": _TEXT,
        "author": _PERSON,
        "homepage": {"type": "string", "format": "uri"},
        "repository": {"type": "string"},
        "license": _TEXT,
        "keywords": _TEXTS,
    },
    "name",
)

MARKETPLACE: Final = _closed(
    {
        "name": _KEBAB,
        "description": _TEXT,
        "owner": _PERSON,
        "plugins": {
            "type": "array",
            "minItems": 1,
            "items": _closed(
                {
                    "name": _KEBAB,
                    "source": {"type": "string", "pattern": r"^\./"},
                    "description": _TEXT,
                    "category": _TEXT,
                    "tags": _TEXTS,
                },
                "name",
                "source",
            ),
        },
    },
    "name",
    "owner",
    "plugins",
)

_STARTED: Final = {"type": {"const": "stdio"}, "command": _TEXT, "args": _TEXTS, "env": {"type": "object"}}
_REACHED: Final = {"type": {"const": "http"}, "url": {"type": "string", "pattern": "^https?://"}, "headers": {}}

MCP_SERVERS: Final = _closed(
    {
        "mcpServers": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "anyOf": [_closed(_STARTED, "command"), _closed(_REACHED, "type", "url")],
            },
        }
    },
    "mcpServers",
)
"""``.mcp.json`` of Claude Code and of its plugins, ``mcp.json`` of Cursor."""

VSCODE: Final = _closed(
    {
        "servers": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "anyOf": [_closed(_STARTED, "type", "command"), _closed(_REACHED, "type", "url")],
            },
        },
        "inputs": {
            "type": "array",
            "items": _closed(
                {
                    "type": {"enum": ["promptString", "pickString", "command"]},
                    "id": _TEXT,
                    "description": _TEXT,
                    "password": {"type": "boolean"},
                },
                "type",
                "id",
            ),
        },
    },
    "servers",
)
"""``.vscode/mcp.json``."""

_INPUT: Final = {
    "description": {"type": "string"},
    "default": {"type": "string"},
    "value": {"type": "string"},
    "format": {"enum": ["string", "number", "boolean", "filepath"]},
    "isRequired": {"type": "boolean"},
    "isSecret": {"type": "boolean"},
}

SERVER: Final = _closed(
    {
        "$schema": {"const": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"},
        "name": {"type": "string", "pattern": "^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$", "minLength": 3, "maxLength": 200},
        "title": {**_TEXT, "maxLength": 100},
        "description": {**_TEXT, "maxLength": 100},
        "version": _VERSION,
        "packages": {
            "type": "array",
            "items": _closed(
                {
                    "registryType": {"enum": ["npm", "pypi", "oci", "nuget", "mcpb"]},
                    "identifier": _TEXT,
                    "version": _VERSION,
                    "runtimeHint": {"enum": ["npx", "uvx", "docker", "dnx"]},
                    "transport": _closed({"type": {"const": "stdio"}}, "type"),
                    "packageArguments": {
                        "type": "array",
                        "items": {
                            "anyOf": [
                                _closed({**_INPUT, "type": {"const": "positional"}}, "type", "value"),
                                _closed({**_INPUT, "type": {"const": "named"}, "name": _TEXT}, "type", "name"),
                            ]
                        },
                    },
                    "environmentVariables": {"type": "array", "items": _closed({**_INPUT, "name": _TEXT}, "name")},
                },
                "registryType",
                "identifier",
                "transport",
            ),
        },
    },
    "$schema",
    "name",
    "description",
    "version",
)
"""``server.json`` of the MCP registry."""
