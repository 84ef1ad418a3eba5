"""Reading an inventory, whatever its form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.inventory.entry import Entry, checked
from wheelyard_cli.inventory.environments import read_frozen, read_pylock
from wheelyard_cli.inventory.mlflow import MLMODEL, read_mlflow
from wheelyard_cli.inventory.tables import read_csv, read_json_lines
from wheelyard_resolver.errors import InputError, InputErrors


def read_inventory(path: Path, stage: str | None) -> tuple[Entry, ...]:
    """The deployments that a file or a directory states; ``stage`` is for those that name none.

    Raises:
        InputError: everything that is wrong with it.
    """
    found: list[Entry] = []
    wrong: list[InputError] = []
    for read, place in _parts(path):
        try:
            for entry in read(place):
                _take(entry, stage, found, wrong)
        except InputError as error:
            wrong.append(error)
    InputErrors.raise_any(wrong)
    if not found:
        raise InputError(f"{path} holds no deployments", hint=_KNOWN)
    return tuple(found)


def _take(entry: Entry, stage: str | None, found: list[Entry], wrong: list[InputError]) -> None:
    try:
        found.append(checked(entry, stage))
    except InputError as error:
        wrong.append(error)


_KNOWN = (
    "give a .csv or .jsonl file, a fleet file (.toml), or a directory of pip freeze outputs (NAME-VERSION.txt), of"
    " pylock.NAME.toml files, or of MLflow models"
)

_Read = Callable[[Path], Iterable[Entry]]


def _parts(path: Path) -> Iterator[tuple[_Read, Path]]:
    """The parts of an inventory, each with what reads it, so that what is wrong in any of them can be told."""
    if path.is_dir():
        models = sorted(path.rglob(MLMODEL))
        yield from ((_one(read_mlflow), place.parent) for place in models)
        yield from ((_one(read_frozen), place) for place in sorted(path.glob("*.txt")) if path / MLMODEL not in models)
        yield from ((_one(read_pylock), place) for place in sorted(path.glob("pylock.*.toml")))
        return
    tables: Mapping[str, _Read] = {
        ".csv": read_csv,
        ".jsonl": read_json_lines,
        ".ndjson": read_json_lines,
        ".toml": _of_fleet,
    }
    if path.suffix not in tables:
        raise InputError(f"{path} is of no known form", hint=_KNOWN)
    yield tables[path.suffix], path


def _one(read: Callable[[Path], Entry]) -> _Read:
    return lambda place: (read(place),)


def _of_fleet(path: Path) -> Iterator[Entry]:
    fleet = read_fleet(path)
    for entry in fleet.models:
        model = entry.model
        stated = {
            "model": model.name,
            "version": str(model.version),
            "stage": fleet.stage,
            "slot": model.slot,
            "owner": model.owner or "",
        }
        requires = None if entry.release is not None else tuple(line.text for line in model.lines)
        yield Entry(entry.where, tuple((name, text) for name, text in stated.items() if text), requires)
