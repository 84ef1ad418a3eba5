"""``proposal.md``: the proposal for people, from the answer down to what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelyard_cli.images import dockerfile, file_names, sizes
from wheelyard_cli.images.file_names import MARK
from wheelyard_cli.proposal_text import size
from wheelyard_resolver.findings import Conflict
from wheelyard_resolver.fixed_bases import FixedPlacement
from wheelyard_resolver.pivots import Pivot
from wheelyard_resolver.proposal import Base, Proposal
from wheelyard_resolver.wording import counted, joined, owned, sentence, wanted

_MARKUP = re.compile(r"[\\`*\[\]|]|<(?=[A-Za-z/!?])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def render(proposal: Proposal) -> str:
    """The text of the page (CommonMark with tables)."""
    sections = [
        _answer(proposal),
        *_bases(proposal.bases),
        *_fixed(proposal.fixed),
        *_sizes(proposal),
        *_conflicts(proposal),
        *_observed(proposal),
        *_unplaceable(proposal),
        _next(proposal),
    ]
    return f"<!-- {MARK} -->\n\n" + "\n\n".join(sections) + "\n"


def _answer(proposal: Proposal) -> str:
    models = sum(len(base.models) for base in proposal.bases)
    verdict = f"**{counted(len(proposal.bases), 'base')} for {counted(models, 'model')}.** "
    if proposal.minimal:
        observed = sum(line.observed for model in proposal.models for line in model.lines)
        given = f", given {counted(observed, 'line')} observed and not in any metadata" if observed else ""
        verdict += f"Proved{given}: with fewer it cannot be done."
    else:
        verdict += f"The fewest found in the time given; at least {proposal.lower_bound} are needed."
    lines = [f"# Bases of {_text(proposal.fleet)} ({_text(proposal.stage)})", "", verdict]
    if proposal.unplaceable:
        count = counted(len(proposal.unplaceable), "model")
        lines += ["", f"**{count} cannot be hosted at all**: see [below](#not-placed)."]
    lines += ["", f"Snapshot of the indexes this rests on: `{proposal.snapshot}`."]
    return "\n".join(lines)


def _bases(bases: tuple[Base, ...]) -> Iterator[str]:
    if not bases:
        return
    rows = ["| base | target | models | packages | wheels |", "|---|---|---|---:|---:|"]
    for base in bases:
        unknown = any(package.wheel.size is None for package in base.packages)
        wheels = f"{'at least ' if unknown else ''}{size(base.size)}"
        models = ", ".join(_text(model) for model in base.models)
        rows.append(f"| {base.name} | {base.target} | {models} | {len(base.packages)} | {wheels} |")
    yield "## Bases\n\n" + "\n".join(rows)


def _fixed(placements: tuple[FixedPlacement, ...]) -> Iterator[str]:
    if not placements:
        return
    lines = ["## Fixed bases", "", "Runtimes that cannot change: models are held against their pins.", ""]
    for placement in placements:
        lines.append(f"- **{_text(placement.base)}**: {_text(', '.join(placement.models) or 'no models')}")
        lines += [f"  - does not fit: {_text(str(miss))}" for miss in placement.misfits]
        if placement.could_host:
            lines.append(f"  - could host {_text(', '.join(placement.could_host))}")
    yield "\n".join(lines)


def _sizes(proposal: Proposal) -> Iterator[str]:
    if not any(proposal.models_of(base) for base in proposal.bases):
        return
    rows = ["| | images | in a registry | on a node that runs all |", "|---|---:|---:|---:|"]
    for name, found in (
        ("one image a model", sizes.one_image_a_model(proposal)),
        ("this proposal", sizes.proposed(proposal)),
    ):
        rows.append(f"| {name} | {found.images} | {size(found.registry)} | {size(found.node)} |")
    yield (
        "## Size of the images\n\n"
        "Bytes of wheels, which is about what compressed layers have; equal layers count once, the Python image not at "
        "all. *One image a model*: each with those packages of its base that it needs, in one layer.\n\n"
        + "\n".join(rows)
    )


def _conflicts(proposal: Proposal) -> Iterator[str]:
    if not proposal.conflicts:
        return
    yield (
        "## Conflicts\n\n"
        "Why the models need more than one base: pairs of models by the project over which they conflict, then the "
        "conflicts that have no one such project. `proposal.json` gives each conflict, with its requirement lines."
    )
    several = len({conflict.target for conflict in proposal.conflicts}) > 1
    summed_up: set[Conflict] = set()
    for pivot in proposal.pivots:
        yield _pivot(pivot, f" on {pivot.target}" if several else "")
        summed_up.update(pivot.conflicts)
    for conflict in proposal.conflicts:
        if conflict not in summed_up:
            where = f" on {conflict.target}" if several else ""
            yield f"### {_text(joined(conflict.models))}{where}\n\n" + _conflict(conflict)


def _pivot(pivot: Pivot, where: str) -> str:
    rows = ["| release | wanted | models |", "|---|---|---|"]
    for camp in pivot.camps:
        for want in camp.wants:
            models = ", ".join(_text(owned(model.key, model.owner)) for model in want.models)
            rows.append(f"| {camp.version} | {_text(wanted(want))} | {models} |")
    return (
        f"### {pivot.project}{where}: {counted(pivot.pairs, 'pair')}\n\n"
        "Rows with the same release are suited by it; no release suits two that conflict.\n\n" + "\n".join(rows)
    )


def _conflict(conflict: Conflict) -> str:
    lines = []
    for line in conflict.lines:
        owner = _text(owned(line.model, line.owner)) if line.model else "constraint of the fleet"
        origin = f" ({_text(line.origin)})" if line.origin else ""
        lines.append(f"- {owner}: `{line.requirement}`{origin}")
    return "\n".join([*lines, "", _text(sentence(conflict.explanation))])


def _observed(proposal: Proposal) -> Iterator[str]:
    lines = [line for model in proposal.models for line in model.lines if line.observed]
    if lines:
        yield (
            "## Observed\n\nNo metadata says this; it was seen, and what rests on it is no more certain:\n\n"
            + "\n".join(
                f"- {_text(str(line.model))}: `{line.requirement}` ({_text(line.origin or '')})" for line in lines
            )
        )


def _unplaceable(proposal: Proposal) -> Iterator[str]:
    if not proposal.unplaceable:
        return
    yield "## Not placed\n\nNo environment of their target can host these models:\n\n" + "\n".join(
        f"- **{_text(item.model)}**: {_text(sentence(item.explanation))}" for item in proposal.unplaceable
    )


def _next(proposal: Proposal) -> str:
    steps = ["Review the bases above and commit this directory: it is what images are built from."]
    built = next((base for base in proposal.bases if dockerfile.is_linux(base)), None)
    if built is not None:
        name = file_names.dockerfile(built.name)
        command = f"docker build -f {name} --build-arg INDEX_URL=https://YOUR-INDEX/simple/ -t {built.name.lower()} ."
        steps.append(
            "Build all images with docker, podman or buildah: `wheelyard bases build .`, with `--netrc FILE` for an "
            f"index that wants a login. Without wheelyard: `docker buildx bake --load`, or one by one, `{command}`."
        )
    if proposal.bases:
        first = file_names.requirements(proposal.bases[0].name)
        steps.append(
            "Or try one in a virtual environment: "
            f"`pip install --require-hashes --no-deps --only-binary :all: -r {first}`."
        )
    if proposal.unplaceable:
        steps.append(
            "Change a requirement of each model that is not placed, or accept that it stays out with "
            f"`--allow-unplaceable {proposal.unplaceable[0].model}`."
        )
    if not proposal.minimal:
        steps.append("Run again with a longer `--time-limit` to have the number of bases proved.")
    return "## What to do next\n\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _text(words: str) -> str:
    """Words as one line of Markdown in which nothing is taken for markup; version ranges stay as they are."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", " ".join(words.split()))
