"""``Dockerfile.<base>``: the image of a base, for BuildKit, podman and buildah alike.

It keeps to what all three build without contacting anything but the index: no here-document (buildah 1.28 and
BuildKit's built-in frontend of Docker 20.10 refuse it), no ``COPY --link`` (buildah refuses it), no ``# syntax=`` line
(BuildKit would fetch a frontend). Credentials come as a secret mount, which no layer keeps.

The lock goes into the image's own site-packages, not into a virtual environment: ``python``, ``pip`` and the console
scripts that people expect of a Python image are then the ones that see it, and a model's image is ``FROM`` this one
plus ``pip install --no-deps``. Nothing is compiled, so that a separate build stage would save nothing.

Sources: Dockerfile reference (``RUN --mount``), OCI image specification (annotations), reproducible-builds.org
(``SOURCE_DATE_EPOCH``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

from wheelyard_cli.images import file_names, pylock, requirements
from wheelyard_cli.images.file_names import MARK
from wheelyard_resolver.proposal import Base, Proposal

DEFAULT_INDEX_URL = "https://pypi.org/simple/"
USER_ID = 10001
OLDEST = dt.datetime(1980, 1, 1, tzinfo=dt.timezone.utc)
"""The date of an image none of whose wheels states an upload time: the earliest that a zip file can hold."""

_LOCK_DIRECTORY = "/usr/local/share/wheelyard"


def render(proposal: Proposal, base: Base) -> str | None:
    """The text of the Dockerfile, or None where the target is not Linux."""
    if base.target.environment["sys_platform"] != "linux":
        return None
    return (
        "\n\n".join(
            [
                f"# {MARK}",
                _base_image(base),
                _arguments(base),
                _labels(proposal, base),
                _user(base),
                _install(base),
                _end(),
            ]
        )
        + "\n"
    )


def python_image(base: Base) -> str:
    """The official Python image of a Linux target: Debian's slim one for glibc, Alpine for musl."""
    major, minor = base.target.release
    return f"python:{major}.{minor}-{'alpine' if _is_musl(base) else 'slim'}"


def created(base: Base) -> dt.datetime:
    """When the newest of its wheels was uploaded: a date that follows from the lock and from nothing else."""
    times = [package.wheel.upload_time for package in base.packages if package.wheel.upload_time is not None]
    return max([*times, OLDEST]).replace(microsecond=0)


def _is_musl(base: Base) -> bool:
    return base.target.platform.startswith("musllinux")


def _base_image(base: Base) -> str:
    return f"ARG PYTHON_IMAGE={python_image(base)}\nFROM ${{PYTHON_IMAGE}}"


def _arguments(base: Base) -> str:
    return "\n".join(
        [
            "ARG PYTHON_IMAGE",
            f"ARG INDEX_URL={(*base.indexes, DEFAULT_INDEX_URL)[0]}",
            f"ARG SOURCE_DATE_EPOCH={int(created(base).timestamp())}",
            "ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1",
        ]
    )


def _labels(proposal: Proposal, base: Base) -> str:
    labels = {
        "org.opencontainers.image.title": base.name,
        "org.opencontainers.image.description": f"Base environment of fleet {proposal.fleet}, stage {proposal.stage}",
        "org.opencontainers.image.created": created(base).isoformat().replace("+00:00", "Z"),
        "io.wheelyard.base": base.name,
        "io.wheelyard.target": str(base.target),
        "io.wheelyard.models": ",".join(sorted(base.models)),
        "io.wheelyard.lock-digest": pylock.digest(proposal, base),
        "io.wheelyard.snapshot": proposal.snapshot,
    }
    lines = [f"{key}={_quoted(value)}" for key, value in labels.items()]
    lines.insert(3, 'org.opencontainers.image.base.name="${PYTHON_IMAGE}"')
    return "LABEL " + " \\\n      ".join(lines)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")


def _user(base: Base) -> str:
    if _is_musl(base):
        return f"RUN addgroup -g {USER_ID} model && adduser -D -u {USER_ID} -G model model"
    return (
        f"RUN groupadd --gid {USER_ID} model \\\n"
        f" && useradd --uid {USER_ID} --gid model --create-home --no-log-init --shell /usr/sbin/nologin model"
    )


def _install(base: Base) -> str:
    name = file_names.requirements(base.name)
    return "\n".join([f"COPY {name} {_LOCK_DIRECTORY}/", " \\\n".join(_install_steps(f"{_LOCK_DIRECTORY}/{name}"))])


def _install_steps(lock: str) -> Iterator[str]:
    yield "RUN --mount=type=cache,target=/root/.cache/pip"
    yield "    --mount=type=secret,id=netrc,target=/root/.netrc,required=false"
    yield "    pip install --no-input --disable-pip-version-check --root-user-action ignore --no-compile"
    yield f"        {' '.join(requirements.INSTALL_OPTIONS)}"
    yield f'        --index-url "${{INDEX_URL}}" -r {lock}'
    yield " && pip check --disable-pip-version-check"


def _end() -> str:
    return f'USER {USER_ID}:{USER_ID}\nWORKDIR /home/model\nCMD ["python"]'
