"""Requirements as people write them, and which of them count on a target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelyard_resolver.core_metadata import holds
from wheelyard_resolver.errors import InputError, InputErrors
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.target import Target

_HINT = 'write it like "pandas>=1.5,<2"'


@dataclass(frozen=True)
class WrittenRequirement:
    """A requirement, where it was written, and the extra of its owner under which it stands (None: always)."""

    requirement: Requirement
    origin: str | None = None
    extra: NormalizedName | None = None


def parse_requirement(text: str, *, where: str | None = None) -> Requirement:
    """A requirement in the words of PEP 508.

    Raises:
        InputError: it cannot be read; the message names the place within it.
    """
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise InputError(
            f'"{text}" is not a requirement: {_what_was_expected(text, str(error))}', where=where, hint=_hint(text)
        ) from error


def _what_was_expected(text: str, message: str) -> str:
    # packaging's message has three lines: the sentence, the text indented by four, and a caret below the fault.
    sentence, *shown = message.split("\n")
    sentence = sentence[:1].lower() + sentence[1:]
    if len(shown) < 2:
        return sentence
    rest = text[max(0, len(shown[1].rstrip()) - 5) :]
    return f'{sentence}, at "{rest}"' if rest.strip() else f"{sentence}, at its end"


def _hint(text: str) -> str:
    name, equals, version = text.partition("=")
    if equals and name.strip() and name.strip()[-1] not in "<>!~=" and not version.startswith("="):
        return f'a pin has two equals signs: "{name.strip()}=={version.strip()}"'
    return _HINT


def applicable(
    written: Sequence[WrittenRequirement],
    target: Target,
    *,
    owner: NormalizedName | None = None,
    extras: Collection[str] = (),
) -> tuple[WrittenRequirement, ...]:
    """The requirements that count on a target with the extras of their owner that are asked for.

    Those whose marker is false are left out; from the others the marker, having done its work, is dropped. A
    requirement of the owner on itself (``all = ["demand[gpu]"]``) asks for more extras and is no requirement.
    """
    wanted = {canonicalize_name(extra) for extra in extras}
    while True:
        kept = [line for line in written if _counts(line, target, wanted)]
        own = [line for line in kept if owner is not None and canonicalize_name(line.requirement.name) == owner]
        more = {canonicalize_name(extra) for line in own for extra in line.requirement.extras} - wanted
        if not more:
            return tuple(
                WrittenRequirement(_without_marker(line.requirement), line.origin) for line in kept if line not in own
            )
        wanted |= more


def _counts(line: WrittenRequirement, target: Target, wanted: Collection[str]) -> bool:
    if line.extra is not None and line.extra not in wanted:
        return False
    return any(holds(line.requirement.marker, target, extra) for extra in ("", *sorted(wanted)))


def _without_marker(requirement: Requirement) -> Requirement:
    bare = Requirement(str(requirement))
    bare.marker = None
    return bare


def lines_of_model(
    written: Iterable[WrittenRequirement], *, model: str, owner: str | None = None
) -> tuple[RequirementLine, ...]:
    """Requirements as the lines of a model."""
    return tuple(RequirementLine(line.requirement, model=model, owner=owner, origin=line.origin) for line in written)


def requirements_given(texts: Sequence[str]) -> tuple[WrittenRequirement, ...]:
    """The requirements of a command line.

    Raises:
        InputError: some cannot be read; all of them are named.
    """
    read: list[WrittenRequirement] = []
    wrong: list[InputError] = []
    for text in texts:
        try:
            read.append(WrittenRequirement(parse_requirement(text)))
        except InputError as error:
            wrong.append(error)
    InputErrors.raise_any(wrong)
    return tuple(read)
