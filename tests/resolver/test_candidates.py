"""Which releases may be picked: a function of page, target and policy alone."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from tests.resolver.fake_index import TARGET, FakeIndex, Release

from wheelyard_resolver.candidates import list_candidates, why_refused
from wheelyard_resolver.model import CandidatePolicy
from wheelyard_resolver.page import DistributionFile, ProjectPage, parse_page, parse_time
from wheelyard_resolver.target import Target

P = canonicalize_name("p")


def page(**releases: Release) -> ProjectPage:
    """A page of project p; release names use ``v1_0`` for 1.0."""
    versions = {name.removeprefix("v").replace("_", "."): release for name, release in releases.items()}
    raw = FakeIndex({"p": versions}).pages([P])[P]
    assert raw is not None
    return parse_page(P, raw)


def versions(page: ProjectPage, policy: CandidatePolicy | None = None, target: Target = TARGET) -> list[str]:
    listed = list_candidates(P, page, target, policy or CandidatePolicy())
    return [str(candidate.version) for candidate in listed.usable]


def test_candidates_are_ordered_by_version_not_by_text() -> None:
    """1.10 comes after 1.9."""
    assert versions(page(v1_10=Release(), v1_9=Release())) == ["1.9", "1.10"]


def test_a_pre_release_is_no_candidate_beside_a_final_one() -> None:
    """2.0b1 stays out while 1.0 is there."""
    assert versions(page(v1_0=Release(), v2_0b1=Release())) == ["1.0"]


def test_pre_releases_are_candidates_where_there_is_nothing_else() -> None:
    """A project with pre-releases only offers them."""
    assert versions(page(v1_0a1=Release(), v1_0rc1=Release())) == ["1.0a1", "1.0rc1"]


def test_a_final_release_without_a_wheel_for_the_target_does_not_hide_pre_releases() -> None:
    """What cannot be installed here does not count as a final release of this target."""
    releases = page(v1_0=Release(tags=["cp311-cp311-win_amd64"]), v2_0b1=Release())
    assert versions(releases) == ["2.0b1"]


def test_policy_admits_pre_releases_by_name() -> None:
    """Named in the policy, p offers its pre-releases beside the final ones."""
    policy = CandidatePolicy(pre_releases=frozenset({P}))
    assert versions(page(v1_0=Release(), v2_0b1=Release()), policy) == ["1.0", "2.0b1"]


def test_yanked_files_need_the_policy() -> None:
    """Yanked is out, with or without a reason; the policy lets it in by name."""
    releases = page(v1_0=Release(), v1_1=Release(yanked=True), v1_2=Release(yanked="broken"))
    assert versions(releases) == ["1.0"]
    assert versions(releases, CandidatePolicy(yanked=frozenset({P}))) == ["1.0", "1.1", "1.2"]


def test_requires_python_counts_with_its_upper_bound() -> None:
    """<3.11 keeps a release out of Python 3.11.4; what cannot be read keeps nothing out, as in pip."""
    releases = page(
        v1=Release(requires_python="<3.11"), v2=Release(requires_python=">=3.8"), v3=Release(requires_python="junk")
    )
    assert versions(releases) == ["2", "3"]


def test_an_sdist_is_no_candidate() -> None:
    """Nothing is built here: wheels only."""
    assert versions(page(v1=Release(tags=[]), v2=Release())) == ["2"]


def test_exclude_newer_is_strict_and_drops_files_without_a_time() -> None:
    """Uploaded exactly then is too late; uploaded nobody knows when is too."""
    limit = parse_time("2026-02-01T00:00:00Z")
    releases = page(
        v1=Release(uploaded="2026-01-31T23:59:59Z"),
        v2=Release(uploaded="2026-02-01T00:00:00Z"),
        v3=Release(uploaded=None),
    )
    assert versions(releases, CandidatePolicy(exclude_newer=limit)) == ["1"]


def test_a_wheel_for_another_platform_is_no_candidate() -> None:
    """manylinux_2_28 runs manylinux_2_17, not 2_31 and not musllinux."""
    releases = page(
        v1=Release(tags=["cp311-cp311-manylinux_2_31_x86_64"]),
        v2=Release(tags=["cp311-cp311-musllinux_1_2_x86_64"]),
        v3=Release(tags=["cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"]),
        v4=Release(tags=["cp312-cp312-manylinux_2_17_x86_64"]),
        v5=Release(tags=["cp39-abi3-manylinux2014_x86_64"]),
    )
    assert versions(releases) == ["3", "5"]


def test_the_most_specific_wheel_with_the_highest_build_stands_for_its_release() -> None:
    """Tags first, then the build number, by number and not by text."""
    releases = page(
        v1=Release(tags=["py3-none-any", "9-cp311-cp311-manylinux_2_17_x86_64", "10-cp311-cp311-manylinux_2_17_x86_64"])
    )
    (candidate,) = list_candidates(P, releases, TARGET, CandidatePolicy()).usable
    assert candidate.wheel.filename == "p-1-10-cp311-cp311-manylinux_2_17_x86_64.whl"


def test_a_wheel_of_another_project_is_no_candidate() -> None:
    """Whatever page lists it; nor is a file whose name is not that of a wheel."""
    listed = [DistributionFile(name, f"https://index.example/{name}") for name in ("q-9-py3-none-any.whl", "p-9.whl")]
    found = list_candidates(P, ProjectPage(P, (*page(v1=Release()).files, *listed)), TARGET, CandidatePolicy())
    assert [str(candidate.version) for candidate in found.usable] == ["1"]


def test_a_quarantined_project_offers_nothing() -> None:
    """PEP 792."""
    listed = list_candidates(
        P, ProjectPage(P, page(v1=Release()).files, status="quarantined"), TARGET, CandidatePolicy()
    )
    assert listed.usable == ()


def test_a_project_unknown_to_the_index_is_told_from_an_empty_one() -> None:
    """The explanation differs: no such project, or none of its releases."""
    assert not list_candidates(P, None, TARGET, CandidatePolicy()).exists
    assert list_candidates(P, ProjectPage(P, ()), TARGET, CandidatePolicy()).exists


def test_refusals_are_told_by_reason_most_frequent_first() -> None:
    """What an explanation says of releases that the specifier admits."""
    releases = page(
        v1=Release(tags=[]), v2=Release(tags=[]), v3=Release(yanked=True), v4=Release(requires_python="<3.9")
    )
    told = why_refused(releases, SpecifierSet("<5"), TARGET, CandidatePolicy())
    assert [(reason, [str(version) for version in found]) for reason, found in told] == [
        ("has only an sdist", ["1", "2"]),
        ("is yanked", ["3"]),
        ("requires Python <3.9", ["4"]),
    ]
