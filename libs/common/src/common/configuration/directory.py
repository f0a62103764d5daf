"""A directory of configuration files to the contents that each workspace's release lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from common.configuration.hashing import content_of
from common.configuration.parsing import WORKSPACE_FILE, parse_workspace
from common.configuration.problems import ConfigurationError, Problem, suggested
from common.configuration.values import Content, Release
from common.configuration.workspace import Workspace

MAX_FILE = 256 * 1024
MAX_CONTENT = 768 * 1024
"""A content is one record, and brokers take 1 MiB."""
MODEL_FILE = "model.yaml"
JOURNEY_FILE = "journey.yaml"
PLAN_FILE = "plan.yaml"
# Stay in the repository: they explain and test a playbook, no process needs them.
UNPUBLISHED = ("examples", "tests", "README.md")


def is_test(path: Path) -> bool:
    """Whether a playbook's file is a test of it."""
    return path.name.startswith("test_") and path.suffix == ".yaml"


def load_directory(directory: Path) -> Mapping[str, tuple[Content, ...]]:
    """Read `workspaces/*.yaml`, `tracking/*.yaml`, `playbooks/*/` and `models/*.yaml`.

    Returns:
        Per workspace the contents of its release, sorted by key: itself, its tracking plan, its lead model, its active
        playbooks.

    Raises:
        ConfigurationError: with everything that is wrong in any file.
    """
    loading = _Loading(directory)
    loaded = loading.workspaces()
    if loading.problems:
        raise ConfigurationError(loading.problems)
    return loaded


def load_playbooks(directory: Path) -> Mapping[str, tuple[Content, Release]]:
    """Every playbook of the folder with the release of the first workspace, as if that had it.

    Raises:
        ConfigurationError: as `load_directory`.
    """
    loading = _Loading(directory)
    releases = [Release(name, 1, contents) for name, contents in loading.workspaces().items()]
    if loading.problems:
        raise ConfigurationError(loading.problems)
    found: dict[str, tuple[Content, Release]] = {}
    for name, content in loading.playbooks.items():
        first = releases[0]
        others = (*(one for one in first.contents if one != content), content)
        found[name] = (content, Release(first.workspace, 1, others))
    return found


class _Loading:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.problems: list[Problem] = []
        self.playbooks = {p.name: self._playbook(p) for p in self._inside("playbooks", "*/")}
        self._models = {
            path.stem: content_of("lead_model", path.stem, {MODEL_FILE: self._text(path)})
            for path in self._inside("models", "*.yaml")
        }
        self._plans = {
            path.stem: content_of("tracking_plan", path.stem, {PLAN_FILE: self._text(path)})
            for path in self._inside("tracking", "*.yaml")
        }

    def workspaces(self) -> dict[str, tuple[Content, ...]]:
        files = self._inside("workspaces", "*.yaml")
        if not files:
            self._problem(self._directory / "workspaces", "there is no workspace, no *.yaml file")
        found: dict[str, tuple[Content, ...]] = {}
        self._check_plans([file.stem for file in files])
        for file in files:
            text = self._text(file)
            try:
                workspace = parse_workspace(file.stem, text, file=self._name(file))
            except ConfigurationError as error:
                self.problems.extend(error.problems)
                continue
            own = content_of("workspace", file.stem, {WORKSPACE_FILE: text})
            plans = [self._plans[file.stem]] if file.stem in self._plans else []
            contents = [
                own,
                *plans,
                *self._model_of(workspace),
                *self._playbooks_of(workspace, file),
            ]
            found[file.stem] = tuple(sorted(contents, key=lambda content: content.key))
        return found

    def _inside(self, folder: str, pattern: str) -> list[Path]:
        found = sorted((self._directory / folder).glob(pattern))
        return [path for path in found if not path.name.startswith(".")]

    def _check_plans(self, workspaces: Sequence[str]) -> None:
        """A plan that no workspace follows would never be missed."""
        for name in sorted(set(self._plans) - set(workspaces)):
            hint = suggested(name, workspaces)
            path = self._directory / "tracking" / f"{name}.yaml"
            self._problem(path, f"there is no workspace `{name}`{hint}")

    def _model_of(self, workspace: Workspace) -> list[Content]:
        model = self._models.get(workspace.lead_model)
        return [model] if model is not None else []

    def _playbooks_of(self, workspace: Workspace, file: Path) -> list[Content]:
        active = self.playbooks if workspace.playbooks is None else workspace.playbooks
        for name in workspace.playbooks or ():
            if name not in self.playbooks:
                hint = suggested(name, self.playbooks)
                self._problem(file, f"there is no playbook `{name}`{hint}", "playbooks")
        for name in workspace.parameters:
            if name not in active:
                hint = suggested(name, active)
                self._problem(file, f"`{name}` is not an active playbook{hint}", "parameters")
        contents = (self.playbooks.get(name) for name in active)
        return [content for content in contents if content is not None]

    def _playbook(self, folder: Path) -> Content:
        files: dict[str, str] = {}
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.name in UNPUBLISHED or is_test(path):
                continue
            if path.name == JOURNEY_FILE:
                files[JOURNEY_FILE] = self._text(path)
            elif path.name == "templates" and path.is_dir():
                files |= self._templates(folder, path)
            else:
                hint = suggested(path.name, (JOURNEY_FILE, "templates", *UNPUBLISHED))
                self._problem(path, f"this is not part of a playbook{hint}")
        if JOURNEY_FILE not in files:
            self._problem(folder, f"this playbook has no {JOURNEY_FILE}")
        size = sum(len(path.encode()) + len(text.encode()) for path, text in files.items())
        if size > MAX_CONTENT:
            self._problem(folder, f"all files together are larger than {MAX_CONTENT // 1024} KiB")
        return content_of("playbook", folder.name, files)

    def _templates(self, folder: Path, templates: Path) -> dict[str, str]:
        return {
            path.relative_to(folder).as_posix(): self._text(path)
            for path in sorted(templates.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }

    def _text(self, path: Path) -> str:
        """The file's text with newlines as on Linux, so that a checkout on Windows has the same hash."""
        if path.stat().st_size > MAX_FILE:
            self._problem(path, f"this file is larger than {MAX_FILE // 1024} KiB")
            return ""
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            self._problem(path, "this file is not text (UTF-8)")
            return ""
        return text.replace("\r\n", "\n")

    def _name(self, path: Path) -> str:
        return path.relative_to(self._directory).as_posix()

    def _problem(self, path: Path, message: str, inside: str = "") -> None:
        self.problems.append(Problem(self._name(path), message, path=inside))
