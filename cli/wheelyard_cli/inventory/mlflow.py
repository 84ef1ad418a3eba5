"""Models that MLflow saved: a directory with ``MLmodel`` and ``requirements.txt`` or ``conda.yaml``.

Source: MLflow's model format. What its model registry adds when a model is downloaded, ``registered_model_meta``, names
model and version; else the directory does: ``NAME-VERSION``, or ``NAME/VERSION``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wheelyard_cli.inventory.entry import Entry, named
from wheelyard_resolver.errors import InputError

MLMODEL = "MLmodel"


def read_mlflow(directory: Path) -> Entry:
    """The model in a directory.

    Raises:
        InputError: a file of it cannot be read, or nothing says which model and version it is.
    """
    _yaml(directory / MLMODEL)
    model, version = _identity(directory)
    requirements, conda = directory / "requirements.txt", directory / "conda.yaml"
    if requirements.exists():
        lines, passed_by = _lines(_text(requirements).splitlines())
    elif conda.exists():
        lines, passed_by = _of_conda(conda)
    else:
        raise InputError(
            "it has neither requirements.txt nor conda.yaml", where=str(directory), hint="save the model with them"
        )
    return Entry(str(directory), (("model", model), ("version", version)), lines, passed_by)


def _identity(directory: Path) -> tuple[str, str]:
    meta = directory / "registered_model_meta"
    stated = _yaml(meta) if meta.exists() else {}
    if stated.get("model_name") and stated.get("model_version"):
        return str(stated["model_name"]), str(stated["model_version"])
    place = directory.resolve()
    # "version-3" would also read as version 3 of "version".
    found = named(f"{place.parent.name}=={place.name.removeprefix('version-')}") or named(place.name)
    if found is None:
        raise InputError(
            "nothing says which model and version it is",
            where=str(directory),
            hint="call the directory NAME-VERSION or NAME/VERSION, or download it from MLflow's model registry",
        )
    return found


def _of_conda(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines for pip of a conda environment; what conda itself installs is passed by."""
    entries = _yaml(path).get("dependencies")
    if not isinstance(entries, list):
        raise InputError("it has no list of dependencies", where=str(path))
    wanted = [entry.get("pip") or [] for entry in entries if isinstance(entry, dict)]
    if not all(isinstance(lines, list) for lines in wanted):
        raise InputError("what it has for pip is not a list", where=str(path), hint="write one requirement a line")
    lines, passed_by = _lines([line for lines in wanted for line in lines if isinstance(line, str)])
    return lines, (*(entry for entry in entries if isinstance(entry, str)), *passed_by)


def _lines(texts: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Requirement lines, and the options among them, which are passed by."""
    stated = [line for text in texts if (line := text.partition(" #")[0].strip()) and not line.startswith("#")]
    return (
        tuple(line for line in stated if not line.startswith("-")),
        tuple(line for line in stated if line.startswith("-")),
    )


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(_text(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"it is not YAML: {error}", where=str(path)) from error
    if not isinstance(document, dict):
        raise InputError("it is not a YAML mapping", where=str(path))
    return document


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it cannot be read: {error}", where=str(path)) from error
