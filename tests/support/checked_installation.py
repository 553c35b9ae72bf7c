"""An installation to be broken for tests of `check`: a simulated Amazon, a shop on MariaDB, and the command itself."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from orderferry.cli.main import cli
from orderferry.prestashop.checking.carriers import CARRIER_TABLES
from orderferry.prestashop.checking.setup_shop import SetupShop
from orderferry.prestashop.database.rights import needed_rights
from orderferry.prestashop.database.tables import OPTIONAL_TABLES, OWN_TABLES, REQUIRED_TABLES
from orderferry.simulator.http_server import SimulatorServer
from orderferry.simulator.shop_life import generate
from support.installation import Installed, install
from support.mariadb import MariadbServer
from support.shop_database import ShopDatabase
from support.writing import settings_for

EUROPE = ("IT", "DE", "FR", "ES")


def heal(shop: ShopDatabase, folder: Path) -> None:
    """What a fresh PrestaShop lacks for Amazon's orders: a carrier for FBA, and states that mail nobody."""
    setup = SetupShop(settings_for(shop, folder), sleep=lambda _seconds: None)
    setup.create_carrier()
    setup.close()
    shop.execute("UPDATE {p}order_state SET send_email = 0")


def lively_world() -> Any:
    """Three days of orders of both channels, up to now."""
    return generate(5, datetime.now(UTC) - timedelta(days=3), 3, 8, EUROPE)


@dataclass
class CheckedInstallation:
    """What a test breaks. `more` is added to the configuration, `amazon` to its [amazon]."""

    folder: Path
    server: SimulatorServer
    shop: ShopDatabase
    monkeypatch: pytest.MonkeyPatch
    installed: Installed = field(init=False)

    def __post_init__(self) -> None:
        common = self.folder.parent / f"{self.folder.name}-common.toml"
        common.touch(mode=0o600)
        common.write_text('[carriers]\nfba = "Amazon"\n', encoding="utf-8")
        self.installed = install(self.folder, self.server, self.shop.url, include=str(common))
        heal(self.shop, self.folder)
        self.monkeypatch.setenv("PATH", str(self.folder / "bin"))  # no crontab of this machine's

    def configure(self, more: str = "", *, amazon: str = "", **fields: Any) -> None:
        """Write the configuration anew."""
        for name, value in fields.items():
            setattr(self.installed, name, value)
        self.installed.more = more
        self.installed.write()
        if amazon:
            text = self.installed.configuration.read_text(encoding="utf-8")
            self.installed.configuration.write_text(text.replace("[amazon]\n", f"[amazon]\n{amazon}\n"), "utf-8")

    def crontab(self, text: str) -> None:
        """Let `crontab -l` print this."""
        program = self.folder / "bin" / "crontab"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\nwhile IFS= read -r line; do echo \"$line\"; done <<'END'\n{text}\nEND\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command in this process; return its exit code and stdout."""
        result = CliRunner().invoke(
            cli, ["-c", str(self.installed.configuration), *words], standalone_mode=False, catch_exceptions=False
        )
        return int(result.return_value), result.stdout

    def check(self) -> tuple[int, list[dict[str, str]]]:
        """Run `check --json`; return its exit code and the checks."""
        code, out = self.run("check", "--json")
        document = json.loads(out)
        assert document.keys() == {"checks", "exit_code"}
        assert document["exit_code"] == code
        return code, document["checks"]


def minimal_user(server: MariadbServer, shop: ShopDatabase, name: str, *without: tuple[str, str]) -> sa.URL:
    """Create a database user with the rights that orderferry says it needs, `without` some (right, table); return
    the URL for it."""
    url = sa.make_url(shop.url)
    account = f"'{name}'@'127.0.0.1'"
    tables = REQUIRED_TABLES | OPTIONAL_TABLES | OWN_TABLES | {"hook_alias", "module_shop", "tax_rules_group"}
    tables |= CARRIER_TABLES
    there = set(shop.tables())
    with server.engine().connect() as connection:
        connection.exec_driver_sql(f"DROP USER IF EXISTS {account}")
        connection.exec_driver_sql(f"CREATE USER {account} IDENTIFIED BY 'a-password'")
        for table, rights in needed_rights(tables).items():
            wanted = [*rights, *(["CREATE"] if table in OWN_TABLES else [])]
            kept = [right for right in wanted if (right, table) not in without]
            if kept and (shop.prefix + table in there or "CREATE" in kept):
                target = f"`{url.database}`.`{shop.prefix}{table}`"
                connection.exec_driver_sql(f"GRANT {', '.join(kept)} ON {target} TO {account}")
    return url.set(username=name, password="a-password")
