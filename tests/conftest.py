"""How much the property tests try: a fixed sample by default, so that a run repeats; more on demand."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}

settings.register_profile("default", derandomize=True, database=None, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("nightly", max_examples=20_000, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("fuzz", max_examples=1_000, **_COMMON)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
