"""The way of docs/staging.md to a first dry run: the program alone, nothing prepared but the copy of a shop."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orderferry.prestashop.sample_shop import ShopSeed, plain_products
from support.installation import environment
from support.starting import Finished, started

SKUS = ["SHIRT-M", "SHIRT-L", "CAP RED", "5901234123457"]


def run(folder: Path, *words: str) -> Finished:
    return started([sys.executable, "-m", "orderferry", *words], folder, environment(folder))


@pytest.fixture
def announced(tmp_path: Path) -> Iterator[str]:
    """What a simulator that sells the shop's own articles prints when it answers."""
    words = ["simulator", "--port", "0", "--skus", ", ".join(SKUS)]
    with subprocess.Popen(
        # Where the tests run in the background their children ignore Ctrl-C, and this one is ended by it.
        ["env", "--default-signal=INT", sys.executable, "-m", "orderferry", *words],
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or "staging.toml init" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended before it answered"
        yield "".join(lines)
        process.send_signal(signal.SIGINT)
        assert "The simulator has stopped." in process.stdout.read()


def test_from_the_simulators_first_words_to_an_import_in_which_nothing_is_held(
    announced: str, tmp_path: Path, shop_database_of: Any
) -> None:
    shop = shop_database_of("8.2.1", seed=ShopSeed(products=plain_products(SKUS, 1000)))
    told = re.search(r"\[amazon\]\n(?:\w+ = .*\n)+", announced)
    assert told
    amazon = tomllib.loads(told[0])["amazon"]
    words = re.search(r"-m orderferry (-c staging.toml init .*)", announced)
    assert words
    for name, secret in (*amazon.items(), ("url", shop.url)):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    options = [
        "--non-interactive",
        "--marketplaces",
        "IT,DE,FR,ES",
        "--since",
        "2d",
        "--set",
        "prestashop.url_file=url",
    ]
    options += ["--client-secret-file", "client_secret", "--refresh-token-file", "refresh_token"]
    written = run(tmp_path, *words[1].split(), *options)
    assert written.code == 0, written.err
    assert run(tmp_path, "-c", "staging.toml", "check").code in (0, 1)
    before = shop.count("orders")
    tried = run(tmp_path, "-c", "staging.toml", "import", "--dry-run", "--json").json
    assert tried["orders"]["created"] > 0
    assert tried["orders"]["held"] == 0, tried["problems"]
    done = run(tmp_path, "-c", "staging.toml", "import", "--json").json
    assert done["orders"]["created"] == shop.count("orders") - before >= tried["orders"]["created"]


def test_own_articles_and_orders_of_ones_own_exclude_each_other(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("")
    refused = run(tmp_path, "simulator", "--world", "own.toml", "--skus", "A")
    assert refused.code == 2
    assert "--skus" in refused.err
