"""What solving said of something that a stage is to admit, and what the stage makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from wheelyard_registry.catalogue.stages import AdmissionMode
from wheelyard_registry.check_errors import Busy, CheckUndecided
from wheelyard_registry.deployment_errors import NotAdmitted


@dataclass(frozen=True, slots=True)
class Solved:
    """What speaks against it, by the setting of the stage; or why nobody could tell in time."""

    mode: AdmissionMode
    objections: tuple[str, ...] = ()
    undecided: Busy | CheckUndecided | None = None

    def warnings(self, more: tuple[str, ...], *, model: str, version: str, stage: str) -> tuple[str, ...]:
        """What is to be recorded with it: these objections, and ``more`` of them that the catalogue knows of.

        Raises:
            NotAdmitted: there are some, and the stage takes nothing of that kind.
            Busy, CheckUndecided: nobody could tell, and the stage takes nothing that is not checked.
        """
        found = (*more, *self.objections)
        if self.mode is not AdmissionMode.BLOCK:
            return found if self.undecided is None else (*found, f"not checked: {self.undecided.message}")
        if found:
            raise NotAdmitted(model=model, version=version, stage=stage, objections=found)
        if self.undecided is not None:
            raise self.undecided
        return ()


NOT_ASKED = Solved(AdmissionMode.OFF)
"""The stage does not want to know."""
