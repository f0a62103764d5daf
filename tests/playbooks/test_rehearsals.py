"""The shipped playbooks do what their own tests say, and the tests go through every step and way."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.configuration import Release, content_of, load_directory, load_playbooks
from common.configuration.directory import is_test
from cuestream.rehearsal import Report, rehearse

ROOT = Path(__file__).parents[2]
RELEASES = [Release(name, 1, contents) for name, contents in load_directory(ROOT).items()]
PLAYBOOKS = load_playbooks(ROOT)
TEMPLATES = {"templates/hello.email.de.liquid": "Hallo", "templates/other.email.de.liquid": "Da"}
JOURNEY = """\
purpose: marketing
parameters: {pause: {type: duration, default: 1h}}
trigger: {event: Page Viewed}
entry: {again: always}
steps:
  - wait: {for: $pause}
  - branch:
      - {when: customer.orders.count > 0, steps: [{exit: {reason: bought}}]}
  - propose: {message: hello, channels: [email], expires_after: 1d}
"""


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
def test_a_shipped_playbook_does_what_its_tests_say_and_they_go_everywhere(name: str) -> None:
    content, release = PLAYBOOKS[name]
    folder = ROOT / "playbooks" / name
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir() if is_test(path)}
    report = rehearse(content, release, files)

    assert report.outcomes
    assert report.good, [outcome.failures for outcome in report.outcomes]
    assert report.coverage.percent == 100, report.coverage


def rehearsed(test: str) -> Report:
    content = content_of("playbook", "hello", {"journey.yaml": JOURNEY, **TEMPLATES})
    workspace = next(content for content in RELEASES[0].contents if content.kind == "workspace")
    return rehearse(
        content, Release(workspace.name, 1, (workspace, content)), {"test_hello.yaml": test}
    )


HEAD = """\
customer: {locale: de, reachable: [email], consents: [email.marketing]}
scenarios:
  - name: One
    given: [{at: 1m, event: Page Viewed}]
"""


@pytest.mark.parametrize(
    ("expect", "failures"),
    [
        ("[{after: 61m, message: hello, channel: email}]", []),
        ("[{message: hello}]", []),
        ("[{message: hello}, {exited: completed}, {step: '1', reason: took otherwise}]", []),
        (
            "[{after: 60m, message: hello}]",
            [
                "line 5: expected message hello after 1h; what came is message hello, channel email after 1h1m",
                "not expected: message hello, channel email after 1h1m",
            ],
        ),
        ("[]", ["not expected: message hello, channel email after 1h1m"]),
        (
            "[{message: hello}, {exited: bought}]",
            ["line 5: expected exited bought; what came is exited completed after 1h1m"],
        ),
        (
            "[{message: hello}, {emitted: x}]",
            ["line 5: expected emitted x; nothing of the kind came"],
        ),
    ],
)
def test_what_comes_is_compared_with_what_is_expected(expect: str, failures: list[str]) -> None:
    [outcome] = rehearsed(f"{HEAD}    expect: {expect}\n").outcomes

    assert list(outcome.failures) == failures


def test_steps_and_ways_that_no_test_takes_are_named() -> None:
    report = rehearsed(f"{HEAD}    expect: [{{message: hello}}]\n")

    assert [placed.id for placed in report.coverage.missed_steps] == ["1.way0.0"]
    assert [(placed.id, way) for placed, way in report.coverage.missed_ways] == [("1", "way0")]
    assert report.coverage.percent == 66


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scenarios: [{name: x, given: [], expects: []}]", "unknown key `expects`"),
        ("scenarios: [{name: x, given: [{at: 1m}], expect: []}]", "what happens is one of event"),
        ("scenarios: [{name: x, given: [], expect: [{after: 1m}]}]", "what is expected is one of"),
        ("scenarios: [{name: x, given: [], expect: [], start: '2026-01-01'}]", "a time zone"),
        ("scenarios: [{name: x, given: [], expect: [], parameters: {paus: 1h}}]", "no parameter"),
        ("customer: {reachable: [mail]}\nscenarios: []", "`mail` is none of email"),
    ],
)
def test_what_is_wrong_in_a_test_is_said_by_place(text: str, message: str) -> None:
    [problem] = rehearsed(text).problems

    assert message in problem.text
    assert problem.text.startswith("test_hello.yaml:")
