"""Following the links of a registry's audit log, with nothing taken on the registry's word.

The recipe is in docs/registry.md. The registry has its own code for it; this one shares none with it, so that a
mistake in one of them shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wheelyard_resolver.errors import InputError, WheelyardError

_COVERED = ("serial", "at", "kind", "subject", "facts", "by")


class BrokenLog(WheelyardError):
    """The audit log is not what it was."""

    exit_code = 1

    def __init__(self, reason: str) -> None:
        super().__init__(f"the audit log was tampered with: {reason}", hint="compare it with a backup of the catalogue")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a log, as ``SERIAL:LINK``."""

    serial: int
    link: str

    def __str__(self) -> str:
        return f"{self.serial}:{self.link}"

    @staticmethod
    def parse(text: str) -> Head:
        """Read what :meth:`__str__` writes.

        Raises:
            InputError: it is something else.
        """
        serial, colon, link = text.strip().partition(":")
        if not colon or not serial.isdigit() or len(link) != 64:
            raise InputError(f"{text!r} is not the head of a log", hint="take what `wheelyard audit head` printed")
        return Head(int(serial), link)


def verify(entries: Iterable[Mapping[str, object]], expected: Head | None) -> Head:
    """Follow all links, from the first entry on, and return the head found.

    Raises:
        BrokenLog: an entry was changed, removed or put in, or ``expected`` is not on the way.
    """
    link, serial, met = "0" * 64, 0, expected is None or expected.serial == 0
    for entry in entries:
        serial += 1
        if entry.get("serial") != serial:
            raise BrokenLog(f"entry {serial} is missing")
        said = json.dumps({name: entry.get(name) for name in _COVERED}, sort_keys=True, separators=(",", ":"))
        link = hashlib.sha256(f"{link}\n{said}".encode()).hexdigest()
        if entry.get("link") != link:
            raise BrokenLog(f"entry {serial} ({entry.get('kind')} {entry.get('subject')}) is not what was written")
        if expected is not None and serial == expected.serial:
            if link != expected.link:
                raise BrokenLog(f"entries up to {serial} were rewritten: their link is {link}")
            met = True
    if not met:
        raise BrokenLog(f"it ends at entry {serial}, and the expected head is entry {expected and expected.serial}")
    return Head(serial, link)
