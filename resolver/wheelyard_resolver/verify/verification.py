"""All checks of a proposal together: the one entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from wheelyard_resolver.errors import InputError, UnknownSchema
from wheelyard_resolver.target import Target
from wheelyard_resolver.verify import bounds, claims, lock_files, refuted_lines
from wheelyard_resolver.verify.document import Table
from wheelyard_resolver.verify.evidence import Evidence
from wheelyard_resolver.verify.locked_base import LockedBase, read_base
from wheelyard_resolver.verify.raw_facts import RawFacts
from wheelyard_resolver.verify.statement import Statement, target_of

_BASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Verification:
    """Everything that is wrong, in words; nothing if the proposal is verified. The numbers are those checked."""

    problems: tuple[str, ...]
    models: int
    bases: int
    at_least: int
    conflicts: int
    unplaceable: int
    snapshot: str


def base_names(proposal: Table) -> tuple[str, ...]:
    """The names of a proposal's bases, after which files are named.

    Raises:
        InputError: it is no proposal, or of another schema, or a name is no part of a file name.
    """
    if proposal.text("schema") != claims.SCHEMA:
        raise UnknownSchema(proposal.text("schema"), claims.SCHEMA, where=claims.FILE_NAME)
    names = tuple(base.text("name") for base in proposal.tables("bases"))
    if wrong := [name for name in names if not _BASE_NAME.fullmatch(name)]:
        raise InputError(f"{wrong[0]!r} is not the name of a base", where=claims.FILE_NAME)
    return names


def verify(stated: Statement, proposal: Table, files: Mapping[str, str], evidence: Evidence) -> Verification:
    """Check a proposal against its certificate, and both against the records of a snapshot.

    ``files`` are the locks and requirements files by name, those of other bases of ours included; ``evidence`` is
    that of the statement's records.

    Raises:
        InputError: a document cannot be read.
        MissingEvidence: the snapshot lacks a record that the certificate names.
    """
    names = base_names(proposal)
    facts = {
        target: RawFacts(evidence, target, stated.fleet.policy, stated.fleet.direct)
        for target in {model.target for model in stated.fleet.models.values()}
    }
    problems: list[str] = []
    if evidence.digest() != stated.snapshot:
        problems.append(f"the records of the certificate have the digest {evidence.digest()}, not {stated.snapshot}")
    bases, wrong = _bases(proposal, stated, facts)
    problems += wrong
    for base in bases:
        problems += lock_files.problems_of(base, files, stated.snapshot)
    expected = {name for base in names for name in (lock_files.pylock_name(base), lock_files.requirements_name(base))}
    problems += [f"{name} is of no base of the proposal" for name in sorted(files.keys() - expected)]
    problems += claims.problems_of(proposal, bases, stated)
    problems += _refutations(stated, bases, facts)
    problems += evidence.problems_with_the_rest()
    return Verification(
        problems=tuple(dict.fromkeys(problems)),
        models=sum(len(base.models) for base in bases),
        bases=len(bases),
        at_least=sum(bound.at_least for bound in stated.bounds),
        conflicts=len(stated.conflicts),
        unplaceable=len(stated.unplaceable),
        snapshot=stated.snapshot,
    )


def _bases(proposal: Table, stated: Statement, facts: Mapping[Target, RawFacts]) -> tuple[list[LockedBase], list[str]]:
    bases, problems = [], []
    for table in proposal.tables("bases"):
        target = target_of(table.table("target"))
        if target not in facts:
            problems.append(f"{table.text('name')}: no model of the fleet is for Python {target.python} on {target}")
            continue
        base, wrong = read_base(table, target, stated.fleet, facts[target])
        bases.append(base)
        problems += wrong
    return bases, problems


def _refutations(stated: Statement, bases: list[LockedBase], facts: Mapping[Target, RawFacts]) -> list[str]:
    problems = []
    for conflict in stated.conflicts:
        if conflict.target in facts:
            problems += refuted_lines.problems_of(conflict, stated.fleet, facts[conflict.target])
        else:
            problems.append(f"{conflict.place}: no model of the fleet is for {conflict.target}")
    for item in stated.unplaceable:
        model = stated.fleet.models.get(item.model)
        if model is None:
            problems.append(f"{item.model}, called unplaceable, is no model of the fleet")
        else:
            problems += refuted_lines.problems_of_unplaceable(item, stated.fleet, facts[model.target])
    for bound in stated.bounds:
        placed = frozenset(key for base in bases if base.target == bound.target for key in base.models)
        problems += bounds.problems_of(bound, stated.conflicts, placed)
    return problems
