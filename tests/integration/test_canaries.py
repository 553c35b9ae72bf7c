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
class Stage:
    """A shop with a user of its own, a simulated Amazon, a place where alerts arrive, and what is searched."""

    folder: Path
    shop: ShopDatabase
    server: SimulatorServer
    box: Mailbox
    installed: Installed
    root: sa.Engine
    watch: Watch = field(default_factory=Watch)

    def run(self, *words: str, code: int | set[int] | None = None) -> Finished:
        """Run a command and search what it wrote; `code`: the exit codes that prove that the scene took place."""
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
def stage(
    tmp_path: Path, mariadb_server: MariadbServer, shop_database_of: Callable[..., ShopDatabase]
) -> Iterator[Stage]:
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
        yield Stage(folder, shop, server, box, install(folder, server, url, more=more), mariadb_server.engine())


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


def test_every_command_on_a_shop_with_good_and_bad_orders(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    run = stage.run
    run("-vv", "import", "--dry-run", code=1)
    with refusing(stage.shop, 1366):
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
    stored = "\n".join(str(row) for table in stage.shop.tables() for row in stage.shop.rows(f"SELECT * FROM {table}"))
    reached = {name for name, word in PERSONAL.items() if word.lower() in stored.lower()}
    assert reached >= set(PERSONAL) - {"street name", "in a broken field"}, "the shop has what was planted"
    for row in stage.shop.rows("SELECT * FROM {p}orderferry_event"):
        stage.watch.look("event", "an event of the feed, which nobody forgets", str(row))
    run("-vv", "forget", "--older-than", "1s")
    run("forget", "--older-than", "1s", "--json")
    stage.search_the_rest()
    with capsys.disabled():
        print(f"\n  every command: {stage.watch.summary}")
    assert stage.watch.found == []
    assert stage.box.received
    said = {word for words in stage_commands() for word in words}
    assert said == set(COMMANDS), "a new command needs a line here"


def stage_commands() -> list[list[str]]:
    """The commands of the scene above and of those below; `simulator` and `demo` see no shop's data and no secret."""
    return [
        ["import", "recheck", "doublecheck", "status", "show", "ignore", "check", "compare", "plan", "adopt", "forget"],
        ["init", "bridge"],
        ["simulator", "demo"],
    ]


def wrong_password(stage: Stage) -> None:
    secret = f"wrong-{DATABASE}"
    stage.installed = replace(stage.installed, shop_url=stage.installed.shop_url.replace(DATABASE, secret)).write()
    for words in (("-vv", "import"), ("import", "--json"), ("-vv", "check"), ("compare",), ("adopt",), ("plan",)):
        stage.run(*words)
    stage.run("forget", "--older-than", "1s", code=5)


def broken_address_of_the_database(stage: Stage) -> None:
    for url in (f"mysql+pymysql://canary:{DATABASE}@@:0x/shop", f"postgres://u:{DATABASE}@h/d", f"//{DATABASE}"):
        stage.installed = replace(stage.installed, shop_url=url).write()
        stage.run("-vv", "import")
        stage.run("check", "--json")


def unreachable_database(stage: Stage) -> None:
    url = f"mysql+pymysql://canary:{DATABASE}@127.0.0.1:9/shop"
    stage.installed = replace(stage.installed, shop_url=url).write()
    stage.run("-vv", "import", "--json", code=5)
    stage.run("-vv", "check", code=5)


def refused_credentials(stage: Stage) -> None:
    stage.server.logins.credentials = SimulatorCredentials("the-client", "another", "another")
    for words in (("-vv", "import"), ("import", "--json"), ("-vv", "check"), ("-vv", "compare")):
        stage.run(*words)


def faults_of_amazon(stage: Stage) -> None:
    for kind in (FaultKind.REDIRECT, FaultKind.FORBIDDEN, FaultKind.CUT_OFF_JSON, FaultKind.INTERNAL_FAILURE):
        stage.server.faults.add("searchOrders", nth=1, times=3, kind=kind)
        stage.run("-vv", "import", "--since", "1d")


def a_database_that_breaks_off(stage: Stage) -> None:
    with refusing(stage.shop, 2013):
        stage.run("-vv", "import", code=5)
        stage.run("import", "--json", code=5)


def deadlocks(stage: Stage) -> None:
    with refusing(stage.shop, 1213):
        stage.run("-vv", "import")


def rights_are_missing(stage: Stage) -> None:
    name = str(sa.make_url(stage.shop.url).database)
    stage.run("import")
    with stage.root.connect() as connection:
        connection.exec_driver_sql(f"REVOKE ALL ON {name}.* FROM '{USER}'@'127.0.0.1'")
        connection.exec_driver_sql(f"GRANT SELECT ON {name}.* TO '{USER}'@'127.0.0.1'")
    stage.run("-vv", "import", "--order", REFUSED)
    stage.run("check", "--json")
    stage.run("-vv", "forget", "--older-than", "1s")


def unusable_configurations(stage: Stage) -> None:
    good = stage.installed.configuration.read_text("utf-8")
    secret = f'client_secret = "{SECRETS["client secret"]}"'
    for bad in (
        secret.replace("= ", "= [") + "]",
        secret[:-1],
        secret.replace("client_secret", "client_secrt"),
        f"{secret}\n{secret}",
        f'client_secret_file = "/{SECRETS["client secret"][:0]}nowhere"\n{secret}',
    ):
        stage.installed.configuration.write_text(good.replace(secret, bad), "utf-8")
        stage.run("-vv", "import")
        stage.run("check", "--json")
    stage.installed.configuration.write_text(good, "utf-8")
    stage.installed.configuration.chmod(0o644)
    stage.run("-vv", "check")


def an_error_of_our_own(stage: Stage) -> None:
    """An unexpected exception whose text is the buyer's name, chained to another."""
    script = (
        "import sys\nimport orderferry.run.process as process\n"
        "def broken(order, **more):\n"
        "    try:\n        {}[order.buyer.name]\n"
        "    except KeyError as error:\n        raise RuntimeError(str(order)) from error\n"
        "process.decide = broken\nfrom orderferry.cli.main import main\nmain()\n"
    )
    for words in (["-vv", "import"], ["import", "--json"]):
        arguments = ["-c", str(stage.installed.configuration), *words]
        finished = stage.installed.run_words([sys.executable, "-c", script, *arguments])
        assert "An unexpected error inside orderferry: RuntimeError." in finished.err + finished.out, finished
        stage.search(finished, "a broken program", 1)


def alerts_that_fail(stage: Stage) -> None:
    stage.box.manner = "500"
    stage.run("-vv", "import")
    stage.box.manner = "redirect"
    stage.run("-vv", "import")


def a_ledger_in_a_database(stage: Stage) -> None:
    url = sa.make_url(stage.installed.shop_url)
    for password in (DATABASE, SECRETS["ledger password"]):
        ledger = url.set(password=password).render_as_string(hide_password=False)
        more = f'{stage.installed.more}\n[ledger]\nurl = "{ledger}"\n'
        replace(stage.installed, more=more).write()
        for words in (("-vv", "import"), ("-vv", "status"), ("check", "--json"), ("plan",)):
            stage.run(*words)


def secrets_from_elsewhere(stage: Stage) -> None:
    """From the environment and from files, also where the file can't be used."""
    own = stage.folder / "own-password"
    own.write_text(DATABASE, "utf-8")
    text = stage.installed.configuration.read_text("utf-8").replace(f":{DATABASE}@", "@")
    text = text.replace("[prestashop]", '[prestashop]\npassword_file = "own-password"')
    stage.installed.configuration.write_text(text.replace(SECRETS["client secret"], "x"), "utf-8")
    stage.installed = replace(stage.installed, environ={"ORDERFERRY_AMAZON_CLIENT_SECRET": SECRETS["client secret"]})
    stage.run("-vv", "import")
    own.write_bytes(DATABASE.encode() + b"\xff\xfe")
    stage.run("-vv", "import")
    stage.run("-vv", "check")


def a_new_configuration(stage: Stage) -> None:
    secret, token = stage.folder / "own-secret", stage.folder / "own-token"
    secret.write_text(SECRETS["client secret"], "utf-8")
    token.write_text(SECRETS["refresh token"], "utf-8")
    words = ["--non-interactive", "--client-id", "the-client", "--marketplaces", "IT", "--region", "eu", "--no-try"]
    words += ["--client-secret-file", str(secret), "--refresh-token-file", str(token)]
    url = {"ORDERFERRY_PRESTASHOP_URL": stage.installed.shop_url, "ORDERFERRY_PRESTASHOP_PASSWORD": DATABASE}
    stage.installed = replace(stage.installed, name="own-new", environ=url)
    stage.run("-vv", "init", *words, code=0)
    stage.run("init", *words, code=2)


SCENES = (
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


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_every_failure(stage: Stage, scene: Callable[[Stage], None], capsys: pytest.CaptureFixture[str]) -> None:
    if SCENES.index(scene) % 2:  # each format of the log has its turn
        more = stage.installed.more.replace('format = "json"', 'format = "text"')
        stage.installed = replace(stage.installed, more=more).write()
    scene(stage)
    stage.search_the_rest()
    with capsys.disabled():
        print(f"\n  {scene.__name__}: {stage.watch.summary}")
    assert stage.watch.found == []


def test_a_process_names_no_secret_and_leaves_no_core(stage: Stage) -> None:
    stage.server.faults.add("searchOrders", nth=1, kind=FaultKind.HANG, seconds=20)
    process = subprocess.Popen(
        stage.installed.command("import"), cwd=stage.folder, env=stage.installed.environment(), stdin=subprocess.DEVNULL
    )
    try:
        while not stage.server.requests.count("token"):
            assert process.poll() is None
            time.sleep(0.05)
        own = Path(f"/proc/{process.pid}")
        stage.watch.look("process title", "cmdline", (own / "cmdline").read_bytes() + (own / "comm").read_bytes())
        limits = (own / "limits").read_text("ascii")
    finally:
        process.kill()
        process.wait()
    assert stage.watch.found == []
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
