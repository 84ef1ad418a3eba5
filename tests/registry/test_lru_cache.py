"""A cache bounded by sizes."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelyard_registry.lru_cache import LruCache

BOUND = 10

uses = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 2 * BOUND)), min_size=1)


@given(uses)
def test_it_holds_the_values_used_last_that_fit_together(used: list[tuple[str, int]]) -> None:
    cache: LruCache[str, int] = LruCache(BOUND, lambda size: size)
    for key, size in used:
        cache.keep(key, size)
    latest = dict(used)
    order = list(dict.fromkeys(key for key, _ in reversed(used)))
    held = {key for key in order if cache.get(key) is not None}
    assert all(cache.get(key) in (None, latest[key]) for key in order)
    assert order[0] in held
    assert len(held) == 1 or sum(latest[key] for key in held) <= BOUND
    assert held == set(order[: len(held)])


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_threads_may_share_it() -> None:
    cache: LruCache[int, int] = LruCache(100, lambda size: size)

    def use(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(10_000):
            key = chosen.randrange(50)
            chosen.choice((cache.get, cache.drop, lambda key: cache.keep(key, key)))(key)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    for key in range(50):
        cache.drop(key)
    cache.keep(1, 100)
    cache.keep(0, 0)
    assert (cache.get(0), cache.get(1)) == (0, 100)


def test_what_was_asked_for_stays_longer_than_what_was_not() -> None:
    cache: LruCache[str, int] = LruCache(BOUND, lambda size: size)
    for key in "ab":
        cache.keep(key, 5)
    cache.get("a")
    cache.keep("c", 5)
    assert [cache.get(key) for key in "abc"] == [5, None, 5]


def test_what_was_dropped_leaves_its_place_to_others() -> None:
    cache: LruCache[str, int] = LruCache(BOUND, lambda size: size)
    cache.keep("a", 5)
    cache.keep("b", 5)
    cache.drop("b")
    cache.drop("never held")
    cache.keep("c", 5)
    assert [cache.get(key) for key in "abc"] == [5, None, 5]
