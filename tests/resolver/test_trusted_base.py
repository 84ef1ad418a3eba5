"""What has to be trusted for a verification, and that it is no more than that."""

from __future__ import annotations

import json
import subprocess
import sys

from hypothesis import example, given
from hypothesis import strategies as st
from tests.resolver.fake_index import metadata

from wheelyard_resolver import sat
from wheelyard_resolver.verify import rup, wheel_metadata
from wheelyard_resolver.verify.index_page import Page, wheels

_IMPORTS = "import sys, wheelyard_resolver.verify.verification; print(*sorted(sys.modules))"


def test_the_verifier_loads_nothing_of_the_engine_and_no_solver() -> None:
    """Besides itself: packaging, tomli, the standard library, what a target is, and the errors."""
    ran = subprocess.run([sys.executable, "-c", _IMPORTS], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    ours = {name for name in loaded if name.startswith("wheelyard_resolver.") and ".verify" not in name}
    assert ours == {"wheelyard_resolver.errors", "wheelyard_resolver.target"}
    assert not {name for name in loaded if name.partition(".")[0] in ("pysat", "resolvelib", "wheelyard_cli")}


# -- the checker of proofs ------------------------------------------------------------------------------------------

_LITERALS = st.integers(-5, 5).filter(bool)
_CLAUSES = st.lists(st.lists(_LITERALS, max_size=3).map(tuple), max_size=25).map(tuple)


@given(_CLAUSES, _CLAUSES)
@example(((),), ())
@example(((1,), (-1,)), ())
@example(((1, 2),), ((),))
def test_no_proof_of_a_contradiction_is_accepted_where_there_is_none(
    clauses: tuple[rup.Clause, ...], proof: tuple[rup.Clause, ...]
) -> None:
    """All values of five variables are the judge, whatever the proof says."""
    if rup.flaw(clauses, proof) is None:
        assert not any(_holds(clauses, values) for values in range(32))


@given(_CLAUSES)
def test_a_solver_s_proof_is_accepted_up_to_the_contradiction(clauses: tuple[rup.Clause, ...]) -> None:
    """There is a proof just where no values satisfy the clauses, and its lemmas follow one by one."""
    lemmas = sat.refute(clauses)
    assert (lemmas is None) is any(_holds(clauses, values) for values in range(32))
    premises = rup.Premises(clauses)
    for lemma in lemmas or ():
        assert premises.force(lemma)
        premises.add(lemma)
    assert lemmas is None or premises.contradict


def _holds(clauses: tuple[rup.Clause, ...], values: int) -> bool:
    return all(any((values >> abs(literal) - 1 & 1) == (literal > 0) for literal in clause) for clause in clauses)


# -- whatever the records hold --------------------------------------------------------------------------------------


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda noise: metadata("x", "1", ["y>=1"]) + noise))
@example(b"Requires-Dist: x; " + b"(" * 20_000 + b"python_version > '3'" + b")" * 20_000 + b"\n")
@example(b"Requires-Python: >> 3\n")
def test_any_metadata_is_read_or_makes_its_wheel_unusable(content: bytes) -> None:
    """No bytes are a crash."""
    found = wheel_metadata.dependencies(content)
    assert found is None or isinstance(found, wheel_metadata.Dependencies)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just("x-1-py3-none-any.whl"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("meta", "api-version", "files", "filename", "url", "hashes", "size", "upload-time", "requires-python")
            ),
            inner,
            max_size=7,
        )
    ),
    max_leaves=12,
)
_DOCUMENTS = st.lists(_JSON).map(lambda files: json.dumps({"meta": {"api-version": "1.0"}, "files": files}).encode())


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | _DOCUMENTS)
@example(b"[" * 200_000)
@example(b'{"meta": {"api-version": "1.0"}, "files": [{"filename": "' + b"x" * 300 + b'.whl"}]}')
def test_any_page_is_read_or_called_unreadable(body: bytes) -> None:
    """ValueError is what the verifier words; anything else would be a crash."""
    for content_type in ("application/json", "text/html"):
        try:
            found = wheels(Page("https://index.example/simple/x/", content_type, body), lambda _: True)
        except ValueError:
            continue
        assert all(isinstance(wheel.filename, str) for wheel in found)
