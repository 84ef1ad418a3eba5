"""What a company already has, read from the files in which it keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from wheelyard_cli.inventory.entry import Entry
from wheelyard_cli.inventory.read import read_inventory
from wheelyard_resolver.errors import InputError, InputErrors


def write(path: Path, text: str) -> Path:
    """A file, with the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def told(entries: tuple[Entry, ...]) -> list[tuple[str, str, tuple[str, ...] | None]]:
    """Model, version and lines of each."""
    return [(dict(each.fields)["model"], dict(each.fields)["version"], each.requires) for each in entries]


def test_a_csv_file_states_fields_by_its_header(tmp_path: Path) -> None:
    text = "model,version,stage,owner,at\nchurn,1.8.0,prod,crm,2026-01-05T08:00:00Z\n\nTariff_Quote, 2.0 ,staging,,\n"
    one, two = read_inventory(write(tmp_path / "fleet.csv", text), None)
    assert dict(one.fields) == {
        "model": "churn",
        "version": "1.8.0",
        "stage": "prod",
        "owner": "crm",
        "at": "2026-01-05T08:00:00Z",
    }
    assert dict(two.fields) == {"model": "Tariff_Quote", "version": "2.0", "stage": "staging"}
    assert two.where.endswith("fleet.csv:4")


def test_json_lines_may_state_requirement_lines(tmp_path: Path) -> None:
    text = '{"model": "churn", "version": "1.8.0", "requires": ["pandas<2"], "owner": null}\n\n'
    text += '{"model": "a", "version": "1"}\n'
    path = write(tmp_path / "fleet.jsonl", text)
    assert told(read_inventory(path, "prod")) == [("churn", "1.8.0", ("pandas<2",)), ("a", "1", None)]


def test_frozen_environments_are_called_after_their_models(tmp_path: Path) -> None:
    write(tmp_path / "churn-1.8.0.txt", "churn==1.8.0\npandas==2.2.3\nnumpy==2.1.0\n-e ./local\n")
    write(tmp_path / "tariff.txt", "numpy==1.26.4\nTariff==2.0\n")
    churn, tariff = read_inventory(tmp_path, "prod")
    assert told((churn, tariff)) == [
        ("churn", "1.8.0", ("numpy==2.1.0", "pandas==2.2.3")),
        ("tariff", "2.0", ("numpy==1.26.4",)),
    ]
    assert churn.passed_by == ("-e ./local",)


def test_a_lock_that_pins_its_model_is_an_environment(tmp_path: Path) -> None:
    text = 'lock-version = "1.0"\ncreated-by = "x"\n'
    for name, version in (("churn", "1.8.0"), ("numpy", "2.1.0")):
        wheel = f'{{ name = "{name}-{version}-py3-none-any.whl", path = "{name}.whl", hashes = {{ sha256 = "0" }} }}'
        text += f'[[packages]]\nname = "{name}"\nversion = "{version}"\nwheels = [{wheel}]\n'
    write(tmp_path / "pylock.churn.toml", text)
    assert told(read_inventory(tmp_path, "prod")) == [("churn", "1.8.0", ("numpy==2.1.0",))]


MLMODEL = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\nrun_id: 0a1b\n"


def test_mlflow_models_state_what_they_require(tmp_path: Path) -> None:
    write(tmp_path / "churn-1.8.0" / "MLmodel", MLMODEL)
    write(
        tmp_path / "churn-1.8.0" / "requirements.txt",
        "# made by mlflow\nmlflow==2.17.0\npandas<2  # old\n-r more.txt\n",
    )
    write(tmp_path / "tariff" / "version-3" / "MLmodel", MLMODEL)
    conda = "name: env\ndependencies:\n- python=3.11.9\n- pip<=24\n- pip:\n  - scikit-learn==1.5.2\n"
    write(tmp_path / "tariff" / "version-3" / "conda.yaml", conda)
    write(tmp_path / "download" / "MLmodel", MLMODEL)
    write(tmp_path / "download" / "requirements.txt", "")
    write(tmp_path / "download" / "registered_model_meta", "model_name: demand\nmodel_version: '7'\n")
    entries = read_inventory(tmp_path, "prod")
    assert told(entries) == [
        ("churn", "1.8.0", ("mlflow==2.17.0", "pandas<2")),
        ("demand", "7", ()),
        ("tariff", "3", ("scikit-learn==1.5.2",)),
    ]
    assert [each.passed_by for each in entries] == [("-r more.txt",), (), ("python=3.11.9", "pip<=24")]
    (alone,) = read_inventory(tmp_path / "churn-1.8.0", "prod")
    assert alone.fields == entries[0].fields


def test_a_text_for_pip_in_a_conda_environment_is_no_list_of_letters(tmp_path: Path) -> None:
    write(tmp_path / "churn-1" / "MLmodel", MLMODEL)
    write(tmp_path / "churn-1" / "conda.yaml", "dependencies:\n- pip: numpy<2\n")
    with pytest.raises(InputError, match="what it has for pip is not a list"):
        read_inventory(tmp_path, "prod")


def test_a_fleet_file_is_an_inventory(tmp_path: Path) -> None:
    text = (
        '[fleet]\nname = "energy"\nstage = "prod"\ntarget = { python = "3.11", platform = "manylinux_2_28_x86_64" }\n'
        '[[model]]\nname = "demand"\nversion = "1.0"\nowner = "forecasting"\nrequires = ["pandas<2"]\n'
        '[[model]]\npackage = "churn==1.8.0"\nslot = "canary"\n'
    )
    demand, churn = read_inventory(write(tmp_path / "fleet.toml", text), None)
    assert (dict(demand.fields)["owner"], dict(demand.fields)["stage"]) == ("forecasting", "prod")
    assert told((demand, churn)) == [("demand", "1.0", ("pandas<2",)), ("churn", "1.8.0", None)]
    assert dict(churn.fields)["slot"] == "canary"


def test_the_same_inventory_has_the_same_keys(tmp_path: Path) -> None:
    path = write(tmp_path / "fleet.csv", "model,version\nchurn,1.8.0\nchurn,1.9.0\n")
    keys = [
        entry.body("prod")["idempotency_key"]
        for entry in (*read_inventory(path, "prod"), *read_inventory(path, "prod"))
    ]
    assert keys[:2] == keys[2:]
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("fleet.csv", "model,version,colour\n", "unknown: 'colour'"),
        ("fleet.csv", "model,version\nchurn,1.0\n", "stage not stated"),
        ("fleet.csv", "model,version,stage\nchurn,,prod\n", "version not stated"),
        ("fleet.csv", "model,version,stage\nchurn,1,prod,x\n", "more cells than the header"),
        ("fleet.csv", "model,version,stage\nchurn,one,prod\n", "'one'"),
        ("fleet.csv", "", "holds no deployments"),
        ("fleet.jsonl", "{", "it is not JSON"),
        ("fleet.jsonl", "[]", "it is not a JSON object"),
        ("fleet.jsonl", '{"model": 1}', "all fields but requires are strings"),
        ("fleet.jsonl", '{"model": "a", "version": "1", "stage": "p", "requires": ["a b"]}', "Expected"),
        ("fleet.xlsx", "", "is of no known form"),
        ("all/churn.txt", "numpy==1\n", "it does not say which version of churn it is of"),
        ("all/MLmodel", "- a\n", "it is not a YAML mapping"),
        ("all/x-1/MLmodel", MLMODEL, "neither requirements.txt nor conda.yaml"),
        ("all/x/MLmodel", MLMODEL, "nothing says which model and version it is"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, text: str, problem: str) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(InputError) as raised:
        read_inventory(tmp_path / "all" if name.startswith("all/") else path, None)
    assert problem in str(raised.value)


def test_all_that_is_wrong_is_said_in_one_go(tmp_path: Path) -> None:
    path = write(tmp_path / "fleet.csv", "model,version,stage\nchurn,,prod\n-,1,prod\nok,1,prod\nx,1,\n")
    with pytest.raises(InputErrors) as raised:
        read_inventory(path, None)
    assert [error.where for error in raised.value.errors] == [f"{path}:{line}" for line in (2, 3, 5)]
