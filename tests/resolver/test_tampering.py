"""Whatever is changed in a proposal, its certificate, its locks or its snapshot is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tomli
import tomli_w
from packaging.utils import canonicalize_name
from tests.resolver.certified import Certified, everything, small, world
from tests.resolver.fake_index import TARGET, FakeIndex, Release, model
from tests.resolver.mutations import mutations

from wheelyard_resolver.errors import InputError
from wheelyard_resolver.model import Fleet, ModelPackage, lines_of
from wheelyard_resolver.page import RawPage
from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verdict import Engine, Solution


def refused(found: Certified, fleet: Fleet) -> bool:
    """Whether the verifier finds something wrong. Anything but its own errors is a crash, and is let through."""
    try:
        return bool(found.problems(fleet))
    except InputError:
        return True


# -- every leaf of every document -----------------------------------------------------------------------------------


def test_every_small_change_of_a_document_is_found() -> None:
    """See :func:`_assert_changes_are_found`, for a fleet of few models."""
    _assert_changes_are_found(small(), world())


@pytest.mark.heavy
def test_every_small_change_of_a_large_document_is_found() -> None:
    """The same with conflicts of three, a proof that needs lemmas, and two targets."""
    _assert_changes_are_found(everything(), world())


def _assert_changes_are_found(fleet: Fleet, index: FakeIndex) -> None:
    """A changed certificate or proposal is refused, unless it claims just the same.

    The claims are everything but: in what order a set is written; the evidence (origins, conflicts of a bound,
    pins, proofs), which may be more or other than the engine's as long as it
    suffices; and the words told to people. Of evidence, what is stated of releases is held against the index here.
    """
    found = Certified.of(fleet, index)
    assert not refused(found, fleet)
    claims = _claims(found)
    for document in (found.certificate, found.proposal):
        for change in mutations(document):
            if not refused(found, fleet):
                assert _claims(found) == claims, change
                for origin in _origins(found.certificate):
                    assert _is_true(origin, index), change
    assert not refused(found, fleet), "every change was undone"


_EVIDENCE = {
    "conflicts": {"origins", "proof"},
    "unplaceable": {"origins", "proof"},
    "bounds": {"conflicts", "pinned", "proof"},
}
_TOLD = {
    "conflicts": {"because", "chains", "pivot"},
    "unplaceable": {"reason"},
    "requirements": {"owner", "origin", "reason"},
}


def _claims(found: Certified) -> object:
    fleet = found.certificate["fleet"]
    certificate = {
        **found.certificate,
        "fleet": {**fleet, "models": _set(fleet["models"])},
        **{key: _set(_without(found.certificate[key], keys)) for key, keys in _EVIDENCE.items()},
    }
    return certificate, {
        **{key: value for key, value in found.proposal.items() if key != "pivots"},
        "bases": _set(found.proposal["bases"]),
        "conflicts": _findings(found.proposal, "conflicts"),
        "unplaceable": _findings(found.proposal, "unplaceable"),
    }


def _findings(proposal: Any, key: str) -> list[str]:
    found = _without(proposal[key], _TOLD[key])
    return _set([{**item, "requirements": _without(item["requirements"], _TOLD["requirements"])} for item in found])


def _without(items: list[dict[str, Any]], keys: set[str]) -> list[dict[str, Any]]:
    return [{key: value for key, value in item.items() if key not in keys} for item in items]


def _set(items: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in items)


def _origins(certificate: Any) -> Iterator[Any]:
    for refutation in (*certificate["conflicts"], *certificate["unplaceable"]):
        yield from refutation.get("origins", ())


def _is_true(origin: Any, index: FakeIndex) -> bool:
    """Whether a wheel's METADATA holds what an origin says, its lines read as they stand there."""
    url = next(url for url in index.known_metadata() if url.endswith(f"/{origin['wheel']}"))
    content = index.known_metadata()[url]
    if origin["demands"] is None:
        return content is None or b">>" in content
    given = [line.removeprefix("Requires-Dist: ") for line in (content or b"").decode().splitlines()]
    suffix = f'; extra == "{origin["extra"]}"'.replace('"', "'") if origin["extra"] else ""
    return f"/{origin['project']}-{origin['version']}-" in url and all(
        f"{demand}{suffix}" in given for demand in origin["demands"]
    )


# -- locks ----------------------------------------------------------------------------------------------------------


def test_every_small_change_of_a_lock_is_found() -> None:
    """Each value of a pylock, each line of a requirements file that is no comment; only their packages are a set."""
    fleet = small()
    found = Certified.of(fleet, world())
    for name, text in list(found.locks.items()):
        for change, changed in _changed_locks(name, text):
            found.locks[name] = changed
            assert refused(found, fleet), f"{name}: {change}"
        del found.locks[name]
        assert refused(found, fleet), f"{name} is missing"
        found.locks[name] = text
    found.locks["pylock.base-z.toml"] = found.locks["pylock.base-a.toml"]
    assert refused(found, fleet), "a lock more"


def _changed_locks(name: str, text: str) -> Iterator[tuple[str, str]]:
    if name.endswith(".toml"):
        document = tomli.loads(text)
        for change in mutations(document):
            of_the_set = re.fullmatch(r"\.packages\[\d+\] exchanged with the next", change)
            if " None " not in change and not of_the_set:  # TOML has no null
                yield change, tomli_w.dumps(document)
        return
    lines = text.splitlines(keepends=True)
    for place, line in enumerate(lines):
        if not line.startswith("#"):
            yield f"{line!r} dropped", "".join([*lines[:place], *lines[place + 1 :]])
            yield f"{line!r} doubled", "".join([*lines[: place + 1], *lines[place:]])
            yield f"{line!r} longer", "".join([*lines[:place], line.replace("\n", "0\n"), *lines[place + 1 :]])


# -- the snapshot ---------------------------------------------------------------------------------------------------


def test_every_record_is_held_against_its_hash() -> None:
    """A byte more in any page or METADATA, or a record that is gone."""
    fleet, index = small(), world()
    found = Certified.of(fleet, index)
    for record in found.certificate["snapshot"]["records"]:
        kind, _, key = record.partition(" ")
        if kind == "page":
            project = canonicalize_name(key)
            page = index.pages([project])[project]
            for other in (None, page and RawPage(page.url, page.content_type, page.body + b" ")):
                if other != page:
                    index.put(project, other)
                    assert refused(found, fleet), record
                    index.put(project, page)
        else:
            content = index.known_metadata()[key]
            index.host(key, (content or b"") + b" ")
            assert refused(found, fleet), record
            index.host(key, content)
    assert not refused(found, fleet), "every change was undone"


def test_every_small_change_of_a_page_under_its_right_hash_is_found_where_it_matters() -> None:
    """A forger changes a page and mends every hash; what is accepted all the same is still true, see below."""
    fleet, index = small(), world()
    found = Certified.of(fleet, index)
    for record in found.certificate["snapshot"]["records"]:
        kind, _, key = record.partition(" ")
        raw = index.pages([canonicalize_name(key)])[canonicalize_name(key)] if kind == "page" else None
        if raw is not None:
            document = json.loads(raw.body)
            for change in mutations(document):
                index.put(canonicalize_name(key), RawPage(raw.url, raw.content_type, json.dumps(document).encode()))
                _assert_refused_or_true(found, fleet, index, f"{key}: {change}")
            index.put(canonicalize_name(key), raw)


def test_every_changed_line_of_metadata_under_its_right_hash_is_found_where_it_matters() -> None:
    """The same with METADATA: each line dropped, doubled, or made longer."""
    fleet, index = small(), world()
    found = Certified.of(fleet, index)
    for url, content in list(index.known_metadata().items()):
        if f"metadata {url}" in found.certificate["snapshot"]["records"] and content is not None:
            lines = content.splitlines(keepends=True)
            for place, line in enumerate(lines):
                for other in (b"", line * 2, line.replace(b"\n", b"0\n")):
                    index.host(url, b"".join([*lines[:place], other, *lines[place + 1 :]]))
                    _assert_refused_or_true(found, fleet, index, f"{url}: {line!r} is {other!r}")
            index.host(url, content)


def _assert_refused_or_true(found: Certified, fleet: Fleet, index: FakeIndex, change: str) -> None:
    """What the verifier accepts of an index, the engine says of it too: the verdicts, and that each lock installs."""
    forged = found.in_world(index)
    if refused(forged, fleet):
        return
    engine = Engine.for_fleet(index, fleet, TARGET)
    for conflict in forged.certificate["conflicts"]:
        stated = [(line["model"], line["requirement"]) for line in conflict["lines"]]
        every = (*lines_of(fleet.models), *fleet.constraints)
        lines = [line for line in every if (line.model, str(line.requirement)) in stated]
        assert not isinstance(engine.solve(lines), Solution), change
    for item in forged.certificate["unplaceable"]:
        if "lines" in item:  # else it is its Requires-Python
            assert not isinstance(engine.together([_named(fleet, item["model"])]), Solution), change
    for base in forged.proposal["bases"]:
        pins = [f"{item['name']}=={item['version']}" for item in base["packages"]]
        hosted = [_named(fleet, key) for key in base["models"]]
        assert isinstance(engine.together([*hosted, model("pins", *pins)]), Solution), change
    own = propose(fleet, Recording(index))
    assert own.lower_bound >= forged.proposal["lower_bound"], change
    assert forged.proposal["minimal"] is (len(own.bases) == len(forged.proposal["bases"])), change


def _named(fleet: Fleet, key: str) -> ModelPackage:
    found = fleet.model(key)
    assert found is not None
    return found


# -- by name: a forger who knows what he does -----------------------------------------------------------------------

Forgery = Callable[[Certified], Certified | None]


def _another_version(found: Certified) -> None:
    """Base with y locks x 1 in place of x 2, in every file."""
    for base in found.proposal["bases"]:
        for package in base["packages"]:
            if (package["name"], package["version"]) == ("x", "2"):
                wheel = "x-1-py3-none-any.whl"
                listed = next(item for item in json.loads(_page(found, "x").body)["files"] if item["filename"] == wheel)
                package["version"] = "1"
                package["wheel"] = {
                    "filename": wheel,
                    "url": listed["url"],
                    "sha256": listed["hashes"]["sha256"],
                    "size": listed["size"],
                }


def _another_hash(found: Certified) -> Certified:
    """The hash of a wheel, changed wherever it stands."""
    old = found.proposal["bases"][0]["packages"][0]["wheel"]["sha256"]
    return _replaced(found, old, "f" * 64)


def _replaced(found: Certified, old: str, new: str) -> Certified:
    return Certified(
        json.loads(json.dumps(found.certificate).replace(old, new)),
        json.loads(json.dumps(found.proposal).replace(old, new)),
        {name: text.replace(old, new) for name, text in found.locks.items()},
        found.index,
    )


def _invented_conflict(found: Certified) -> None:
    """Two models that get on well, with a conflict in both documents."""
    for document, lines in ((found.certificate, "lines"), (found.proposal, "requirements")):
        real = document["conflicts"][0]
        stated = [{"model": "chain", "requirement": "y>=2"}, {"model": "choice-p", "requirement": "p"}]
        document["conflicts"].append(
            {**real, "models": ["chain", "choice-p"], lines: stated, "origins": [], "proof": []}
        )


def _proof_line(found: Certified) -> None:
    found.certificate["bounds"][0]["proof"][0] = "1 2 0"


def _no_proof(found: Certified) -> None:
    found.certificate["bounds"][0]["proof"] = []


def _model_left_out(found: Certified) -> None:
    """Out of its base, and so out of the proposal."""
    for base in found.proposal["bases"]:
        base["models"] = [key for key in base["models"] if key != "reader"]


def _model_never_there(found: Certified) -> None:
    """Out of its base, and out of the fleet."""
    _model_left_out(found)
    fleet = found.certificate["fleet"]
    fleet["models"] = [item for item in fleet["models"] if item["key"] != "reader"]


def _model_twice(found: Certified) -> None:
    found.proposal["bases"][1]["models"] = sorted((*found.proposal["bases"][1]["models"], "reader"))


def _higher_bound(found: Certified) -> None:
    found.proposal["lower_bound"] += 1
    found.certificate["bounds"][0]["at_least"] += 1


def _absurd_bound(found: Certified) -> None:
    """So many colours that their clauses would fill any memory."""
    found.certificate["bounds"][0]["at_least"] = 10**12


def _lower_bound_called_minimal(found: Certified) -> None:
    """One base is always needed; that four are the fewest does not follow."""
    found.certificate["bounds"][0] |= {"at_least": 1, "conflicts": [], "pinned": [], "proof": []}
    found.proposal["lower_bound"] = 2


def _pinned_without_conflict(found: Certified) -> None:
    """Models that get on are given bases of their own, and then fewer bases do not do."""
    found.certificate["bounds"][0]["pinned"] = ["chain", "choice-p", "point-a"]


def _bound_by_another_target(found: Certified) -> None:
    """The two models of a target need two bases by a conflict on the other one."""
    found.certificate["bounds"][1] |= {"at_least": 2, "conflicts": [0]}
    found.proposal["lower_bound"] += 1


def _unplaceable(found: Certified) -> None:
    """A model that has a place is called unplaceable in every document."""
    _model_left_out(found)
    lines = [{"model": "reader", "requirement": "old"}]
    found.certificate["unplaceable"].append({"model": "reader", "lines": lines, "origins": [], "proof": []})
    _say_unplaceable(found, lines)


def _unplaceable_by_python(found: Certified) -> None:
    """The same with a Requires-Python that it never had."""
    _model_left_out(found)
    found.certificate["unplaceable"].append({"model": "reader", "requires_python": "<3"})
    _say_unplaceable(found, [])


def _unplaceable_by_others(found: Certified) -> None:
    """A conflict of two is no reason to give one of them no place."""
    _model_left_out(found)
    clash = found.certificate["conflicts"][0]
    found.certificate["unplaceable"].append({**clash, "model": "reader"})
    _say_unplaceable(found, clash["lines"])


def _say_unplaceable(found: Certified, lines: list[dict[str, Any]]) -> None:
    item = {"fingerprint": "0" * 16, "model": "reader", "requirements": lines, "reason": "Because it is."}
    found.proposal["unplaceable"].append(item)


def _placed_on_a_python_it_refuses(found: Certified) -> None:
    """own-python requires another Python, and is put into a base all the same."""
    for document in (found.certificate, found.proposal):
        document["unplaceable"] = [item for item in document["unplaceable"] if item["model"] != "own-python"]
    base = next(base for base in found.proposal["bases"] if "chain" in base["models"])
    base["models"] = sorted((*base["models"], "own-python"))


def _release_removed(found: Certified) -> Certified:
    """y 2.1 is gone from its page, under the right hash: what the lock installs is no candidate."""
    return found.in_world(world({"y": {"1": ["x==1"], "2": ["x==2"]}}))


def _release_added(found: Certified) -> Certified:
    """y 3 resolves the conflict."""
    return found.in_world(world({"y": {"1": ["x==1"], "2": ["x==2"], "2.1": ["x==2"], "3": ["x==1"]}}))


def _metadata_changed(found: Certified) -> Certified:
    """y 2 demands nothing of x any more."""
    return found.in_world(world({"y": {"1": ["x==1"], "2": [], "2.1": ["x==2"]}}))


def _metadata_unusable(found: Certified) -> Certified:
    """What is locked cannot be installed."""
    return found.in_world(world({"y": {"1": ["x==1"], "2": ["x==2"], "2.1": Release(metadata=None)}}))


def _page(found: Certified, project: str) -> RawPage:
    page = found.index.pages([canonicalize_name(project)])[canonicalize_name(project)]
    assert page is not None
    return page


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (_another_version, "y needs x==2, but x 1 is locked"),
        (_another_hash, "sha256 is ffff"),
        (_invented_conflict, "chain's y>=2 and choice-p's p are not refuted"),
        (_proof_line, "of its proof does not follow"),
        (_no_proof, "its proof does not end in a contradiction"),
        (_model_left_out, "reader is nowhere"),
        (_model_never_there, "the certificate's fleet, models, reader: it has none"),
        (_model_twice, "reader is in base-"),
        (_higher_bound, "3 bases are not refuted"),
        (_absurd_bound, "placed models never need 1000000000000 bases"),
        (_lower_bound_called_minimal, "it says that its bases are the fewest possible"),
        (_pinned_without_conflict, "but no conflict of the two is named"),
        (_bound_by_another_target, "is on another target"),
        (_unplaceable, "reader's old are not refuted"),
        (_unplaceable_by_python, "reader requires Python of any version, not <3"),
        (_unplaceable_by_others, "reader is refuted by lines of chain, extra"),
        (_placed_on_a_python_it_refuses, "hosts own-python, which requires Python >=3.12"),
        (_release_removed, "y 2.1 with https://index.example/files/y-2.1-py3-none-any.whl is not a candidate"),
        (_release_added, "chain's y>=2 and extra's w[fast] are not refuted"),
        (_metadata_changed, "y 2 does not depend on x==2, by the METADATA of y-2-py3-none-any.whl"),
        (_metadata_unusable, "the METADATA of y-2.1-py3-none-any.whl makes it unusable"),
    ],
)
def test_a_careful_forgery_is_found_by_what_is_wrong_with_it(forge: Forgery, words: str) -> None:
    """Every document says the same, and the verifier says what does not hold."""
    found = Certified.of(everything(), world()).copy()
    forged = forge(found) or found
    assert words in "\n".join(forged.problems(everything()))


def test_a_certificate_may_claim_less() -> None:
    """Without its proof a bound of one is left: true, and then the bases are not called the fewest possible."""
    found = Certified.of(everything(), world())
    found.certificate["bounds"][0] |= {"at_least": 1, "conflicts": [], "pinned": [], "proof": []}
    found.proposal.update(lower_bound=2, minimal=False)
    assert found.problems(everything()) == ()
