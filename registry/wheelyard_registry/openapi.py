"""The JSON API as an OpenAPI 3.1 document.

What is here and what is routed are held against each other by the tests, and answers against schemas by ``make fuzz``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry import check_errors, deployment_errors, errors, file_errors, problem
from wheelyard_registry.openapi_operations import FILE, OPERATIONS, Operation, Refusals
from wheelyard_registry.openapi_schemas import SCHEMAS, TEXT, Schema, obj, ref

PATH = "/api/v1/openapi.json"

_KNOWN: Refusals = (errors.Unauthenticated, errors.Forbidden, errors.TooManyAttempts, errors.CatalogueUnavailable)
_INGEST: Refusals = (
    errors.BadRequest,
    deployment_errors.UnknownStage,
    deployment_errors.NotAdmitted,
    check_errors.Busy,
    check_errors.CheckUndecided,
    file_errors.LengthMismatch,
    file_errors.RefusedFile,
    file_errors.ProjectClosed,
    file_errors.FileConflict,
    file_errors.NameTaken,
    file_errors.DeletedName,
    errors.BodyTooLarge,
    file_errors.OriginUnproved,
    file_errors.ContentGone,
    errors.StorageFull,
)


def document() -> dict[str, object]:
    """The whole document."""
    paths: defaultdict[str, dict[str, object]] = defaultdict(dict)
    for operation in OPERATIONS:
        paths[operation.path][operation.method.lower()] = _operation(operation)
    paths[FILE]["put"] = _import()
    paths["/legacy/"] = {"post": _upload()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wheelyard registry",
            "version": "1",
            "description": "Pages and files follow the simple repository API and are not described here.",
        },
        "paths": dict(paths),
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "login": {"type": "http", "scheme": "basic", "description": "__token__ and a token, or a user."},
            },
        },
        "security": [{"token": []}, {"login": []}],
    }


async def serve_document(_: Request) -> Response:
    """``GET /api/v1/openapi.json``."""
    return JSONResponse(document())


def _operation(operation: Operation) -> dict[str, object]:
    described: dict[str, object] = {
        "summary": operation.summary,
        "operationId": _name(operation),
        "parameters": [*_path_parameters(operation.path), *_query_parameters(operation.query or {})],
        "responses": {**_answers(operation), **_refusals(operation.refusals)},
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": ref(operation.body)}}}
    return described


def _import() -> dict[str, object]:
    outcome = _answer(obj({"outcome": {"type": "string", "enum": ["stored", "identical"]}}))
    date = {"name": "Wheelyard-Uploaded-At", "in": "header", "schema": {"type": "string", "format": "date-time"}}
    return {
        "summary": "Import a file as it is",
        "operationId": "import-file",
        "parameters": [*_path_parameters(FILE), date],
        "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {}}}},
        "responses": {"200": outcome, "201": outcome, **_refusals((*_INGEST, errors.NotFound))},
    }


def _upload() -> dict[str, object]:
    digests = dict.fromkeys(("sha256_digest", "md5_digest", "blake2_256_digest"), TEXT)
    form = {
        "type": "object",
        "properties": {
            ":action": {"type": "string", "const": "file_upload"},
            "name": TEXT,
            "version": TEXT,
            **digests,
            "content": {"type": "string", "contentMediaType": "application/octet-stream"},
        },
        "required": [":action", "content"],
    }
    refusals = (*_INGEST, file_errors.RefusedForm, file_errors.UnsupportedAction, file_errors.UnfinishedForm)
    return {
        "summary": "Upload a file in the legacy form; POST / does the same",
        "operationId": "upload",
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {
            "200": {"description": "Here, durable and visible", "content": {"text/plain": {"schema": TEXT}}},
            **_refusals(refusals),
        },
    }


def _name(operation: Operation) -> str:
    pieces = operation.path.removeprefix("/api/v1/").replace("{", "").replace("}", "").split("/")
    return "-".join([operation.method.lower(), *pieces])


def _path_parameters(path: str) -> list[dict[str, object]]:
    names = [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def _query_parameters(query: Mapping[str, Schema]) -> list[dict[str, object]]:
    return [
        {"name": name.rstrip("!"), "in": "query", "required": name.endswith("!"), "schema": schema}
        for name, schema in query.items()
    ]


def _answers(operation: Operation) -> dict[str, object]:
    answer = _answer(operation.answer)
    if "limit" in (operation.query or {}):
        text = 'The next page, rel="next" (RFC 8288); missing on the last.'
        answer = {**answer, "headers": {"Link": {"description": text, "schema": TEXT}}}
    return {str(status): answer for status in (operation.status, *operation.others)}


def _answer(schema: Schema) -> dict[str, object]:
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def _refusals(refusals: Refusals) -> dict[str, object]:
    codes: defaultdict[int, set[str]] = defaultdict(set)
    for refusal in (*_KNOWN, *refusals):
        codes[refusal.status].add(refusal.code)
    content = {problem.MEDIA_TYPE: {"schema": ref("Problem")}}
    return {
        str(status): {"description": ", ".join(sorted(codes[status])), "content": content} for status in sorted(codes)
    }
