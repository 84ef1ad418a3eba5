"""The shapes of what the registry takes and gives, as JSON Schema (2020-12), by their names in the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from wheelyard_registry.catalogue.lifecycle import Status
from wheelyard_registry.catalogue.stages import AdmissionMode
from wheelyard_registry.check_requests import FIELDS as CHECK_FIELDS
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import NAME, PATTERN
from wheelyard_registry.passwords import LONGEST
from wheelyard_resolver.levels import Level
from wheelyard_resolver.report import SCHEMA

Schema = Mapping[str, object]


def ref(name: str) -> Schema:
    """A reference to one of :data:`SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def listing(key: str, name: str) -> Schema:
    """An object whose one key holds a list of such shapes."""
    return obj({key: {"type": "array", "items": ref(name)}})


def page(properties: Mapping[str, Schema], cursor: str) -> Schema:
    """An object with these properties, and with where its next page begins: after a value of type ``cursor``."""
    following = {"type": [cursor, "null"], "description": "What `after` is for the next page; null on the last."}
    return obj({**properties, "next": following})


def obj(properties: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def nullable(schema: Schema) -> Schema:
    """The same, or null, which reads as if it were missing."""
    return {"anyOf": [schema, {"type": "null"}]}


TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TIME: Schema = {"type": "string", "format": "date-time"}
NULLABLE_TEXT: Schema = {"type": ["string", "null"]}
NULLABLE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
TEXTS: Schema = {"type": "array", "items": TEXT}
USER: Schema = {"type": "string", "pattern": f"^{NAME.pattern}$"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}

_RIGHT: Schema = {"type": "string", "enum": sorted(right.value for right in Right)}
_RIGHTS: Schema = {"type": "array", "items": _RIGHT, "maxItems": 200}
_USERS: Schema = {"type": "array", "items": USER, "maxItems": 200}
_PATTERNS: Schema = {
    "type": "array",
    "items": {"type": "string", "pattern": f"^{PATTERN.pattern}$"},
    "maxItems": 200,
}
_LINE: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 400,
    "description": "Printable characters, not only blanks.",
}
_DIGEST: Schema = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_LEVELS = [level.value for level in Level]
_ADMISSION: Schema = {"type": "string", "enum": [mode.value for mode in AdmissionMode]}
_AMOUNT: Schema = {"type": ["number", "null"], "minimum": 0}
_PLACE: Schema = {"type": "string", "minLength": 1, "maxLength": 80}
_REQUEST: Mapping[str, Schema] = {
    "at": nullable(
        {**TIME, "description": "Since when, with its zone, and not in the future; now where it is missing."}
    ),
    "deployed_by": nullable({**_LINE, "maxLength": 80}),
    "idempotency_key": nullable({**_LINE, "maxLength": 200, "description": "The same request under it is done once."}),
}

_TOKEN: Mapping[str, Schema] = {
    "id": TEXT,
    "label": TEXT,
    "rights": _RIGHTS,
    "projects": TEXTS,
    "user": NULLABLE_TEXT,
    "created_at": TIME,
    "created_by": TEXT,
    "expires_at": NULLABLE_TIME,
    "last_used_at": NULLABLE_TIME,
    "revoked_at": NULLABLE_TIME,
}

SCHEMAS: Mapping[str, Schema] = {
    "Problem": obj(
        {
            "type": {"type": "string", "description": "urn:wheelyard:problem: and the code."},
            "title": TEXT,
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "Stable; what a program should look at."},
            "detail": {"type": "string", "description": "Message and hint together."},
            "message": TEXT,
            "hint": {"type": "string", "description": "What to do next."},
        }
    ),
    "Deployment": obj(
        {
            "serial": COUNT,
            "model": TEXT,
            "version": TEXT,
            "stage": TEXT,
            "slot": TEXT,
            "owner": NULLABLE_TEXT,
            "base": NULLABLE_TEXT,
            "lock": {"anyOf": [SHA256, {"type": "null"}], "description": "The lock its base was accepted with."},
            "image": NULLABLE_TEXT,
            "commit": NULLABLE_TEXT,
            "data_version": NULLABLE_TEXT,
            "retired": {**FLAG, "description": "This entry says that the model no longer runs there."},
            "warnings": {**TEXTS, "description": "What spoke against it when it was admitted."},
            "requires": {**nullable(TEXTS), "description": "The lines of a model that has no package here."},
            "since": TIME,
            "deployed_by": NULLABLE_TEXT,
            "recorded_at": TIME,
            "recorded_by": TEXT,
        }
    ),
    "Deployments": page({"deployments": {"type": "array", "items": ref("Deployment")}}, "integer"),
    "NewDeployment": obj(
        {
            "model": TEXT,
            "version": TEXT,
            "stage": _PLACE,
            "slot": nullable(_PLACE),
            "owner": nullable({**_LINE, "maxLength": 200}),
            "base": nullable({"type": "string", "description": "NAME or NAME@sha256:DIGEST"}),
            "image": nullable({"type": "string", "description": "sha256:DIGEST or NAME@sha256:DIGEST"}),
            "commit": nullable({"type": "string", "pattern": "^[0-9a-f]{7,64}$"}),
            "data_version": nullable({**_LINE, "maxLength": 200}),
            "requires": nullable({**TEXTS, "maxItems": 10_000}),
            **_REQUEST,
        },
        optional=("slot", "owner", "base", "image", "commit", "data_version", "requires", *_REQUEST),
    ),
    "Retirement": obj(
        {"model": TEXT, "stage": _PLACE, "slot": nullable(_PLACE), **_REQUEST}, optional=("slot", *_REQUEST)
    ),
    "Promotion": obj(
        {"model": TEXT, "slot": nullable(_PLACE), "from": _PLACE, "to": _PLACE, **_REQUEST},
        optional=("slot", *_REQUEST),
    ),
    "Fleet": obj(
        {
            "fleet": obj(
                {"name": TEXT, "stage": TEXT, "max-bases": COUNT, "target": obj({"python": TEXT, "platform": TEXT})},
                optional=("max-bases",),
            ),
            "model": {
                "type": "array",
                "items": obj(
                    {"name": TEXT, "version": TEXT, "slot": TEXT, "package": TEXT, "requires": TEXTS, "owner": TEXT},
                    optional=("package", "requires", "owner"),
                ),
            },
            "base": {"type": "array", "items": obj({"name": TEXT, "models": TEXTS, "packages": TEXTS})},
        },
        optional=("base",),
    ),
    "Check": obj(
        {
            "stage": nullable({**_PLACE, "description": "Whose fleet; without one, a fleet of no models."}),
            "slot": nullable(_PLACE),
            "python": nullable({**_LINE, "maxLength": 20, "description": "In place of that of the stage."}),
            "platform": nullable({**_LINE, "maxLength": 80, "description": "In place of that of the stage."}),
            "exclude_newer": nullable({**TIME, "description": "Only files uploaded earlier; with its zone."}),
            "time_limit": nullable({"type": "number", "minimum": 0, "maximum": 10**9 - 1}),
            "release": nullable({**_LINE, "description": "A candidate that is in the index: NAME[EXTRA]==VERSION."}),
            "name": nullable({**_LINE, "maxLength": 200}),
            "version": nullable({**_LINE, "maxLength": 200}),
            "requires": nullable(
                {
                    "type": "array",
                    "items": ref("CandidateLine"),
                    "maxItems": 10_000,
                    "description": "Those of extras too.",
                }
            ),
            "extras": nullable({**TEXTS, "maxItems": 200, "description": "Those asked for."}),
            "provides_extra": nullable({**TEXTS, "maxItems": 200, "description": "Those that the candidate has."}),
            "requires_python": nullable(_LINE),
            "fail_on": nullable({"type": "string", "enum": _LEVELS}),
            "allow_unplaceable": nullable({**TEXTS, "maxItems": 200, "description": "Models that may have no base."}),
            "every_conflict": {**FLAG, "description": "Without a candidate: tell each conflict."},
        },
        optional=CHECK_FIELDS,
    ),
    "CandidateLine": obj(
        {
            "requirement": {"type": "string", "description": "PEP 508, with its marker; no direct reference."},
            "origin": nullable({**_LINE, "description": "FILE:LINE, which comes back in findings."}),
            "extra": nullable({**_LINE, "maxLength": 200, "description": "The extra under which it stands."}),
        },
        optional=("origin", "extra"),
    ),
    "Report": {
        "type": "object",
        "description": "What `wheelyard check --format json` writes: wheelyard/check/1, to which keys are added.",
        "properties": {
            "schema": {"type": "string", "const": SCHEMA},
            "status": {"type": "string", "enum": ["ok", "failed", "not proved"]},
            "level": nullable({"type": "string", "enum": _LEVELS}),
            "proved": FLAG,
            "verdict": TEXT,
            "advice": TEXTS,
            "findings": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["schema", "status", "level", "proved", "verdict", "advice", "findings"],
    },
    "Stage": obj(
        {
            "name": TEXT,
            "order": COUNT,
            "python": TEXT,
            "platform": TEXT,
            "max_bases": nullable(COUNT),
            "promoted_only": {**FLAG, "description": "It takes only releases that run in the stage before it."},
            "admission": _ADMISSION,
        }
    ),
    "NewStage": obj(
        {
            "order": {**COUNT, "maximum": 10**9 - 1},
            "python": nullable(TEXT),
            "platform": nullable(TEXT),
            "max_bases": nullable({**COUNT, "minimum": 1, "maximum": 10**9 - 1}),
            "promoted_only": FLAG,
            "admission": nullable(_ADMISSION),
        },
        optional=("python", "platform", "max_bases", "promoted_only", "admission"),
    ),
    "Bases": page(
        {
            "stage": TEXT,
            "serial": COUNT,
            "at": TIME,
            "by": TEXT,
            "snapshot": _DIGEST,
            "bases": {
                "type": "array",
                "items": obj({"name": TEXT, "revision": _DIGEST, "models": TEXTS, "lock": SHA256}),
            },
        },
        "string",
    ),
    "Period": obj(
        {
            "name": {"type": "string", "enum": ["all", "before", "after"]},
            "since": TIME,
            "until": TIME,
            "models": COUNT,
            "deployments": COUNT,
            "deployments_per_month": {"type": "number", "minimum": 0},
            "lead_time_seconds": _AMOUNT,
            "bases": COUNT,
            "hosted": COUNT,
            "bases_per_model": _AMOUNT,
            "base_bytes": COUNT,
            "separate_bytes": COUNT,
            "rates": {"type": "array", "items": obj({"month": TEXT, "team": TEXT, "deployments": COUNT})},
        }
    ),
    "ConcernedModel": obj({"deployment": ref("Deployment"), "because": TEXTS}),
    "ConcernedBase": obj(
        {"stage": TEXT, "name": TEXT, "lock": SHA256, "models": TEXTS, "owners": TEXTS, "because": TEXTS}
    ),
    "NewBases": obj(
        {
            "snapshot": _DIGEST,
            "bases": {
                "type": "array",
                "items": obj(
                    {
                        "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$"},
                        "revision": _DIGEST,
                        "models": {"type": "array", "items": TEXT, "maxItems": 10_000},
                        "lock": {"type": "string", "description": "The text of a PEP 751 lock."},
                    }
                ),
            },
        }
    ),
    "Token": obj(_TOKEN),
    "TokenWithSecret": obj({**_TOKEN, "token": {"type": "string", "description": "Shown here only, once."}}),
    "NewToken": obj(
        {
            "label": _LINE,
            "rights": {**_RIGHTS, "minItems": 1},
            "projects": nullable(_PATTERNS),
            "expires": nullable({**TIME, "description": "With its zone, and not in the past."}),
            "user": nullable(USER),
        },
        optional=("projects", "expires", "user"),
    ),
    "User": obj({"name": TEXT, "groups": TEXTS, "created_at": TIME, "disabled_at": NULLABLE_TIME}),
    "Password": obj({"password": {"type": "string", "minLength": 8, "maxLength": LONGEST}}),
    "Htpasswd": obj({"htpasswd": {"type": "string", "description": "The lines of the file."}}),
    "Group": obj({"name": TEXT, "members": TEXTS, "projects": TEXTS, "rights": _RIGHTS}),
    "NewGroup": obj({"members": nullable(_USERS), "rights": nullable(_RIGHTS)}, optional=("members", "rights")),
    "Owners": obj({"project": TEXT, "groups": TEXTS}),
    "NewOwners": obj({"groups": nullable(_USERS)}, optional=("groups",)),
    "NewStatus": obj(
        {"status": {"type": "string", "enum": sorted(status.value for status in Status)}, "reason": nullable(_LINE)},
        optional=("reason",),
    ),
    "Status": obj({"project": TEXT, "status": TEXT, "reason": NULLABLE_TEXT}),
    "NewProjectStage": obj({"stage": nullable(_PLACE)}, optional=("stage",)),
    "ProjectStage": obj({"project": TEXT, "stage": NULLABLE_TEXT}),
    "Reason": obj({"reason": nullable(_LINE)}, optional=("reason",)),
    "NewOverlay": obj({"overlay": FLAG, "reason": _LINE}, optional=("overlay",)),
    "Overlay": obj({"project": TEXT, "overlay": FLAG}),
    "Waiver": obj({"project": TEXT, "until": TIME, "reason": TEXT, "by": TEXT}),
    "NewWaiver": obj({"until": TIME, "reason": TEXT}),
    "Alarm": obj({"project": TEXT, "since": TIME}),
    "Event": obj(
        {
            "serial": COUNT,
            "at": TIME,
            "kind": TEXT,
            "subject": TEXT,
            "facts": {"type": "object"},
            "by": TEXT,
            "link": SHA256,
        }
    ),
    "Head": obj({"serial": COUNT, "link": SHA256}),
}
