"""The mailbox loses nothing that it answered 250 to, and speaks Mailpit's API."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from cuestream.stack.foreground import wait_until
from cuestream.stack.ports import LOOPBACK, free_port


@dataclass
class Mailbox:
    """A mailbox in a process of its own."""

    folder: Path
    smtp_port: int
    process: subprocess.Popen[bytes]
    http: httpx.Client

    def smtp(self) -> smtplib.SMTP:
        return smtplib.SMTP(LOOPBACK, self.smtp_port)

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        answer.raise_for_status()
        return answer.json()

    def is_ready(self) -> bool:
        assert self.process.poll() is None
        try:
            return self.http.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def mailbox_on(folder: Path) -> Iterator[Mailbox]:
    smtp_port, port = free_port(), free_port()
    argv = [sys.executable, "-m", "cuestream.mailbox", str(folder)]
    argv += ["--smtp-port", str(smtp_port), "--port", str(port)]
    with (
        subprocess.Popen(argv) as process,
        httpx.Client(base_url=f"http://{LOOPBACK}:{port}", trust_env=False) as http,
    ):
        try:
            box = Mailbox(folder, smtp_port, process, http)
            wait_until("the mailbox", box.is_ready)
            yield box
        finally:
            process.terminate()
            process.wait(timeout=10)


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    """One for the tests that only add to it and ask for what they added."""
    with mailbox_on(tmp_path_factory.mktemp("mails")) as box:
        yield box


def reminder(number: int = 1, to: str = "Ada Lovelace <ada@example.com>") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = '"Espresso & Größe" <shop@demo.example>'
    mail["To"] = to
    mail["Subject"] = f"Noch {number} × Espressotasse für Dich"
    mail["Message-ID"] = f"<delivery-{number}@demo.example>"
    mail["Date"] = "Sun, 22 Nov 2026 07:00:00 +0100"
    mail["List-Unsubscribe"] = "<https://demo.example/u/token>, <mailto:leave@demo.example>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("Hallo Ada,\n\ndie Tasse wartet.\n")
    mail.add_alternative("<html><body><p>Die Tasse wartet.</p></body></html>", subtype="html")
    return mail


def send(mailbox: Mailbox, mail: EmailMessage, *, to: str | None = None) -> None:
    with mailbox.smtp() as client:
        client.send_message(mail, to_addrs=to)


def test_a_mail_is_listed_as_mailpit_does(mailbox: Mailbox) -> None:
    send(mailbox, reminder(7))

    listing = mailbox.get("/api/v1/messages?limit=1")
    mail = listing["messages"][0]

    assert listing["total"] >= listing["count"] == 1
    assert {"unread", "start", "tags", "messages_count", "messages_unread"} <= listing.keys()
    assert mail["MessageID"] == "delivery-7@demo.example"
    assert mail["From"] == {"Name": "Espresso & Größe", "Address": "shop@demo.example"}
    assert mail["To"] == [{"Name": "Ada Lovelace", "Address": "ada@example.com"}]
    assert mail["Subject"] == "Noch 7 × Espressotasse für Dich"
    assert mail["Snippet"] == "Hallo Ada, die Tasse wartet."
    assert mail["Created"].endswith("Z")
    assert mail["Attachments"] == 0


def test_a_message_has_text_html_and_how_to_leave(mailbox: Mailbox) -> None:
    send(mailbox, reminder(8))

    mail = mailbox.get("/api/v1/message/latest")

    assert "die Tasse wartet" in mail["Text"]
    assert "<p>Die Tasse wartet.</p>" in mail["HTML"]
    assert mail["ReturnPath"] == "shop@demo.example"
    assert mail["Date"] == "2026-11-22T07:00:00+01:00"
    assert mail["ListUnsubscribe"] == {
        "Header": "<https://demo.example/u/token>, <mailto:leave@demo.example>",
        "Links": ["https://demo.example/u/token", "mailto:leave@demo.example"],
        "Errors": "",
        "HeaderPost": "List-Unsubscribe=One-Click",
    }


def test_the_raw_mail_is_the_one_that_was_sent(mailbox: Mailbox) -> None:
    mail = EmailMessage()
    mail["Subject"] = "dots"
    mail.set_content(".\n..two\n.one\nlast\n")
    send(mailbox, mail, to="ada@example.com")
    newest = mailbox.get("/api/v1/message/latest")

    raw = mailbox.http.get(f"/api/v1/message/{newest['ID']}/raw")

    assert raw.headers["content-type"].startswith("text/plain")
    assert raw.text.replace("\r\n", "\n").endswith(mail.as_string())


def test_who_got_it_without_being_named_is_shown_as_a_blind_copy(mailbox: Mailbox) -> None:
    with mailbox.smtp() as client:
        client.send_message(reminder(9), to_addrs=["ada@example.com", "boss@example.com"])

    mail = mailbox.get("/api/v1/message/latest")

    assert mail["Bcc"] == [{"Name": "", "Address": "boss@example.com"}]


def test_an_attachment_is_counted_and_named(mailbox: Mailbox) -> None:
    mail = reminder(10)
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Größe.pdf")
    send(mailbox, mail)

    assert mailbox.get("/api/v1/messages?limit=1")["messages"][0]["Attachments"] == 1
    (attachment,) = mailbox.get("/api/v1/message/latest")["Attachments"]
    assert attachment["FileName"] == "Größe.pdf"
    assert attachment["Size"] == 4


def test_commands_sent_without_waiting_are_answered_in_order(mailbox: Mailbox) -> None:
    with mailbox.smtp() as client:
        client.ehlo()
        assert client.has_extn("PIPELINING")
        assert client.has_extn("8BITMIME")
        assert client.has_extn("SMTPUTF8")
        client.send("MAIL FROM:<shop@demo.example>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n")

        assert [client.getreply()[0] for _ in range(3)] == [250, 250, 354]
        client.send("Subject: piped\r\n\r\nhello\r\n.\r\n")
        assert client.getreply()[0] == 250

    assert mailbox.get("/api/v1/message/latest")["Subject"] == "piped"


def test_a_mail_that_nobody_can_parse_is_kept_and_listed(mailbox: Mailbox) -> None:
    broken = b'From: "=?utf-8?q?=GG?= <nobody\r\nContent-Type: text/html; charset=klingon\r\n\r\n\xff<p>x'
    with mailbox.smtp() as client:
        client.sendmail("a@example.com", ["b@example.com"], broken)

    assert "x" in mailbox.get("/api/v1/messages?limit=1")["messages"][0]["Snippet"]
    assert mailbox.http.get("/api/v1/message/latest/raw").content.endswith(b"\xff<p>x\r\n")


def test_the_page_shows_a_mail_without_letting_it_run(mailbox: Mailbox) -> None:
    send(mailbox, reminder(11))
    newest = mailbox.get("/api/v1/message/latest")["ID"]

    page = mailbox.http.get("/")
    view = mailbox.http.get(f"/view/{newest}")

    assert "<title>Mailbox</title>" in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "Die Tasse wartet." in view.text
    policy = view.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy


@pytest.mark.parametrize("name", ["nothing", "0" * 16, "..%2F..%2Fetc%2Fpasswd"])
def test_an_unknown_message_is_not_found(mailbox: Mailbox, name: str) -> None:
    for path in (f"/api/v1/message/{name}", f"/api/v1/message/{name}/raw", f"/view/{name}"):
        assert mailbox.http.get(path).status_code == httpx.codes.NOT_FOUND


def test_nothing_that_was_answered_is_lost_by_kill_9(tmp_path: Path) -> None:
    answered = 0
    with mailbox_on(tmp_path) as box, box.smtp() as client:
        for number in range(40):
            client.send_message(reminder(number))
            answered += 1
        os.kill(box.process.pid, signal.SIGKILL)
        box.process.wait()
        with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
            client.send_message(reminder(99))
        client.close()
    (tmp_path / "00000000000000ff.part").write_bytes(b"half a ma")

    with mailbox_on(tmp_path) as box:
        listing = box.get("/api/v1/messages?limit=1000")

    assert listing["total"] == answered
    subjects = [mail["Subject"] for mail in listing["messages"]]
    assert subjects == [f"Noch {n} × Espressotasse für Dich" for n in reversed(range(answered))]


def test_pages_follow_one_another(tmp_path: Path) -> None:
    with mailbox_on(tmp_path) as box:
        with box.smtp() as client:
            for number in range(7):
                client.send_message(reminder(number))

        pages = [box.get(f"/api/v1/messages?start={start}&limit=3") for start in (0, 3, 6, 9)]

    assert [page["count"] for page in pages] == [3, 3, 1, 0]
    ids = [mail["ID"] for page in pages for mail in page["messages"]]
    assert len(set(ids)) == 7
    assert ids == sorted(ids, reverse=True)
