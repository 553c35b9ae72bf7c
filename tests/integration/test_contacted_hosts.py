"""Whom the program talks to: the configured hosts and the address of a report that Amazon names, and nobody else.

Each command runs as a process whose every connection and every look-up of a name is written down by Python's own audit
events, before it takes place.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from orderferry.cli.commands import COMMANDS
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.messages import Request, SimulatedResponse
from orderferry.simulator.orders import RawOrder
from orderferry.simulator.world import World
from support.canaries import personal_order
from support.installation import Installed, install
from support.mailbox import Mailbox, mailbox
from support.shop_database import ShopDatabase
from support.simulated import READY_REPORTS
from support.starting import Finished

ORDER = "403-3333333-0000001"
# Writes down what is connected to or looked up, then runs the command line.
WATCHED = """
import sys
seen = open(sys.argv.pop(1), "a")
def note(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        seen.write(f"{address[0]}:{address[1]}\\n" if isinstance(address, tuple) else f"{address}\\n")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        seen.write(f"{arguments[0] if event != 'socket.sendto' else arguments[1]}:{event}\\n")
    seen.flush()
sys.addaudithook(note)
from orderferry.cli.main import main
main()
"""
CONFIGURED = """
[alerts]
ping_url = "{box}/ping"
webhook_url = "{box}/webhook"
"""


@dataclass
class Watched:
    """An installation whose connections are written down."""

    installed: Installed
    notes: Path
    allowed: frozenset[str]

    def run(self, *words: str) -> Finished:
        command = ["-c", str(self.installed.configuration), *words]
        return self.installed.run_words([sys.executable, "-c", WATCHED, str(self.notes), *command])

    @property
    def contacted(self) -> set[str]:
        """Hosts with ports, and names that were looked up."""
        return set(self.notes.read_text("utf-8").splitlines()) if self.notes.exists() else set()


@pytest.fixture
def parts(tmp_path: Path, shop_database: ShopDatabase) -> Iterator[tuple[Watched, SimulatorServer, Mailbox]]:
    folder = tmp_path / "installation"
    folder.mkdir(mode=0o700)
    world = World()
    with SimulatorServer(world, usage_plans=False, report_rules=READY_REPORTS) as server, mailbox() as box:
        moment = datetime.now(UTC) - timedelta(hours=2)
        world.add(RawOrder(personal_order(ORDER), moment, moment))
        installed = install(folder, server, shop_database.url, more=CONFIGURED.format(box=box.url))
        places = {urlsplit(url).netloc for url in (server.endpoint, server.token_url, box.url)}
        url = sa.make_url(shop_database.url)
        yield Watched(installed, tmp_path / "contacts", frozenset({*places, f"{url.host}:{url.port}"})), server, box


def looked_up(contacts: set[str]) -> set[str]:
    return {contact.partition(":socket.")[0] for contact in contacts if ":socket." in contact}


CALLS = (
    ("check", "--json"),
    ("import", "--dry-run"),
    ("import", "--json"),
    ("recheck",),
    ("doublecheck",),
    ("compare", "--json", "--since", "5d"),
    ("compare", "--source", "search", "--json"),
    ("status", "--json"),
    ("show", ORDER, "--refresh", "--json"),
    ("plan", "--json"),
    ("adopt", "--dry-run", "--json"),
    ("ignore", ORDER, "--reason", "a test"),
    ("forget", "--older-than", "30d", "--json"),
    ("bridge", "status", "--json"),
)
# They need no shop of the user's, or talk to one that they have made themselves.
ELSEWHERE = {"init", "simulator", "demo"}


def test_nobody_is_contacted_but_the_configured_hosts(
    parts: tuple[Watched, SimulatorServer, Mailbox],
) -> None:
    watched, server, box = parts
    for words in CALLS:
        done = watched.run(*words)
        assert done.code in {0, 1}, (words, done)
        contacts = {contact for contact in watched.contacted if ":socket." not in contact}
        assert contacts <= watched.allowed, words
        assert looked_up(watched.contacted) <= {"127.0.0.1", "localhost"}, words
    assert {contact for contact in watched.contacted if ":socket." not in contact} == watched.allowed
    assert server.requests.count("downloadReport"), "the address of a report that Amazon names is among them"
    assert box.received
    assert {words[0] for words in CALLS} >= set(COMMANDS) - ELSEWHERE, "a new command needs a line here"


def test_a_stray_contact_would_be_seen(parts: tuple[Watched, SimulatorServer, Mailbox]) -> None:
    watched, _, _ = parts
    stray = "import socket\nsocket.socket().connect_ex(('127.0.0.9', 9))\n"
    script = WATCHED.replace("from orderferry", f"{stray}from orderferry")
    watched.installed.run_words([sys.executable, "-c", script, str(watched.notes), "--version"])
    assert watched.contacted == {"127.0.0.9:9"}


@pytest.mark.parametrize("address", ["http://203.0.113.7/report", "ftp://127.0.0.1/report", "file:///etc/passwd"])
def test_a_report_elsewhere_than_on_https_is_not_fetched(
    parts: tuple[Watched, SimulatorServer, Mailbox], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    watched, server, _ = parts
    document = server.reports.document

    def misled(request: Request) -> SimulatedResponse:
        answer = document(request)
        return replace(answer, body=json.dumps(json.loads(answer.body) | {"url": address}).encode())

    monkeypatch.setattr(server.reports, "document", misled)
    done = watched.run("compare", "--json", "--since", "5d")
    assert done.code == 4, done
    assert "not https" in done.out
    assert {contact for contact in watched.contacted if ":socket." not in contact} <= watched.allowed
