"""What the JSON API can do: each operation with its query, its body and its answer.

It names the refusals it may answer with by their classes, so that statuses and codes are those of the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wheelyard_registry import check_errors, deployment_errors, errors, file_errors
from wheelyard_registry.openapi_schemas import (
    COUNT,
    FLAG,
    NULLABLE_TEXT,
    SHA256,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    listing,
    obj,
    page,
    ref,
)
from wheelyard_registry.paging import LARGEST

Refusals = tuple[type[errors.RegistryError], ...]

_BODY: Refusals = (errors.BadRequest, errors.BodyTooLarge, errors.InvalidField)
_CHANGE: Refusals = (deployment_errors.FutureTime, deployment_errors.KeyReused)
_ADMISSION: Refusals = (
    deployment_errors.UnknownStage,
    deployment_errors.NotPromoted,
    deployment_errors.NotAdmitted,
    check_errors.Busy,
    check_errors.CheckUndecided,
)
_CHOSEN: Refusals = (errors.NotFound,)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. ``answer`` is the schema of what success brings, with ``status``.

    ``body`` names the schema of a JSON body; ``query`` maps parameters to their schemas, a name that ends in ``!`` is
    required. ``others`` are further statuses of success, with the same answer.
    """

    method: str
    path: str
    summary: str
    answer: Schema
    status: int = 200
    body: str | None = None
    query: Mapping[str, Schema] | None = None
    refusals: Refusals = ()
    others: tuple[int, ...] = ()


_SERIAL: Schema = {**COUNT, "maximum": 10**18 - 1}
_LIMIT: Schema = {**COUNT, "minimum": 1, "maximum": LARGEST}
_BY_SERIAL: Mapping[str, Schema] = {"after": _SERIAL, "limit": _LIMIT}
_BY_NAME: Mapping[str, Schema] = {"after": TEXT, "limit": _LIMIT}
_PROJECT = "/api/v1/projects/{project}"
FILE, _RELEASE = f"{_PROJECT}/files/{{filename}}", f"{_PROJECT}/releases/{{version}}"

_CONCERNED: Schema = {"type": "array", "items": ref("ConcernedModel")}


def _chosen(path: str, what: str) -> list[Operation]:
    """The operations on a file, or on all files of a release."""
    files = {"files": TEXTS}
    deletion: Refusals = (*_CHOSEN, errors.InvalidField, file_errors.StillDeployed)
    yanked = obj({**files, "yanked": {"type": ["string", "boolean"]}})
    held = obj({**files, "quarantined": FLAG})
    posts: Refusals = (*_CHOSEN, *_BODY)
    return [
        Operation(
            "DELETE",
            path,
            f"Delete {what}; the names stay taken",
            obj({"deleted": TEXTS}),
            query={"force": FLAG, "reason": {"type": "string", "maxLength": 400}},
            refusals=deletion,
        ),
        Operation("POST", f"{path}/yank", f"Yank {what} (PEP 592)", yanked, body="Reason", refusals=posts),
        Operation("DELETE", f"{path}/yank", f"Un-yank {what}", yanked, refusals=_CHOSEN),
        Operation("POST", f"{path}/quarantine", f"Take {what} out of sight", held, body="Reason", refusals=posts),
        Operation("DELETE", f"{path}/quarantine", f"Let {what} back", held, refusals=_CHOSEN),
    ]


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/api/v1/deployments",
        "What is deployed, or was at a time, or all that was recorded",
        ref("Deployments"),
        query={
            "stage": TEXT,
            "model": TEXT,
            "slot": TEXT,
            "history": FLAG,
            "at": TIME,
            **_BY_SERIAL,
        },
        refusals=(errors.InvalidField, deployment_errors.FutureTime),
    ),
    Operation(
        "POST",
        "/api/v1/deployments",
        "Record a deployment",
        ref("Deployment"),
        201,
        body="NewDeployment",
        others=(200,),
        refusals=(*_BODY, *_CHANGE, *_ADMISSION, deployment_errors.UnknownRelease),
    ),
    Operation(
        "POST",
        "/api/v1/deployments/retire",
        "A model no longer runs in a stage and slot",
        ref("Deployment"),
        201,
        body="Retirement",
        others=(200,),
        refusals=(*_BODY, *_CHANGE, deployment_errors.NotDeployed),
    ),
    Operation(
        "POST",
        "/api/v1/deployments/promote",
        "What runs in one stage runs in another as well",
        ref("Deployment"),
        201,
        body="Promotion",
        others=(200,),
        refusals=(*_BODY, *_CHANGE, *_ADMISSION, deployment_errors.NotDeployed),
    ),
    Operation(
        "GET",
        "/api/v1/fleet",
        "A stage in the shape of a fleet file",
        ref("Fleet"),
        query={
            "stage!": {"type": "string", "minLength": 1},
            "name": TEXT,
            "python": TEXT,
            "platform": TEXT,
            "at": TIME,
        },
        refusals=(errors.InvalidField, deployment_errors.FutureTime),
    ),
    Operation(
        "POST",
        "/api/v1/check",
        "May a candidate join the fleet of a stage; without one, how the fleet stands",
        ref("Report"),
        body="Check",
        refusals=(
            *_BODY,
            deployment_errors.UnknownStage,
            check_errors.UnusableCandidate,
            check_errors.Busy,
            check_errors.CheckUndecided,
        ),
    ),
    Operation(
        "GET",
        "/api/v1/stages",
        "The configured stages in their order",
        page({"stages": {"type": "array", "items": ref("Stage")}}, "string"),
        query=_BY_NAME,
        refusals=(errors.InvalidField,),
    ),
    Operation(
        "PUT",
        "/api/v1/stages/{stage}",
        "Configure a stage",
        ref("Stage"),
        body="NewStage",
        refusals=(*_BODY, errors.NotFound),
    ),
    Operation(
        "DELETE",
        "/api/v1/stages/{stage}",
        "Take a stage out of the configuration",
        obj({"name": TEXT, "removed": FLAG}),
        refusals=_CHOSEN,
    ),
    Operation(
        "GET",
        "/api/v1/stages/{stage}/bases",
        "The accepted bases of a stage, or those of a time",
        ref("Bases"),
        query={"at": TIME, **_BY_NAME},
        refusals=(errors.NotFound, errors.InvalidField),
    ),
    Operation(
        "PUT",
        "/api/v1/stages/{stage}/bases",
        "Accept the bases of a proposal for a stage",
        ref("Bases"),
        body="NewBases",
        refusals=(*_BODY, errors.NotFound),
    ),
    Operation(
        "GET",
        "/api/v1/locks/{sha256}",
        "The text of a lock (PEP 751), as it was accepted",
        obj({"sha256": SHA256, "text": TEXT}),
        refusals=_CHOSEN,
    ),
    Operation(
        "GET",
        "/api/v1/kpi",
        "Figures of the fleet, over all time or before and after a time",
        obj({"stage": NULLABLE_TEXT, "periods": {"type": "array", "items": ref("Period")}}),
        query={"stage": TEXT, "split": TIME},
        refusals=(errors.InvalidField,),
    ),
    Operation(
        "GET",
        "/api/v1/who-uses",
        "The deployed models and accepted bases that have a release",
        page({"deployments": _CONCERNED, "bases": {"type": "array", "items": ref("ConcernedBase")}}, "integer"),
        query={"requirement!": TEXT, "stage": TEXT, **_BY_SERIAL},
        refusals=(errors.InvalidField,),
    ),
    Operation(
        "GET",
        "/api/v1/who-requires",
        "The deployed models with a requirement line about a project",
        page({"deployments": _CONCERNED}, "integer"),
        query={"project!": TEXT, "stage": TEXT, **_BY_SERIAL},
        refusals=(errors.InvalidField,),
    ),
    Operation("GET", "/api/v1/tokens", "All tokens, or those of the user who asks", listing("tokens", "Token")),
    Operation(
        "POST",
        "/api/v1/tokens",
        "Make a token",
        ref("TokenWithSecret"),
        201,
        body="NewToken",
        refusals=(*_BODY, errors.NotFound),
    ),
    Operation(
        "DELETE",
        "/api/v1/tokens/{id}",
        "Revoke a token",
        obj({"id": TEXT, "revoked": FLAG}),
        refusals=(errors.NotFound,),
    ),
    Operation("GET", "/api/v1/users", "All users", listing("users", "User")),
    Operation(
        "POST",
        "/api/v1/users",
        "Take users over from an htpasswd file",
        obj({"taken": TEXTS, "refused": TEXTS}),
        body="Htpasswd",
        refusals=_BODY,
    ),
    Operation(
        "PUT",
        "/api/v1/users/{name}",
        "Make a user, or change a password",
        obj({"name": TEXT}),
        body="Password",
        refusals=_BODY,
    ),
    Operation(
        "DELETE",
        "/api/v1/users/{name}",
        "Shut a user out, with all their tokens",
        obj({"name": TEXT, "disabled": FLAG}),
        refusals=(errors.NotFound, errors.InvalidField),
    ),
    Operation("GET", "/api/v1/groups", "All groups", listing("groups", "Group")),
    Operation(
        "PUT",
        "/api/v1/groups/{name}",
        "Make a group, or give it these members and rights",
        ref("Group"),
        body="NewGroup",
        refusals=(*_BODY, errors.NotFound),
    ),
    Operation("GET", f"{_PROJECT}/owners", "The groups that own a project", ref("Owners"), refusals=_CHOSEN),
    Operation(
        "PUT",
        f"{_PROJECT}/owners",
        "Give a project to groups",
        ref("Owners"),
        body="NewOwners",
        refusals=(*_BODY, *_CHOSEN),
    ),
    Operation(
        "PUT",
        f"{_PROJECT}/status",
        "Set a project's status (PEP 792)",
        ref("Status"),
        body="NewStatus",
        refusals=(*_BODY, *_CHOSEN),
    ),
    Operation(
        "PUT",
        f"{_PROJECT}/stage",
        "Say for which stage a project's uploads are meant",
        ref("ProjectStage"),
        body="NewProjectStage",
        refusals=(*_BODY, *_CHOSEN, deployment_errors.UnknownStage),
    ),
    Operation(
        "PUT",
        f"{_PROJECT}/overlay",
        "Show private and upstream files of a name together, or no longer",
        ref("Overlay"),
        body="NewOverlay",
        refusals=(*_BODY, *_CHOSEN),
    ),
    *_chosen(FILE, "a file"),
    *_chosen(_RELEASE, "all files of a release"),
    Operation(
        "GET",
        "/api/v1/audit",
        "The next entries of the audit log",
        listing("events", "Event"),
        query={"after": _SERIAL},
        refusals=(errors.InvalidField,),
    ),
    Operation("GET", "/api/v1/audit/head", "The newest entry's serial and link", ref("Head")),
    Operation(
        "PUT",
        f"{_PROJECT}/cooldown-waiver",
        "Serve young upstream files of a project until a time",
        ref("Waiver"),
        body="NewWaiver",
        refusals=(*_BODY, *_CHOSEN),
    ),
    Operation(
        "DELETE",
        f"{_PROJECT}/cooldown-waiver",
        "End a waiver",
        obj({"project": TEXT, "ended": FLAG}),
        refusals=_CHOSEN,
    ),
    Operation(
        "GET", "/api/v1/cooldown-waivers", "All waivers of the cooldown, expired ones too", listing("waivers", "Waiver")
    ),
    Operation("GET", "/api/v1/alarms", "Private names that have appeared upstream", listing("alarms", "Alarm")),
)
