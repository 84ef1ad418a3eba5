"""Do so many bases suffice for some models? What is learnt for one question is kept for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from wheelyard_resolver.condition import Asked, Conditions
from wheelyard_resolver.grouping import Grouper
from wheelyard_resolver.index import Index
from wheelyard_resolver.learning import Clash, Learner
from wheelyard_resolver.model import Fleet, ModelPackage
from wheelyard_resolver.plan import Oracle, python_misfit, twins_of
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.target import Target
from wheelyard_resolver.verdict import Engine


class Sufficiency:
    """Answers for the models of one target, of whatever fleet, as long as the index is the same. Direct references are
    those of the ``fleet``, and of ``more`` models.

    Conflicts are conditions that cannot be met together, so one that was learnt holds for all models. A "no" is what
    :class:`~wheelyard_resolver.grouping.Grouper` would find too; a "yes" says nothing about which models go where.
    """

    def __init__(
        self, index: Index, fleet: Fleet, target: Target, memo: Memo | None, more: Sequence[ModelPackage] = ()
    ) -> None:
        self.recording = Recording(index)
        """What of the index the answers so far rest on."""
        self._engine = Engine.for_fleet(self.recording, fleet, target, more, memo)
        self._conflicts: dict[Conditions, None] = {}
        self._met: set[Conditions] = set()

    def of(self, models: Sequence[ModelPackage], bases: int, out_of_time: Callable[[], bool]) -> bool | None:
        """Whether so many bases suffice for those of the models that can be installed at all; None: time ran out.

        Raises:
            Undecided: something needed could not be read.
        """
        engine = self._engine
        engine.load(models)
        fitting = sorted((model for model in models if python_misfit(engine, model) is None), key=lambda item: item.key)
        asked = [engine.conditions(same[0]) for same in twins_of(engine, fitting)]
        oracle = Oracle(engine, asked)
        learner = Learner(asked, lambda conditions: self._clash(conditions, oracle.clash))
        learner.recall(self._conflicts)
        found = Grouper(learner, out_of_time).suffice(bases)
        self._conflicts |= dict.fromkeys(learner.known.found)
        return found

    def installs(self, models: Iterable[ModelPackage]) -> bool:
        """Whether one environment can host these models."""
        models = tuple(models)
        self._engine.load(models)
        if any(python_misfit(self._engine, model) is not None for model in models):
            return False
        asked = Asked(condition for model in models for condition in self._engine.conditions(model)).strictest()
        return self._clash(asked, lambda conditions: self._engine.clash(conditions, lambda _: ())) is None

    def _clash(self, asked: Conditions, clash: Clash) -> Conditions | None:
        """As ``clash`` says, unless the same was found to be possible before."""
        if asked in self._met:
            return None
        found = clash(asked)
        if found is None:
            self._met.add(asked)
        return found
