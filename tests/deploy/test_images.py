"""The images, as far as they can be judged without a Docker engine: their text, and their steps run in plain environments."""

from __future__ import annotations

import fnmatch
import json
import shutil
import subprocess
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typing_extensions import override

from common.settings import ProcessSettings, variables
from tests.architecture.tree import ROOT, SERVICES
from tests.deploy.dockerfile import Instruction, environment, instructions, stages

FOLDER = ROOT / "deploy/docker"
IMAGES = ("cuestream", *SERVICES)


def dockerfile(image: str) -> Path:
    return FOLDER / f"Dockerfile.{image}"


def only(word: str, stage: list[Instruction]) -> str:
    (found,) = [instruction.rest for instruction in stage if instruction.word == word]
    return found


def copied(image: str) -> list[str]:
    """What is copied from the repository."""
    return [
        source
        for instruction in instructions(dockerfile(image))
        if instruction.word == "COPY" and not instruction.rest.startswith("--from")
        for source in instruction.arguments[:-1]
    ]


def let_through(name: str) -> bool:
    """What .dockerignore says about a file: the last pattern that fits decides."""
    keep = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().lstrip("!").removeprefix("**/")
        fits = fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f"{pattern}/*")
        if line.strip() and not line.startswith("#") and (fits or f"/{pattern}/" in name):
            keep = line.startswith("!")
    return keep


def test_there_is_an_image_for_each_service_and_for_the_command() -> None:
    assert sorted(path.name for path in FOLDER.glob("Dockerfile.*")) == sorted(
        f"Dockerfile.{image}" for image in IMAGES
    )


@pytest.mark.parametrize("image", IMAGES)
def test_hadolint_has_nothing_to_say(image: str) -> None:
    tool = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([tool, dockerfile(image)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("image", IMAGES)
def test_what_is_copied_exists_and_reaches_the_builder(image: str) -> None:
    for name in copied(image):
        path = ROOT / name
        inside = [path] if path.is_file() else [*path.glob("src/**/*.py"), path / "pyproject.toml"]

        assert inside
        assert all(file.is_file() for file in inside), name
        assert all(let_through(str(file.relative_to(ROOT))) for file in inside), name


@pytest.mark.parametrize(
    "name", [".env", "services/ingest/tests/test_x.py", ".git/config", "workspaces/demo.yaml"]
)
def test_what_no_image_needs_stays_here(name: str) -> None:
    assert not let_through(name)


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_nobody_in_particular_and_builds_nothing(image: str) -> None:
    build, run = stages(dockerfile(image))

    assert only("USER", run) == "10001:10001"
    assert [i.rest for i in run if i.word == "RUN"] == []
    assert only("FROM", build) == f"{only('FROM', run)} AS build"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_in_exec_form_and_is_asked_whether_it_lives(service: str) -> None:
    _, run = stages(dockerfile(service))
    health = only("HEALTHCHECK", run)
    port = environment(run)["CUESTREAM_PORT"]

    assert json.loads(only("ENTRYPOINT", run)) == ["python", "-m", service]
    assert json.loads(health.partition("CMD ")[2])[:2] == ["python", "-c"]
    assert "/livez" in health
    assert only("EXPOSE", run) == port


class Livez(BaseHTTPRequestHandler):
    """Answers as a process would."""

    status = HTTPStatus.OK

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/livez" else HTTPStatus.NOT_FOUND)
        self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE])
def test_the_health_check_says_what_the_process_says(status: HTTPStatus) -> None:
    health = only("HEALTHCHECK", stages(dockerfile("ingest"))[1])
    _, *arguments = json.loads(health.partition("CMD ")[2])
    answering = type("Answering", (Livez,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        told = subprocess.run(
            [sys.executable, *arguments],
            env={"CUESTREAM_PORT": str(server.server_port)},
            capture_output=True,
            check=False,
        )
        server.shutdown()

    assert (told.returncode == 0) == (status == HTTPStatus.OK)


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_sets_only_what_its_processes_read(service: str) -> None:
    given = environment(stages(dockerfile(service))[1])
    read = {variable for variable, _ in variables(ProcessSettings)}

    assert {name for name in given if name.startswith("CUESTREAM_")} <= read


def test_the_four_services_differ_in_their_name_alone() -> None:
    texts = {
        "\n".join(dockerfile(name).read_text().replace(name, "NAME").splitlines()[1:])
        for name in SERVICES
    }

    assert len(texts) == 1


def run_build_stage(image: str, root: Path) -> Path:
    """Do what the first stage does, with `/opt` and `/src` under `root`; returns the environment it makes."""
    source = root / "src"
    opt = root / "opt"
    source.mkdir()
    for instruction in stages(dockerfile(image))[0]:
        if instruction.word == "COPY":
            *names, target = instruction.arguments
            for name in names:
                copy(ROOT / name, source / target, into=target.endswith("/"))
        elif instruction.word == "RUN":
            command = instruction.rest.replace("/opt/", f"{opt}/")
            command = command.replace("python -m venv", f"{sys.executable} -m venv")
            done = subprocess.run(
                ["sh", "-c", command], cwd=source, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return opt / "cuestream"


def copy(path: Path, target: Path, *, into: bool) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "tests", "*.log")
    if path.is_dir():
        shutil.copytree(path, target, ignore=ignored)
    else:
        target.mkdir(parents=True, exist_ok=True) if into else target.parent.mkdir(parents=True)
        shutil.copy(path, target)


@pytest.mark.long
@pytest.mark.parametrize("image", IMAGES)
def test_an_image_s_steps_make_a_command_that_starts(image: str, tmp_path: Path) -> None:
    made = run_build_stage(image, tmp_path)
    argv: list[str] = json.loads(only("ENTRYPOINT", stages(dockerfile(image))[1]))

    told = subprocess.run(
        [made / "bin" / argv[0], *argv[1:], "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={},
        cwd=tmp_path,
    )
    wheels = {path.name.partition("-")[0] for path in (tmp_path / "src/wheels").glob("*.whl")}

    assert told.returncode in (0, 2), told.stderr
    assert "Traceback" not in told.stderr
    assert "sage" in told.stdout + told.stderr
    assert len(wheels) == 2
    assert not list(made.glob("bin/pip*"))
