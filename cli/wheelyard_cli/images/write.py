"""Put a proposal into a directory: every file whole or not at all, and nobody else's file touched."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from wheelyard_cli.images import dockerfile, file_names, proposal_markdown, pylock, requirements
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import Proposal, to_document


def write_proposal(proposal: Proposal, directory: Path) -> tuple[Path, ...]:
    """Write ``proposal.json``, ``proposal.md`` and the files of each base; return their paths, sorted.

    The files of an earlier proposal that this one does not have are removed. ``proposal.json`` comes last: where it
    names this proposal's snapshot, the other files are this proposal's too.

    Raises:
        InputError: a wheel cannot be locked, the directory cannot be written to, or a file of somebody else is in
            the way. In the first and the last case nothing was written.
    """
    texts = files_of(proposal)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(directory, texts)
        _replace(directory, texts)
        for stale in _earlier(directory) - {directory / name for name in texts}:
            stale.unlink()
    except OSError as error:
        raise InputError(
            f"{directory} cannot be written to: {error.strerror}",
            hint="name another directory with -o, or make this one writable",
        ) from error
    return tuple(sorted(directory / name for name in texts))


def files_of(proposal: Proposal) -> dict[str, str]:
    """The name and text of every file, ``proposal.json`` last."""
    texts: dict[str, str] = {}
    for base in proposal.bases:
        texts[file_names.pylock(base.name)] = pylock.render(proposal, base)
        texts[file_names.requirements(base.name)] = requirements.render(proposal, base)
        if (image := dockerfile.render(proposal, base)) is not None:
            texts[file_names.dockerfile(base.name)] = image
    texts[file_names.PROPOSAL_MARKDOWN] = proposal_markdown.render(proposal)
    texts[file_names.PROPOSAL_JSON] = json.dumps(to_document(proposal), indent=2, ensure_ascii=False) + "\n"
    return texts


def _replace(directory: Path, texts: dict[str, str]) -> None:
    # Within the directory itself, so that a rename never crosses file systems.
    with tempfile.TemporaryDirectory(prefix=".wheelyard-", dir=directory) as staging:
        staged = [(Path(staging, name), directory / name) for name in texts]
        for (path, _), text in zip(staged, texts.values(), strict=True):
            path.write_bytes(text.encode())
        for path, final in staged:
            path.replace(final)


def _refuse_foreign(directory: Path, texts: dict[str, str]) -> None:
    foreign = sorted(name for name in texts if (directory / name).exists() and not _is_ours(directory / name))
    if foreign:
        raise InputError(
            f"{', '.join(foreign)} in {directory} was not written by wheelyard, and is left as it is",
            hint="name another directory with -o, or move what is in the way",
        )


def _earlier(directory: Path) -> set[Path]:
    return {path for path in directory.iterdir() if file_names.belongs_to_a_base(path.name) and _is_ours(path)}


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    if path.name == file_names.PROPOSAL_JSON:
        return _names_our_schema(path.read_bytes())
    with path.open("rb") as file:
        return file_names.MARK.encode() in file.readline(1000)


def _names_our_schema(content: bytes) -> bool:
    try:
        document = json.loads(content)
    except ValueError:
        return False
    return isinstance(document, dict) and str(document.get("schema", "")).startswith("wheelyard/proposal/")
