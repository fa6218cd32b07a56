"""The OpenAPI document of the API, made of the table of operations."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from app.api.operation import PREFIX, Operation
from app.api.operations import OPERATIONS

OPENAPI = "3.1.0"
DOCUMENT = f"{PREFIX}/openapi.json"
_BINARY = "application/octet-stream"
_ABOUT = """Read-only access to the recorded runs, with an API token from the account page.

Answers with arrays are `application/octet-stream`, little-endian:

    u4      length of the header in bytes
    UTF-8   the header, JSON: {"arrays": {name: {"dtype", "shape", "offset"}}, "meta": {...}}
    zeros   up to the next multiple of 8
    arrays  each at `offset` after that, in C order

dtype is one of f8 f4 f2 i4 u4 i2 u2 i1 u1. In Python, deeptracker.connect(url, token) reads them \
as pandas frames. In shapes, T is the number of snapshots, L of layers, F of filters, C of \
classes. Errors are JSON, {"error": "what is wrong and what to do"}."""
_ERRORS = {
    "400": "An argument is invalid; the text says which and what is allowed.",
    "401": "No token, or an invalid one.",
    "403": "The account's role does not allow this.",
    "404": "There is no such run, layer, class, filter, series or snapshot; or the run is in the "
    "trash.",
}


@cache
def document() -> Mapping[str, Any]:
    """Return the OpenAPI document as plain values."""
    return openapi(OPERATIONS)


def openapi(operations: Sequence[Operation]) -> Mapping[str, Any]:
    """Return the document of some operations."""
    return {
        "openapi": OPENAPI,
        "info": {"title": "DeepTracker", "version": "1", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            **{address(operation): {"get": _get(operation)} for operation in operations},
            DOCUMENT: {"get": _own()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string"}},
                }
            },
        },
    }


def address(operation: Operation) -> str:
    """Return the address of an operation as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", operation.rule)


def _get(operation: Operation) -> Mapping[str, Any]:
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [*_path(operation), *_query(operation)],
        "responses": {"200": _answer(operation), **_errors()},
    }


def _path(operation: Operation) -> list[Mapping[str, Any]]:
    if not operation.of_run:
        return []
    schema = {"type": "integer", "minimum": 1}
    return [
        {
            "name": "run_id",
            "in": "path",
            "required": True,
            "description": "Id of a run, as its address in the browser shows.",
            "schema": schema,
        }
    ]


def _query(operation: Operation) -> list[Mapping[str, Any]]:
    return [
        {
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.description,
            "schema": dict(parameter.schema),
        }
        for parameter in operation.parameters
    ]


def _answer(operation: Operation) -> Mapping[str, Any]:
    if operation.schema is not None:
        content = {"application/json": {"schema": dict(operation.schema)}}
        return {"description": operation.summary, "content": content}
    lines = [f"* `{a.name}` {a.dtype} {a.shape}: {a.description}" for a in operation.arrays]
    if operation.meta:
        lines.append(f"* meta: {operation.meta}")
    return {
        "description": "\n".join(["Arrays:", "", *lines]),
        "content": {_BINARY: {"schema": {"type": "string", "format": "binary"}}},
    }


def _errors() -> Mapping[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {
        status: {"description": text, "content": {"application/json": {"schema": schema}}}
        for status, text in _ERRORS.items()
    }


def _own() -> Mapping[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": "openapi",
        "summary": "This document",
        "responses": {"200": {"description": "OpenAPI 3.1", "content": content}},
    }
