"""One OpenAPI document, made from the shapes of the operations: requests, answers, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic.json_schema import models_json_schema

from hansard.kernel.errors import Kind
from hansard.kernel.operations import Operation
from hansard.kernel.shapes import Shape, WriteRequest
from hansard.surfaces.http import queries
from hansard.surfaces.http.paths import EVENTS, HEALTH, METRICS, OPENAPI, PREFIX
from hansard.surfaces.http.requests import EventEnvelope, EventsQuery

SCHEMAS: Final = "#/components/schemas/"

_REFUSALS: Final = {
    "400": ("Unreadable", "The request cannot be read: it is no JSON object."),
    "401": ("Unauthenticated", "No token, or one that is not valid here."),
    "403": ("Refused", "Well formed and not allowed: by the caller's scope, the Host, the Origin, or by a rule."),
    "404": ("NotFound", "It names something that is not there."),
    "409": ("Conflict", "It collides with what is recorded."),
    "413": ("TooLarge", "The body is too large."),
    "415": ("NotJson", "The body is not said to be JSON."),
    "422": ("Invalid", "The request is malformed or breaks a rule."),
    "500": ("Failed", "What is stored is not what was stored, or Hansard failed."),
    "503": ("Unavailable", "Something outside is missing or busy: the same request may succeed later."),
}
_OF_READS: Final = ("401", "403", "404", "409", "413", "422", "500", "503")
_OF_CALLS: Final = ("400", *_OF_READS[:5], "415", *_OF_READS[5:])

_TEXT: Final = {"type": ["string", "null"]}
_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A refusal or failure: what is wrong, where, and what to do next.",
    "properties": {
        "item_type": {"type": "string"},
        "local_id": {"type": "string"},
        "source_id": {"type": "string"},
        "status": {"const": "error"},
        "success": {"const": False},
        "kind": {"enum": [*get_args(Kind), "internal"]},
        "error_code": {"type": "string"},
        "error": {"type": "string"},
        "message": {"type": "string"},
        "field": _TEXT,
        "value": {},
        "constraint": _TEXT,
        "valid_options": {"type": ["array", "null"], "items": {"type": "string"}},
        "suggestion": _TEXT,
        "recovery": {"type": ["object", "null"]},
        "context": {"type": ["object", "null"]},
        "errors": {"type": ["array", "null"], "items": {"$ref": f"{SCHEMAS}Error"}},
    },
    "required": [
        "status",
        "success",
        "kind",
        "error_code",
        "error",
        "message",
        "field",
        "value",
        "constraint",
        "valid_options",
        "suggestion",
        "recovery",
        "context",
        "errors",
    ],
    "additionalProperties": False,
}


def document(table: Mapping[str, Operation]) -> dict[str, Any]:
    """The description of everything that the door answers."""
    from hansard import __version__

    shapes: dict[tuple[type[Shape], Any], None] = {(EventEnvelope, "serialization"): None}
    for operation in table.values():
        shapes[operation.request, "validation"] = None
        shapes[operation.answer, "serialization"] = None
    names, whole = models_json_schema(list(shapes), ref_template=f"{SCHEMAS}{{model}}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in table.values():
        answer = names[operation.answer, "serialization"]
        if operation.mark.path is not None:
            paths.setdefault(f"{PREFIX}{operation.mark.path}", {})["get"] = _read(operation, answer)
        request = names[operation.request, "validation"]
        paths.setdefault(f"{PREFIX}/{operation.name}", {})["post"] = _call(operation, request, answer)
    paths |= _own(names[EventEnvelope, "serialization"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hansard",
            "version": __version__,
            "description": "The official record of AI deliberation. Reads answer GET at their own path; every "
            "operation answers POST at its name.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**whole.get("$defs", {}), "Error": _ERROR},
            "responses": {name: _refusal(words) for name, words in _REFUSALS.values()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of 'hansard token create'. Its scope is read, judge or admin; each holds "
                    "the former.",
                }
            },
        },
    }


def _told(operation: Operation) -> dict[str, Any]:
    return {
        "summary": operation.summary,
        "description": f"{operation.description}\n\nNeeds the scope '{operation.mark.scope}'.",
        "tags": [operation.mark.tools],
        "x-hansard-scope": operation.mark.scope,
    }


def _read(operation: Operation, answer: Any) -> dict[str, Any]:
    assert operation.mark.path is not None
    whole = operation.request.model_json_schema()
    fields = queries.parameters(operation.request)
    told = []
    for name, schema in fields.items():
        in_path = f"{{{name}}}" in operation.mark.path
        described = {key: value for key, value in schema.items() if key != "description"}
        parameter: dict[str, Any] = {
            "name": name,
            "in": "path" if in_path else "query",
            "required": in_path or name in whole.get("required", []),
        }
        if "description" in schema:
            parameter["description"] = schema["description"]
        if schema.get("type") == "object":
            parameter["content"] = {"application/json": {"schema": described}}
        else:
            parameter["schema"] = described
        told.append(parameter)
    told.append(
        {
            "name": "If-None-Match",
            "in": "header",
            "description": "ETag of an answer that the caller holds.",
            "schema": {"type": "string"},
        }
    )
    good = _good(answer)
    good["headers"] = {"ETag": {"description": "Names this very answer.", "schema": {"type": "string"}}}
    if "after" in fields:
        good["headers"]["Link"] = {"description": 'Where to read on (rel="next").', "schema": {"type": "string"}}
    return {
        "operationId": f"{operation.name}_get",
        **_told(operation),
        "parameters": told,
        "responses": {
            "200": good,
            "304": {"description": "The caller holds this answer already."},
            **_refusals(_OF_READS),
        },
    }


def _call(operation: Operation, request: Any, answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": operation.name, **_told(operation)}
    if issubclass(operation.request, WriteRequest):
        told["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same as 'request_id': sent again with the same request, the first answer is given.",
                "schema": {"type": "string"},
            }
        ]
    return {
        **told,
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {"200": _good(answer), **_refusals(_OF_CALLS)},
    }


def _own(envelope: Any) -> dict[str, dict[str, Any]]:
    """The paths that are no operation."""
    fields = queries.parameters(EventsQuery)
    text = {"text/plain": {"schema": {"type": "string"}}}
    some = _refusals(("401", "403", "500", "503"))
    return {
        EVENTS: {
            "get": {
                "operationId": "events",
                "summary": "Listen to the journal as server-sent events.",
                "tags": ["server"],
                "description": "One event, named 'entry', for each entry of the journal; its id is the entry's "
                "position, its data the envelope. A comment is sent where nothing else is, so that the line stays "
                "open.",
                "parameters": [
                    *(
                        {
                            "name": name,
                            "in": "query",
                            "required": False,
                            "description": schema["description"],
                            "schema": {key: value for key, value in schema.items() if key != "description"},
                        }
                        for name, schema in fields.items()
                    ),
                    {
                        "name": "Last-Event-ID",
                        "in": "header",
                        "description": "Id of the last event that the listener had; stronger than 'after'.",
                        "schema": fields["after"],
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Events, until either side ends it.",
                        "content": {"text/event-stream": {"schema": {"type": "string"}}},
                        "x-hansard-event-data": envelope,
                    },
                    **_refusals(("401", "403", "422", "500", "503")),
                },
            }
        },
        METRICS: {
            "get": {
                "operationId": "metrics",
                "summary": "Figures about the server, as Prometheus reads them.",
                "tags": ["server"],
                "responses": {"200": {"description": "Figures.", "content": text}, **some},
            }
        },
        OPENAPI: {
            "get": {
                "operationId": "openapi",
                "summary": "This document.",
                "tags": ["server"],
                "responses": {
                    "200": {"description": "The document.", "content": {"application/json": {"schema": {}}}},
                    **some,
                },
            }
        },
        HEALTH: {
            "get": {
                "operationId": "health",
                "summary": "Whether the server runs and its store answers.",
                "tags": ["server"],
                "security": [],
                "responses": {
                    "200": {
                        "description": "It does.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"status": {"const": "ok"}},
                                    "required": ["status"],
                                }
                            }
                        },
                    },
                    **_refusals(("500", "503")),
                },
            }
        },
    }


def _good(schema: Any) -> dict[str, Any]:
    return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}


def _refusal(words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": {"$ref": f"{SCHEMAS}Error"}}}}


def _refusals(statuses: tuple[str, ...]) -> dict[str, Any]:
    return {status: {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"} for status in statuses}
