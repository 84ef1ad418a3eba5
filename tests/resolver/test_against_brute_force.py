"""The engine's laws, on random small universes with cycles, extras, markers, pre-releases, yanks and constraints."""

from __future__ import annotations

from hypothesis import given, settings
from tests.resolver import brute_force, strategies
from tests.resolver.fake_index import TARGET, FakeIndex, Release, fleet

from wheelyard_resolver.model import ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verdict import Engine, MinimalConflict

Universe = dict[str, dict[str, Release]]
Lines = tuple[RequirementLine, ...]


@given(strategies.universes(), strategies.fleets(), strategies.constraints())
@settings(max_examples=max(500, settings().max_examples))
def test_verdicts_equal_brute_force_and_conflicts_are_minimal(
    universe: Universe, models: tuple[ModelPackage, ...], limits: Lines
) -> None:
    """The verdict is brute force's; every proper subset of a conflict, of models and then of lines, installs."""
    engine = Engine.for_fleet(FakeIndex(universe), fleet(*models, constraints=limits), TARGET)
    answer = engine.together(models)
    expected = brute_force.installs(universe, [*lines_of(models), *limits])
    assert isinstance(answer, MinimalConflict) is not expected
    if isinstance(answer, MinimalConflict):
        members = [model for model in models if model.key in answer.models]
        assert not brute_force.installs(universe, answer.lines)
        for left_out in members:
            rest = [model for model in members if model is not left_out]
            assert brute_force.installs(universe, [*lines_of(rest), *limits])
        for place in range(len(answer.lines)):
            assert brute_force.installs(universe, [*answer.lines[:place], *answer.lines[place + 1 :]])


@given(strategies.universes(), strategies.fleets(), strategies.constraints())
@settings(max_examples=max(500, settings().max_examples))
def test_the_number_of_bases_is_the_least(universe: Universe, models: tuple[ModelPackage, ...], limits: Lines) -> None:
    """As many as the best of all partitions; every model is in a base or unplaceable; locks hold (rechecked)."""
    proposal = propose(fleet(*models, constraints=limits), Recording(FakeIndex(universe)))
    placeable = [model for model in models if brute_force.installs(universe, [*model.lines, *limits])]
    assert sorted(key for base in proposal.bases for key in base.models) == sorted(model.key for model in placeable)
    assert {item.model for item in proposal.unplaceable} == {model.key for model in models} - {
        model.key for model in placeable
    }
    assert proposal.minimal
    assert len(proposal.bases) == brute_force.fewest_groups(universe, placeable, limits)
