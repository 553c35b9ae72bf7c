"""No secret and nothing of a buyer's gets out: every command, at every log level, on success and on each failure.

Only the shop's database may hold what is personal, and only the configuration, the environment and the requests to
Amazon's own login may hold secrets.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.cli.commands import COMMANDS
from orderferry.simulator.access import SimulatorCredentials
from orderferry.simulator.faults import FaultKind
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.orders import RawOrder
from orderferry.simulator.world import World
from support.canaries import PERSONAL, SECRETS, Watch, broken_orders, personal_order
from support.installation import Installed, install
from support.mailbox import Mailbox, mailbox
from support.mariadb import MariadbServer
from support.shop_database import ShopDatabase
from support.simulated import READY_REPORTS
from support.starting import Finished

GOOD, FBA, UNKNOWN, UNEQUAL, REFUSED = (f"403-2222222-000000{number}" for number in range(5))
USER, DATABASE = "canary", SECRETS["database password"]
CONFIGURED = """
[customers]
email = "amazon"

[alerts]
ping_url = "{box}/{ping}"
webhook_url = "{box}/{webhook}"

[events]
enabled = true

[logging]
file = "run.log"
level = "debug"
format = "json"
"""
# A shop that refuses rows of one town, with the buyer's name in its words, as a server quotes values.
TOWN = "Guastalla"
QUOTED = """CONCAT("Incorrect string value: 'Column '", NEW.firstname, "'' for column `lastname` at row 1")"""
FAILURES = {1366: "22007", 2013: "HY000", 1213: "40001"}


@dataclass
class Searched:
    """A shop with a user of its own, a simulated Amazon, a place where alerts arrive, and what is searched."""

    folder: Path
    shop: ShopDatabase
    server: SimulatorServer
    box: Mailbox
    installed: Installed
    root: sa.Engine
    watch: Watch = field(default_factory=Watch)

    def run(self, *words: str, code: int | set[int] | None = None) -> Finished:
        """Run a command and search what it wrote; `code`: the exit codes that prove that the failure took place."""
        return self.search(self.installed.run(*words), " ".join(words), code)

    def search(self, finished: Finished, said: str, code: int | set[int] | None = None) -> Finished:
        for kind, text in (("stdout", finished.out), ("stderr", finished.err)):
            self.watch.look(kind, f"{kind} of {said}", text)
        self.watch.look_into(self.folder, but=[*self.folder.glob("*.toml"), *self.folder.glob("own*")])
        expected = {code} if isinstance(code, int) else code
        assert expected is None or finished.code in expected, (said, finished)
        return finished

    def search_the_rest(self) -> None:
        """What went to the alerts' addresses, and what Amazon was asked beside the login."""
        for one in self.box.received:
            own = [name for name in ("ping URL", "webhook URL") if SECRETS[name] in one.path]
            self.watch.look("alert", f"alert to {one.path[:6]}", f"{one.path} {one.headers}".encode() + one.body, own)
        for request in self.server.requests:
            self.watch.look("request", f"{request.operation} at Amazon", f"{request.path} {request.parameters}")


@pytest.fixture
def searched(
    tmp_path: Path, mariadb_server: MariadbServer, shop_database_of: Callable[..., ShopDatabase]
) -> Iterator[Searched]:
    folder = tmp_path / "installation"
    folder.mkdir(mode=0o700)
    shop = shop_database_of("8.2.1")
    name = str(sa.make_url(shop.url).database)
    with mariadb_server.engine().connect() as connection:
        connection.exec_driver_sql(f"CREATE OR REPLACE USER '{USER}'@'127.0.0.1' IDENTIFIED BY %s", (DATABASE,))
        connection.exec_driver_sql(f"GRANT ALL ON {name}.* TO '{USER}'@'127.0.0.1'")
    credentials = SimulatorCredentials("the-client", SECRETS["client secret"], SECRETS["refresh token"])
    url = mariadb_server.url(name, USER, DATABASE).render_as_string(hide_password=False)
    world = World(list(map(served, orders())))
    with (
        SimulatorServer(world, credentials=credentials, usage_plans=False, report_rules=READY_REPORTS) as server,
        mailbox() as box,
    ):
        more = CONFIGURED.format(box=box.url, ping=SECRETS["ping URL"], webhook=SECRETS["webhook URL"])
        yield Searched(folder, shop, server, box, install(folder, server, url, more=more), mariadb_server.engine())


def orders() -> list[dict[str, Any]]:
    """Two that can be imported, and one for each reason that holds an order."""
    good, fba = personal_order(GOOD), personal_order(FBA, channel="AMAZON", status="SHIPPED")
    unknown, unequal, refused = map(personal_order, (UNKNOWN, UNEQUAL, REFUSED))
    unknown["orderItems"][0]["product"]["sellerSku"] = "NOT-THERE"
    unequal["proceeds"]["grandTotal"]["amount"] = "1234.56"
    refused["recipient"]["deliveryAddress"]["city"] = TOWN
    return [good, fba, unknown, unequal, refused, *broken_orders()]


def served(order: dict[str, Any]) -> RawOrder:
    """The order at a time of its own, also where its own time is broken."""
    moment = datetime.now(UTC) - timedelta(hours=2)
    return RawOrder(order, moment, moment)


@contextmanager
def refusing(shop: ShopDatabase, number: int) -> Iterator[None]:
    """The database fails at the rows of one town and says so with the buyer's name."""
    shop.execute(
        f"CREATE TRIGGER refuse BEFORE INSERT ON {{p}}address FOR EACH ROW BEGIN IF NEW.city = '{TOWN}' THEN"
        f" SET @said = LEFT({QUOTED}, 128);"
        f" SIGNAL SQLSTATE '{FAILURES[number]}' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = @said; END IF; END"
    )
    yield
    shop.execute("DROP TRIGGER refuse")


def test_a_canary_would_be_found(tmp_path: Path) -> None:
    watch = Watch()
    (tmp_path / "log").write_text(f"x{PERSONAL['line 1'].upper()}y")
    watch.look("stdout", "out", f"{SECRETS['client secret']}")
    watch.look_into(tmp_path)
    assert watch.found == ["client secret in out", "line 1 in log"]
    assert watch.summary == f"{len(watch.canaries)} canaries in 2 outputs (1 file, 1 stdout): 2 found"


def test_every_command_on_a_shop_with_good_and_bad_orders(
    searched: Searched, capsys: pytest.CaptureFixture[str]
) -> None:
    run = searched.run
    run("-vv", "import", "--dry-run", code=1)
    with refusing(searched.shop, 1366):
        codes = {problem["code"] for problem in run("-vv", "import", "--json", code=1).json["problems"]}
    assert codes >= {"write-failed", "unknown-sku", "unreconciled-total", "bad-field"}
    run("import", "--json", code=1)
    run("-v", "recheck", code=1)
    run("doublecheck", "--json", code=1)
    held = run("status", "--json", code=1).json["open"]
    assert held["held"] > 8, "the bad orders are bad"
    run("status")
    run("status", "--html", "status.html")
    run("status", "--prometheus", "status.prom")
    run("status", "--nagios")
    for order_id in (GOOD, UNKNOWN, UNEQUAL):
        run("show", order_id, "--json")
        run("-vv", "show", order_id, "--refresh", "--verify")
    run("-v", "ignore", UNKNOWN, "--reason", "no longer sold", code=0)
    run("ignore", UNKNOWN, "--undo", code=0)
    run("-vv", "check")
    run("check", "--json")
    run("-vv", "compare", "--source", "search", "--csv", "all.csv", "--html", "all.html")
    run("compare", "--json")
    run("plan", "--json")
    run("-vv", "adopt", "--messages", "--dry-run")
    run("adopt", "--json")
    run("-vv", "bridge", "status")
    run("bridge", "status", "--json")
    run("-vv", "bridge", "install", "hooks", code=0)
    run("-vv", "forget", "--older-than", "0s", "--dry-run")
    stored = "\n".join(
        str(row) for table in searched.shop.tables() for row in searched.shop.rows(f"SELECT * FROM {table}")
    )
    reached = {name for name, word in PERSONAL.items() if word.lower() in stored.lower()}
    assert reached >= set(PERSONAL) - {"street name", "in a broken field"}, "the shop has what was planted"
    for row in searched.shop.rows("SELECT * FROM {p}orderferry_event"):
        searched.watch.look("event", "an event of the feed, which nobody forgets", str(row))
    run("-vv", "forget", "--older-than", "1s")
    run("forget", "--older-than", "1s", "--json")
    searched.search_the_rest()
    with capsys.disabled():
        print(f"\n  every command: {searched.watch.summary}")
    assert searched.watch.found == []
    assert searched.box.received
    said = {word for words in stage_commands() for word in words}
    assert said == set(COMMANDS), "a new command needs a line here"


def stage_commands() -> list[list[str]]:
    """The commands of the test above and of those below; `simulator` and `demo` see no shop's data and no secret."""
    return [
        ["import", "recheck", "doublecheck", "status", "show", "ignore", "check", "compare", "plan", "adopt", "forget"],
        ["init", "bridge"],
        ["simulator", "demo"],
    ]


def wrong_password(searched: Searched) -> None:
    secret = f"wrong-{DATABASE}"
    searched.installed = replace(
        searched.installed, shop_url=searched.installed.shop_url.replace(DATABASE, secret)
    ).write()
    for words in (("-vv", "import"), ("import", "--json"), ("-vv", "check"), ("compare",), ("adopt",), ("plan",)):
        searched.run(*words)
    searched.run("forget", "--older-than", "1s", code=5)


def broken_address_of_the_database(searched: Searched) -> None:
    for url in (f"mysql+pymysql://canary:{DATABASE}@@:0x/shop", f"postgres://u:{DATABASE}@h/d", f"//{DATABASE}"):
        searched.installed = replace(searched.installed, shop_url=url).write()
        searched.run("-vv", "import")
        searched.run("check", "--json")


def unreachable_database(searched: Searched) -> None:
    url = f"mysql+pymysql://canary:{DATABASE}@127.0.0.1:9/shop"
    searched.installed = replace(searched.installed, shop_url=url).write()
    searched.run("-vv", "import", "--json", code=5)
    searched.run("-vv", "check", code=5)


def refused_credentials(searched: Searched) -> None:
    searched.server.logins.credentials = SimulatorCredentials("the-client", "another", "another")
    for words in (("-vv", "import"), ("import", "--json"), ("-vv", "check"), ("-vv", "compare")):
        searched.run(*words)


def faults_of_amazon(searched: Searched) -> None:
    for kind in (FaultKind.REDIRECT, FaultKind.FORBIDDEN, FaultKind.CUT_OFF_JSON, FaultKind.INTERNAL_FAILURE):
        searched.server.faults.add("searchOrders", nth=1, times=3, kind=kind)
        searched.run("-vv", "import", "--since", "1d")


def a_database_that_breaks_off(searched: Searched) -> None:
    with refusing(searched.shop, 2013):
        searched.run("-vv", "import", code=5)
        searched.run("import", "--json", code=5)


def deadlocks(searched: Searched) -> None:
    with refusing(searched.shop, 1213):
        searched.run("-vv", "import")


def rights_are_missing(searched: Searched) -> None:
    name = str(sa.make_url(searched.shop.url).database)
    searched.run("import")
    with searched.root.connect() as connection:
        connection.exec_driver_sql(f"REVOKE ALL ON {name}.* FROM '{USER}'@'127.0.0.1'")
        connection.exec_driver_sql(f"GRANT SELECT ON {name}.* TO '{USER}'@'127.0.0.1'")
    searched.run("-vv", "import", "--order", REFUSED)
    searched.run("check", "--json")
    searched.run("-vv", "forget", "--older-than", "1s")


def unusable_configurations(searched: Searched) -> None:
    good = searched.installed.configuration.read_text("utf-8")
    secret = f'client_secret = "{SECRETS["client secret"]}"'
    for bad in (
        secret.replace("= ", "= [") + "]",
        secret[:-1],
        secret.replace("client_secret", "client_secrt"),
        f"{secret}\n{secret}",
        f'client_secret_file = "/{SECRETS["client secret"][:0]}nowhere"\n{secret}',
    ):
        searched.installed.configuration.write_text(good.replace(secret, bad), "utf-8")
        searched.run("-vv", "import")
        searched.run("check", "--json")
    searched.installed.configuration.write_text(good, "utf-8")
    searched.installed.configuration.chmod(0o644)
    searched.run("-vv", "check")


def an_error_of_our_own(searched: Searched) -> None:
    """An unexpected exception whose text is the buyer's name, chained to another."""
    script = (
        "import sys\nimport orderferry.run.process as process\n"
        "def broken(order, **more):\n"
        "    try:\n        {}[order.buyer.name]\n"
        "    except KeyError as error:\n        raise RuntimeError(str(order)) from error\n"
        "process.decide = broken\nfrom orderferry.cli.main import main\nmain()\n"
    )
    for words in (["-vv", "import"], ["import", "--json"]):
        arguments = ["-c", str(searched.installed.configuration), *words]
        finished = searched.installed.run_words([sys.executable, "-c", script, *arguments])
        assert "An unexpected error inside orderferry: RuntimeError." in finished.err + finished.out, finished
        searched.search(finished, "a broken program", 1)


def alerts_that_fail(searched: Searched) -> None:
    searched.box.manner = "500"
    searched.run("-vv", "import")
    searched.box.manner = "redirect"
    searched.run("-vv", "import")


def a_ledger_in_a_database(searched: Searched) -> None:
    url = sa.make_url(searched.installed.shop_url)
    for password in (DATABASE, SECRETS["ledger password"]):
        ledger = url.set(password=password).render_as_string(hide_password=False)
        more = f'{searched.installed.more}\n[ledger]\nurl = "{ledger}"\n'
        replace(searched.installed, more=more).write()
        for words in (("-vv", "import"), ("-vv", "status"), ("check", "--json"), ("plan",)):
            searched.run(*words)


def secrets_from_elsewhere(searched: Searched) -> None:
    """From the environment and from files, also where the file can't be used."""
    own = searched.folder / "own-password"
    own.write_text(DATABASE, "utf-8")
    text = searched.installed.configuration.read_text("utf-8").replace(f":{DATABASE}@", "@")
    text = text.replace("[prestashop]", '[prestashop]\npassword_file = "own-password"')
    searched.installed.configuration.write_text(text.replace(SECRETS["client secret"], "x"), "utf-8")
    searched.installed = replace(
        searched.installed, environ={"ORDERFERRY_AMAZON_CLIENT_SECRET": SECRETS["client secret"]}
    )
    searched.run("-vv", "import")
    own.write_bytes(DATABASE.encode() + b"\xff\xfe")
    searched.run("-vv", "import")
    searched.run("-vv", "check")


def a_new_configuration(searched: Searched) -> None:
    secret, token = searched.folder / "own-secret", searched.folder / "own-token"
    secret.write_text(SECRETS["client secret"], "utf-8")
    token.write_text(SECRETS["refresh token"], "utf-8")
    words = ["--non-interactive", "--client-id", "the-client", "--marketplaces", "IT", "--region", "eu", "--no-try"]
    words += ["--client-secret-file", str(secret), "--refresh-token-file", str(token)]
    url = {"ORDERFERRY_PRESTASHOP_URL": searched.installed.shop_url, "ORDERFERRY_PRESTASHOP_PASSWORD": DATABASE}
    searched.installed = replace(searched.installed, name="own-new", environ=url)
    searched.run("-vv", "init", *words, code=0)
    searched.run("init", *words, code=2)


WAYS_TO_FAIL = (
    wrong_password,
    broken_address_of_the_database,
    unreachable_database,
    refused_credentials,
    faults_of_amazon,
    a_database_that_breaks_off,
    deadlocks,
    rights_are_missing,
    unusable_configurations,
    an_error_of_our_own,
    alerts_that_fail,
    a_ledger_in_a_database,
    secrets_from_elsewhere,
    a_new_configuration,
)


@pytest.mark.sample(4)
@pytest.mark.parametrize("failure", WAYS_TO_FAIL, ids=lambda failure: failure.__name__)
def test_every_failure(
    searched: Searched, failure: Callable[[Searched], None], capsys: pytest.CaptureFixture[str]
) -> None:
    if WAYS_TO_FAIL.index(failure) % 2:  # each format of the log has its turn
        more = searched.installed.more.replace('format = "json"', 'format = "text"')
        searched.installed = replace(searched.installed, more=more).write()
    failure(searched)
    searched.search_the_rest()
    with capsys.disabled():
        print(f"\n  {failure.__name__}: {searched.watch.summary}")
    assert searched.watch.found == []


def test_a_process_names_no_secret_and_leaves_no_core(searched: Searched) -> None:
    searched.server.faults.add("searchOrders", nth=1, kind=FaultKind.HANG, seconds=20)
    process = subprocess.Popen(
        searched.installed.command("import"),
        cwd=searched.folder,
        env=searched.installed.environment(),
        stdin=subprocess.DEVNULL,
    )
    try:
        while not searched.server.requests.count("token"):
            assert process.poll() is None
            time.sleep(0.05)
        own = Path(f"/proc/{process.pid}")
        searched.watch.look("process title", "cmdline", (own / "cmdline").read_bytes() + (own / "comm").read_bytes())
        limits = (own / "limits").read_text("ascii")
    finally:
        process.kill()
        process.wait()
    assert searched.watch.found == []
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
