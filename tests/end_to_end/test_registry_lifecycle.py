"""Projects and the audit log from the command line, and what pip and uv make of a yank."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest
from tests.registry import wheels
from tests.registry.catalogue_url import with_test_catalogue
from tests.registry.serving import Server, run, script, serving, wheelyard_here

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.settings import Settings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("lifecycle"), "--no-upstream") as started:
        yield started


def upload(server: Server, *built: wheels.Built) -> None:
    """Upload files."""
    for one in built:
        answer = httpx.post(
            server.url,
            data={":action": "file_upload"},
            files={"content": (one.filename, one.data)},
            auth=("__token__", server.token),
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text


def admin(server: Server, *arguments: str) -> CompletedProcess[str]:
    """Run the command line as administrator."""
    return wheelyard_here(*arguments, WHEELYARD_REGISTRY=server.url, WHEELYARD_TOKEN=server.token)


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_installers_pass_a_yanked_release_by_unless_pinned(server: Server, tmp_path: Path, tool: str) -> None:
    name = f"yanked_for_{tool}"
    upload(server, wheels.wheel(name, "1.0"), wheels.wheel(name, "2.0"))
    done = admin(server, "project", "yank", f"{name}==2.0", "--reason", "bad weights")
    assert done.stderr == f"{name}-2.0-py3-none-any.whl is yanked\n"
    start = {
        "pip": [script("pip"), "install", "--no-cache-dir", "--disable-pip-version-check"],
        "uv": [script("uv"), "pip", "install", "--no-cache"],
    }[tool]
    for wanted, version in ((name, "1.0"), (f"{name}==2.0", "2.0")):
        target = tmp_path / version
        done = run([*start, "--target", str(target), "--index-url", server.index_url, wanted])
        assert done.returncode == 0, done.stderr
        assert (target / f"{name}-{version}.dist-info").is_dir()
    assert "bad weights" in done.stdout + done.stderr


def test_the_life_of_a_file_from_the_command_line(server: Server) -> None:
    built = wheels.wheel("short_life")
    upload(server, built)
    for arguments, said in [
        (("quarantine", built.filename, "--reason", "leak"), "in quarantine"),
        (("release", built.filename), "out of quarantine"),
        (("yank", built.filename), "yanked"),
        (("unyank", built.filename), "no longer yanked"),
        (("delete", "short-life==1.4.0"), "deleted"),
    ]:
        assert admin(server, "project", *arguments).stderr == f"{built.filename} is {said}\n"
    assert admin(server, "project", "status", "short-life", "archived").stderr == "short-life is archived\n"
    gone = admin(server, "project", "delete", built.filename)
    assert (gone.returncode, "is not in this index" in gone.stderr) == (2, True)
    assert admin(server, "project", "yank", "nonsense").returncode == 2


def test_a_yank_and_a_delete_say_who_is_concerned(server: Server) -> None:
    built = wheels.wheel("in_use", "1.0")
    upload(server, built)
    assert admin(server, "project", "yank", "in-use==1.0", "--dry-run").stderr == (
        "nothing deployed or accepted uses in-use 1.0\n"
    )
    admin(server, "deploy", "record", "in-use==1.0", "--stage", "prod", "--owner", "crm", "--base", "base-a")
    table = (
        "concerned:\n"
        "STAGE  MODEL   VERSION  SLOT     OWNER  BASE    BECAUSE\n"
        "prod   in-use  1.0      default  crm    base-a  in-use 1.0\n"
    )
    assert admin(server, "project", "delete", built.filename, "--dry-run").stderr == table
    assert admin(server, "project", "yank", "in-use==1.0").stderr == f"{table}{built.filename} is yanked\n"
    refused = admin(server, "project", "delete", "in-use==1.0")
    assert (refused.returncode, refused.stderr.startswith(table)) == (2, True)
    assert admin(server, "who-uses", "in-use").stdout == table.removeprefix("concerned:\n")
    assert admin(server, "who-requires", "nothing").stderr == "no deployed model requires nothing\n"


def test_an_inventory_is_recorded_and_may_be_imported_again(server: Server, tmp_path: Path) -> None:
    upload(server, wheels.wheel("packaged", "1.0"))
    rows = "model,version,owner\npackaged,1.0,crm\nunknown,9.9,crm\n"
    (tmp_path / "fleet.csv").write_text(rows)
    done = admin(server, "fleet", "import", str(tmp_path / "fleet.csv"), "--stage", "known", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "packaged 1.0 in known\nunknown 9.9 in known\n")
    for recorded, there in ((1, 0), (0, 1)):
        done = admin(server, "fleet", "import", str(tmp_path / "fleet.csv"), "--stage", "known")
        assert (done.returncode, done.stdout) == (1, "packaged 1.0 in known\n")
        assert done.stderr.splitlines() == [
            f"refused: {tmp_path}/fleet.csv:3: unknown 9.9 is not in this registry, so it cannot be deployed",
            f"{recorded} recorded, {there} were there already, 1 refused",
        ]
    environments = tmp_path / "environments"
    environments.mkdir()
    (environments / "unpackaged-2.0.txt").write_text("numpy==2.1.0\npandas==2.2.3\n")
    assert admin(server, "fleet", "import", str(environments), "--stage", "known").returncode == 0
    assert admin(server, "who-uses", "numpy==2.1.0").stdout.splitlines()[1].split()[:3] == [
        "known",
        "unpackaged",
        "2.0",
    ]
    exported = tmp_path / "exported.toml"
    admin(server, "fleet", "export", "--stage", "known", "-o", str(exported))
    models = {entry.model.name: [line.text for line in entry.model.lines] for entry in read_fleet(exported).models}
    assert models == {"packaged": [], "unpackaged": ["numpy==2.1.0", "pandas==2.2.3"]}
    again = admin(server, "fleet", "import", str(exported))
    assert (again.returncode, again.stderr) == (0, "2 recorded, 0 were there already, 0 refused\n")


def test_stages_are_configured_from_the_command_line(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-upstream") as server:
        upload(server, wheels.wheel("staged", "1.0"))
        assert admin(server, "stage", "list").stderr == "no stages are configured: deployments may name any\n"
        admin(server, "stage", "set", "prod", "--order", "2", "--promoted-only", "--admission", "block")
        done = admin(server, "stage", "set", "staging", "--order", "1", "--python", "3.12", "--max-bases", "3")
        assert (done.returncode, done.stderr) == (0, "staging is configured\n")
        assert admin(server, "stage", "list").stdout == (
            "STAGE    ORDER  PYTHON  PLATFORM               MAX BASES  PROMOTED ONLY  ADMISSION\n"
            "staging  1      3.12    manylinux_2_28_x86_64  3          no             off\n"
            "prod     2      3.11    manylinux_2_28_x86_64  -          yes            block\n"
        )
        refused = admin(server, "deploy", "record", "staged==1.0", "--stage", "prod")
        assert (refused.returncode, refused.stderr.splitlines()[0]) == (
            2,
            "error: prod takes only what runs in staging, and staged 1.0 does not",
        )
        assert admin(server, "stage", "remove", "staging").stderr == "staging is no longer configured\n"


def test_the_head_of_the_log_proves_it_whole_and_a_changed_one_broken(server: Server) -> None:
    upload(server, wheels.wheel("audited"))
    kept = admin(server, "audit", "head").stdout.strip()
    upload(server, wheels.wheel("audited", "2.0"))
    whole = admin(server, "audit", "verify", "--expect", kept)
    assert (whole.returncode, "unbroken" in whole.stderr) == (0, True)
    assert "file-added audited-2.0-py3-none-any.whl" in admin(server, "audit", "log").stdout
    catalogue = Database(with_test_catalogue(Settings(data=server.data)).database_url)
    with catalogue.write() as connection:
        connection.exec_driver_sql(
            "UPDATE event SET subject = 'other' WHERE subject = 'audited-1.4.0-py3-none-any.whl'"
        )
    catalogue.close()
    broken = admin(server, "audit", "verify", "--expect", kept)
    assert (broken.returncode, "was tampered with: entry" in broken.stderr) == (1, True)
