"""One installation of orderferry as a user has it: a folder with a configuration, started as a subprocess."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orderferry.simulator.http_server import SimulatorServer
from support.starting import COMMAND, LOCALE, Finished, started


def environment(folder: Path, **more: str) -> dict[str, str]:
    """As little as cron gives to a user whose home is `folder`, and `more`."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), **LOCALE, **more}


@dataclass
class Installed:
    """A configuration file and the way to start commands with it."""

    folder: Path
    endpoint: str
    token_url: str
    credentials: Any
    shop_url: str
    prefix: str = "ps_"
    region: str = "eu"
    marketplaces: tuple[str, ...] = ("IT", "DE", "FR", "ES")
    more: str = ""
    include: str = ""  # a file that the configuration includes
    amazon: str = ""  # more lines of [amazon]
    prestashop: str = ""  # and of [prestashop]
    name: str = "config"
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def configuration(self) -> Path:
        return self.folder / f"{self.name}.toml"

    @property
    def ledger(self) -> Path:
        return self.folder / f"{self.name}.ledger.sqlite"

    def write(self) -> Installed:
        """(Re)write the configuration."""
        listed = ", ".join(f'"{code}"' for code in self.marketplaces)
        self.configuration.touch(mode=0o600)
        self.configuration.write_text(
            f"""{f"include = {json.dumps(self.include)}" if self.include else ""}
[amazon]
region = "{self.region}"
marketplaces = [{listed}]
client_id = "{self.credentials.client_id}"
client_secret = "{self.credentials.client_secret}"
refresh_token = "{self.credentials.refresh_token}"
endpoint = "{self.endpoint}"
token_url = "{self.token_url}"
{self.amazon}

[prestashop]
url = {json.dumps(self.shop_url)}
table_prefix = "{self.prefix}"
{self.prestashop}

{self.more}
""",
            encoding="utf-8",
        )
        return self

    def command(self, *words: str) -> list[str]:
        """The command line, as cron would have it."""
        return [*COMMAND, "-c", str(self.configuration), *words]

    def environment(self) -> dict[str, str]:
        """As little as cron gives."""
        return environment(self.folder, **self.environ)

    def run(self, *words: str, timeout: float = 120) -> Finished:
        """Start a command and wait for its end. stdin is closed, as under cron."""
        return self.run_words(self.command(*words), timeout)

    def run_words(self, words: list[str], timeout: float = 120) -> Finished:
        """Start a whole command line and wait for its end."""
        return started(words, self.folder, self.environment(), timeout)


def install(folder: Path, server: SimulatorServer, shop_url: str, **more: Any) -> Installed:
    """Given a running simulator and a shop, return an installation for the two, its configuration written."""
    return Installed(folder, server.endpoint, server.token_url, server.credentials, shop_url, **more).write()
