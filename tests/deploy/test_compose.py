"""docker-compose.yml against the public schema, the plan of the local stack, the images and the settings classes, both ways."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import jsonschema
import pytest
import yaml

from common.configuration import parse_workspace
from common.settings import WRONG_SETTINGS, variables
from cuestream.stack.plan import CUESTREAM
from cuestream.stack.pytest_plugin import require
from deploy.docker.environment import filled
from docs.generator.settings import groups
from tests.architecture.tree import ROOT, SERVICES
from tests.deploy.compose import (
    CONTAINERS,
    OURS,
    TEXT,
    VARIABLE,
    argv,
    fresh_environment,
    interpolated,
    loaded,
    mounted,
    settings_of,
)

LOADER = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"
SCHEMA = Path(__file__).with_name("compose-spec.json")
PROCESSES = {service.name: service for service in CUESTREAM.services}
ONE_SHOTS = {one.name: one for one in CUESTREAM.one_shots}
COMMANDS = {"apply", "cuestream"}
SET_BY_THE_IMAGE = {"CUESTREAM_HOST", "CUESTREAM_PORT"}
DONE = "service_completed_successfully"


def test_the_file_is_a_compose_file() -> None:
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(loaded())


def test_a_wrong_file_is_not() -> None:
    wrong = loaded()
    wrong["services"]["kafka"]["port"] = "9092"

    with pytest.raises(jsonschema.ValidationError, match="port"):
        jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(wrong)


@pytest.mark.long
def test_the_reference_loader_takes_it(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        require("Go", "it builds the reference loader; apt-get install golang")
    subprocess.run(
        ["env", f"GOBIN={tmp_path}", go, "install", LOADER], check=True, capture_output=True
    )
    (tmp_path / "compose.yaml").write_text(interpolated(TEXT, fresh_environment()))
    taken = subprocess.run(
        [tmp_path / "cmd", tmp_path / "compose.yaml"], capture_output=True, text=True, check=False
    )

    assert (taken.returncode, taken.stderr) == (0, "")
    on_demand = {name for name, container in CONTAINERS.items() if "profiles" in container}
    assert set(yaml.safe_load(taken.stdout)["services"]) >= set(CONTAINERS) - on_demand


def test_every_process_of_the_plan_is_a_container() -> None:
    wanted = {name: ["python", "-m", *service.module] for name, service in PROCESSES.items()}

    assert {name: argv(OURS[name]) for name in PROCESSES} == wanted
    assert {name: argv(OURS[name]) for name in ONE_SHOTS} == {
        name: ["python", "-m", *one.module] for name, one in ONE_SHOTS.items()
    }
    assert set(OURS) - set(PROCESSES) - set(ONE_SHOTS) == COMMANDS


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_is_one_that_the_process_reads(name: str) -> None:
    cls = settings_of(OURS[name])
    known = [cls] if cls is not None else [g.cls for g in groups() if "cuestream" in g.name]
    read = {variable for cls in known for variable, _ in variables(cls)}

    assert set(OURS[name].get("environment", {})) - read == set()


@pytest.mark.parametrize("name", sorted(set(OURS) - COMMANDS))
def test_a_process_starts_with_what_it_is_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = settings_of(OURS[name])
    assert cls is not None
    for variable, _ in variables(cls):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in OURS[name]["environment"].items():
        monkeypatch.setenv(variable, str(value))

    cls()  # raises where something required is missing or a value is wrong


@pytest.mark.parametrize("name", sorted(set(OURS) - COMMANDS - {"topics"}))
def test_without_them_a_process_names_what_it_needs(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cls = settings_of(OURS[name])
    assert cls is not None
    for variable, _ in variables(cls):
        monkeypatch.delenv(variable, raising=False)
    _, _, service, process = argv(OURS[name])
    with pytest.raises(SystemExit) as refused:
        import_module(f"{service}.__main__").main([process])
    named = {line.partition(":")[0] for line in capsys.readouterr().err.splitlines()}

    assert refused.value.code == WRONG_SETTINGS
    assert named == {variable for variable, field in variables(cls) if field.is_required()}


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_no_process_is_given_what_only_the_image_or_the_local_stack_sets(name: str) -> None:
    given = set(OURS[name]["environment"])

    assert given & {*SET_BY_THE_IMAGE, "CUESTREAM_LOCAL"} == set()


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_a_process_waits_for_its_topics_and_its_schema(name: str) -> None:
    waits = OURS[name]["depends_on"]
    needs = {"topics"} | (
        {f"{PROCESSES[name].owner}-migrate"}
        if "DATABASE_URL" in OURS[name]["environment"]
        else set()
    )

    assert {other: waits[other]["condition"] for other in needs} == dict.fromkeys(needs, DONE)
    assert OURS[name]["restart"] == "unless-stopped"


def test_what_is_waited_for_can_say_that_it_is_healthy() -> None:
    asked = {
        other
        for container in CONTAINERS.values()
        for other, how in container.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }

    assert {n for n in asked if "healthcheck" not in CONTAINERS[n] and n not in PROCESSES} == set()


def test_ports_are_opened_for_this_machine_alone_and_once() -> None:
    ports = [port for container in CONTAINERS.values() for port in container.get("ports", [])]
    hosts = Counter(port.rsplit(":", 1)[0] for port in ports)

    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert max(hosts.values()) == 1


def test_a_published_port_is_the_plan_s_and_leads_to_the_image_s() -> None:
    published = {
        name: [tuple(port.split(":")[1:]) for port in container["ports"]]
        for name, container in OURS.items()
        if "ports" in container
    }

    assert published == {
        name: [(str(process.port), "8080")] for name, process in PROCESSES.items() if process.port
    }


def test_every_role_has_the_password_that_its_service_uses() -> None:
    made = CONTAINERS["roles"]["environment"]
    for service in SERVICES:
        url = CONTAINERS[f"{service}-migrate"]["environment"]["DATABASE_URL"]
        password = made[f"CUESTREAM_{service.upper()}_PASSWORD"]
        assert url == f"postgresql://{service}:{password}@postgres:5432/cuestream"


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_what_is_mounted_and_built_exists(name: str) -> None:
    container = CONTAINERS[name]
    build = container.get("build", {})

    assert [path for path in mounted(container) if not path.exists()] == []
    assert not build or (ROOT / build["context"] / build["dockerfile"]).is_file()


def test_kafka_and_postgres_are_pinned() -> None:
    assert CONTAINERS["kafka"]["image"] == "apache/kafka:4.1.1"
    assert CONTAINERS["postgres"]["image"] == "postgres:18"
    assert [n for n, c in CONTAINERS.items() if n not in OURS and ":" not in c["image"]] == []


def test_every_variable_of_the_file_is_in_the_example_and_the_other_way_round() -> None:
    used = {match[1] for match in VARIABLE.finditer(TEXT)}

    assert used | {"CUESTREAM_WRITE_KEY"} == set(fresh_environment())


def test_no_secret_has_a_default() -> None:
    with_default = {match[1] for match in VARIABLE.finditer(TEXT) if match[2] == "-"}
    example = (ROOT / ".env.example").read_text()

    assert with_default == {
        "CUESTREAM_PUBLIC_URL",
        "CUESTREAM_PAGE_URL",
        "CUESTREAM_TRUSTED_PROXIES",
    }
    assert [
        n for n in fresh_environment() if n not in with_default and f"\n{n}=\n" not in example
    ] == []


def test_without_its_secrets_nothing_starts() -> None:
    with pytest.raises(ValueError, match="run make env"):
        interpolated(TEXT, {})


def test_make_env_fills_every_secret_and_hashes_the_keys() -> None:
    lines = filled((ROOT / ".env.example").read_text()).splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert [name for name, value in values.items() if not value] == []
    assert (
        len(values["CUESTREAM_ADMIN_KEY_SHA256"]) == len(values["CUESTREAM_WRITE_KEY_SHA256"]) == 64
    )
    assert len(set(values.values())) == len(values)


def test_the_shop_s_configuration_is_one() -> None:
    text = loaded()["configs"]["shop"]["content"]
    workspace = parse_workspace("shop", text)

    assert workspace.sources["shop"].key_sha256 == (
        fresh_environment()["CUESTREAM_WRITE_KEY_SHA256"],
    )
    assert not workspace.sources["shop"].local_only


def test_docker_s_users_need_no_install() -> None:
    script = ROOT / "deploy/docker/environment.py"
    bare = [sys.executable, "-I", "-S", "-c", f"import runpy; runpy.run_path({str(script)!r})"]

    assert subprocess.run(bare, check=False).returncode == 0
