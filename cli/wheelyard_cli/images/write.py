"""Put a proposal into a directory: every file whole or not at all, and nobody else's file touched."""

from __future__ import annotations

import inspect
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wheelyard_cli import snapshot_records
from wheelyard_cli.building import images
from wheelyard_cli.building.images import Image
from wheelyard_cli.images import (
    bake,
    dockerfile,
    file_names,
    image_names,
    proposal_markdown,
    pylock,
    requirements,
    sbom,
    smoke_import,
)
from wheelyard_cli.images.dockerfile import Dockerfiles
from wheelyard_cli.images.file_names import MARK
from wheelyard_cli.images.settings import ImageSettings
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import Proposal, to_document


@dataclass(frozen=True)
class Proof:
    """What a proposal can be checked with: its certificate, and what puts the snapshot into a file (None: nothing)."""

    certificate: Mapping[str, object]
    snapshot: Callable[[Path], None] | None


def write_proposal(
    proposal: Proposal, directory: Path, proof: Proof | None = None, settings: ImageSettings | None = None
) -> tuple[Path, ...]:
    """Write ``proposal.json``, ``proposal.md``, the files of each base, and the proof; return their paths, sorted.

    The files of an earlier proposal that this one does not have are removed. ``proposal.json`` comes last: where it
    names this proposal's snapshot, the other files are this proposal's too.

    Raises:
        InputError: a wheel cannot be locked, the directory cannot be written to, or a file of somebody else is in
            the way. In the first and the last case nothing was written.
    """
    return _put(_contents(proposal, proof, settings or ImageSettings()), directory)


def copy_proposal(source: Path, directory: Path) -> tuple[Path, ...]:
    """Make the proposal in one directory that of another, file by file as it is; return their paths, sorted.

    Raises:
        InputError: as :func:`write_proposal` does.
    """
    ours = sorted((path for path in source.iterdir() if _belongs(path.name) and is_ours(path)), key=_last)
    return _put({path.name: partial(shutil.copyfile, path) for path in ours}, directory)


def _last(path: Path) -> tuple[bool, str]:
    return path.name == file_names.PROPOSAL_JSON, path.name


def _put(contents: Mapping[str, Callable[[Path], object]], directory: Path) -> tuple[Path, ...]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(directory, contents)
        _replace(directory, contents)
        for stale in _earlier(directory) - {directory / name for name in contents}:
            stale.unlink()
    except OSError as error:
        raise InputError(
            f"{directory} cannot be written to: {error.strerror}",
            hint="name another directory with -o, or make this one writable",
        ) from error
    return tuple(sorted(directory / name for name in contents))


def _contents(proposal: Proposal, proof: Proof | None, settings: ImageSettings) -> dict[str, Callable[[Path], object]]:
    """What writes each file, by name; ``proposal.json`` last."""
    found: dict[str, Callable[[Path], object]] = {}
    if proof is not None:
        found[file_names.CERTIFICATE] = _Text(_json(proof.certificate))
        if proof.snapshot is not None:
            found[file_names.SNAPSHOT] = proof.snapshot
    return {**found, **{name: _Text(text) for name, text in files_of(proposal, settings).items()}}


@dataclass(frozen=True)
class _Text:
    text: str

    def __call__(self, path: Path) -> None:
        path.write_bytes(self.text.encode())


def _json(document: Mapping[str, object]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def files_of(proposal: Proposal, settings: ImageSettings) -> dict[str, str]:
    """The name and text of every file, ``proposal.json`` last."""
    texts: dict[str, str] = {}
    dockerfiles = Dockerfiles(proposal, settings)
    for base in proposal.bases:
        texts[file_names.pylock(base.name)] = pylock.render(proposal, base)
        texts[file_names.requirements(base.name)] = requirements.render(proposal, base)
        if (image := dockerfiles.base(base)) is not None:
            texts[file_names.dockerfile(base.name)] = image
        texts[file_names.sbom(base.name)] = sbom.render(base)
        for model in proposal.models_of(base):
            if (image := dockerfiles.model(model, base)) is not None:
                texts[file_names.model_dockerfile(model.key)] = image
    if (all_images := bake.render(proposal, settings)) is not None:
        texts[file_names.BAKE] = all_images
        texts[file_names.IMAGES] = images.to_text(_images(proposal, settings))
        texts[file_names.SMOKE_IMPORT] = f"# {MARK}\n{inspect.getsource(smoke_import)}"
    texts[file_names.PROPOSAL_MARKDOWN] = proposal_markdown.render(proposal)
    texts[file_names.PROPOSAL_JSON] = _json(to_document(proposal))
    return texts


def _images(proposal: Proposal, settings: ImageSettings) -> Iterator[Image]:
    for base in proposal.bases:
        if not dockerfile.is_linux(base):
            continue
        platform = bake.platform(base)
        yield Image(
            base.name, file_names.dockerfile(base.name), image_names.base_image(settings.prefix, base), platform
        )
        for model in proposal.models_of(base):
            tag = image_names.model_image(settings.prefix, model, base)
            yield Image(model.key, file_names.model_dockerfile(model.key), tag, platform, base.name)


def _replace(directory: Path, contents: Mapping[str, Callable[[Path], object]]) -> None:
    # Within the directory itself, so that a rename never crosses file systems.
    with tempfile.TemporaryDirectory(prefix=".wheelyard-", dir=directory) as staging:
        staged = [(Path(staging, name), directory / name) for name in contents]
        for (path, _), write in zip(staged, contents.values(), strict=True):
            write(path)
        for path, final in staged:
            path.replace(final)


def _refuse_foreign(directory: Path, contents: Mapping[str, object]) -> None:
    foreign = sorted(name for name in contents if (directory / name).exists() and not is_ours(directory / name))
    if foreign:
        raise InputError(
            f"{', '.join(foreign)} in {directory} was not written by wheelyard, and is left as it is",
            hint="name another directory with -o, or move what is in the way",
        )


def _earlier(directory: Path) -> set[Path]:
    found = {path for path in directory.iterdir() if _belongs(path.name)}
    return {path for path in found if is_ours(path)}


def _belongs(name: str) -> bool:
    return file_names.belongs_to_a_base(name) or name in _FOR_ALL


_FOR_ALL = (
    file_names.CERTIFICATE,
    file_names.SNAPSHOT,
    file_names.BAKE,
    file_names.IMAGES,
    file_names.SMOKE_IMPORT,
    file_names.PROPOSAL_MARKDOWN,
    file_names.PROPOSAL_JSON,
)


def is_ours(path: Path) -> bool:
    """Whether a file was written by a proposal."""
    if not path.is_file():
        return False
    if path.name in (file_names.PROPOSAL_JSON, file_names.CERTIFICATE, file_names.IMAGES):
        return _names_our_schema(path.read_bytes())
    if path.name.endswith(".cdx.json"):
        return f'"name": "{sbom.TOOL}"' in path.read_text(encoding="utf-8", errors="replace")
    if path.name == file_names.SNAPSHOT:
        return snapshot_records.is_snapshot(path)
    with path.open("rb") as file:
        return file_names.MARK.encode() in file.readline(1000)


def _names_our_schema(content: bytes) -> bool:
    try:
        document = json.loads(content)
    except ValueError:
        return False
    return isinstance(document, dict) and str(document.get("schema", "")).startswith(
        ("wheelyard/proposal/", "wheelyard/certificate/", "wheelyard/images/")
    )
