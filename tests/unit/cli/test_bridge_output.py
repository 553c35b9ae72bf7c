"""`bridge`: what is printed of the feed's readers and of the calls, and after the script was put onto the host."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orderferry.bootstrap import Installation
from orderferry.domain.feed import Calls, Feed, Reader
from support.command_line import call
from support.configuration import AMAZON, MINIMAL, write

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WITH_EVENTS = MINIMAL + "[events]\nenabled = true\n"


class Shop:
    """A shop with a feed."""

    feed_: Feed | None = None
    calls_: Sequence[Calls] = ()

    def feed(self) -> Feed | None:
        return self.feed_

    def calls(self, now: datetime) -> Sequence[Calls]:
        assert now == NOW
        return self.calls_

    def shop_id(self) -> str:
        return "the-shop-id"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop()

    @contextmanager
    def bridge_shop(_: object) -> Iterator[Shop]:
        yield made

    monkeypatch.setattr("orderferry.inspection.bridge_shop", bridge_shop)
    monkeypatch.setattr("orderferry.bootstrap.Installation", partial(Installation, now=lambda: NOW))
    return made


def test_all_that_the_status_tells(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(write(tmp_path, WITH_EVENTS))
    shop.feed_ = Feed(
        last=120,
        oldest=NOW - 48 * HOUR,
        readers=(
            Reader("bridge", 100, 20, NOW - 30 * HOUR, NOW - HOUR),
            Reader("accounting", 120, 0, None, None),
        ),
    )
    shop.calls_ = (
        Calls("ps_emailalerts", "actionValidateOrder", done=5, skipped=2, failed=1, unknown=3, first=7, message="boom"),
        Calls("", "", done=0),
    )
    assert call("-c", config, "bridge", "status") == 1
    lines = [
        "Events: 120 so far",
        "  bridge               has taken all up to 100: 20 behind, the oldest for 1d6h; last at work 1h ago",
        "  accounting           has taken all up to 120: nothing left",
        "  ps_emailalerts       actionValidateOrder                  5 done, 2 skipped, 1 failed, 3 unknown",
        "  (whole events)                                            at work",
    ]
    found = [
        "! 20 events of the feed wait for 'bridge', the oldest for 1d6h; "
        "it took something last at 2026-11-23T05:00:00Z.",
        "    Is its cron still running? It prints why it can't work.",
        "! ps_emailalerts on actionValidateOrder: 1 call failed, which is tried again; first for event 7 (boom).",
        "    Ask the module's maker; `--replay failed` of the bridge tries again, modules_skip leaves the module out.",
        "! ps_emailalerts on actionValidateOrder: the bridge ended during 3 calls, first for event 7: "
        "whether the module did its work is unknown.",
        "    Look whether it did; if not, `--replay unknown` of the bridge fires again.",
    ]
    assert capsys.readouterr().out.splitlines() == [*lines, *found]
    call("-c", config, "-q", "bridge", "status")
    assert capsys.readouterr().out.splitlines() == found
    assert call("-c", config, "bridge", "status", "--json") == 1
    assert json.loads(capsys.readouterr().out)["events"]["last"] == 120


def test_before_the_first_event(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.calls_ = (Calls("a", "b"),)  # not asked for where there is no feed
    assert call("-c", str(write(tmp_path, WITH_EVENTS)), "bridge", "status") == 1
    assert capsys.readouterr().out == (
        "Events: none so far\n! The feed's tables are not there yet.\n    The first import creates them.\n"
    )


class Installs:
    """Puts nothing anywhere; notes what it was to put where."""

    owner, kept = "www-data", False
    asked: tuple[Any, ...] = ()

    def __call__(self, *given: Any) -> tuple[str, bool]:
        self.asked = given
        return self.owner, self.kept


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> Installs:
    made = Installs()
    monkeypatch.setattr("orderferry.bridge.installing.install", made)
    return made


@pytest.fixture
def shop_folder(tmp_path: Path) -> Path:
    """A PrestaShop as the bridge knows it, of the database that the configuration names."""
    folder = tmp_path / "shop"
    for place in ("config", "app/config"):
        (folder / place).mkdir(parents=True)
    (folder / "config" / "config.inc.php").touch()
    parameters(folder)
    return folder


def parameters(folder: Path, database: str = "shop", prefix: str = "ps_") -> None:
    """Write the shop's own settings."""
    text = f"<?php return ['parameters' => ['database_host' => 'x', 'database_name' => '{database}', "
    (folder / "app/config/parameters.php").write_text(f"{text}'database_prefix' => '{prefix}', ]];")


def put(config: Path, folder: Path, *words: str, options: Sequence[str] = ()) -> int:
    return call("-c", str(config), *options, "bridge", "install", str(folder), *words)


TO_TRY = """
Try it on the shop's host: sudo -u {user} php {script} --check
Then, into that user's crontab (crontab -u {user} -e), below a line MAILTO=your@address:

*/5 * * * *  php -d sendmail_path=/bin/true {script}
"""


def test_what_is_said_after_it_was_put(
    installs: Installs, shop_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, folder = write(tmp_path, WITH_EVENTS), tmp_path / "bridge"
    script, settings = folder / "orderferry-bridge.php", folder / "orderferry-bridge.ini"
    assert put(config, folder, "--shop", str(shop_folder)) == 0
    assert installs.asked == (folder, shop_folder, "the-shop-id")
    to_try = TO_TRY.format(user="www-data", script=script)
    assert capsys.readouterr().out == f"Put there: {script}\nIts settings: {settings}\n{to_try}"
    installs.kept = True
    put(config, folder, "--shop", str(shop_folder))
    assert capsys.readouterr().out == f"Put there: {script}\nKept as they are: the settings {settings}\n{to_try}"
    put(config, folder, "--shop", str(shop_folder), options=["-q"])
    assert capsys.readouterr() == ("", "")


def test_what_a_webmaster_still_has_to_do_is_said(
    installs: Installs, shop_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, installs.owner = write(tmp_path, MINIMAL), ""
    put(config, tmp_path / "bridge")
    where = "! Where the shop is can't be seen from here: write its folder into shop_folder there.\n"
    events = "! No events are written yet: set events.enabled = true in orderferry's configuration.\n"
    owner = "OWNER below stands for the user whom the shop's files belong to (www-data, or the host's account).\n"
    out = capsys.readouterr().out
    script = tmp_path / "bridge" / "orderferry-bridge.php"
    assert out.partition("bridge.ini\n")[2] == where + events + owner + TO_TRY.format(user="OWNER", script=script)
    installs.kept = True
    put(config, tmp_path / "bridge")
    assert where not in capsys.readouterr().out
    put(config, shop_folder / "bridge")
    served = "! The folder lies within the shop's, which the web server serves: a folder beside it is better.\n"
    assert served in capsys.readouterr().out


@pytest.mark.parametrize(("database", "prefix"), [("other", "ps_"), ("shop", "x_")])
def test_the_folder_of_another_shop_is_refused(
    database: str,
    prefix: str,
    installs: Installs,
    shop_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    parameters(shop_folder, database, prefix)
    assert put(write(tmp_path, MINIMAL), tmp_path / "bridge", "--shop", str(shop_folder)) == 2
    assert capsys.readouterr().err == (
        f"orderferry: {shop_folder} is another shop: its database is {database!r} with the prefix {prefix!r}, the "
        "configuration's is 'shop' with 'ps_'.\n"
        "  Give the folder of this shop with --shop, or the configuration of that one with -c.\n"
    )
    assert installs.asked == ()
    (shop_folder / "app/config/parameters.php").write_text("<?php return 'what nobody can read")
    assert put(write(tmp_path, MINIMAL), tmp_path / "bridge", "--shop", str(shop_folder)) == 0


def test_the_shop_is_the_one_that_the_configuration_reads(
    installs: Installs, shop_folder: Path, tmp_path: Path
) -> None:
    text = (shop_folder / "app/config/parameters.php").read_text().replace("]]", "'database_user' => 'u', ]]")
    (shop_folder / "app/config/parameters.php").write_text(text)
    config = write(tmp_path, f'{AMAZON}[prestashop]\nfrom = "{shop_folder}"\n')
    assert put(config, tmp_path / "bridge") == 0
    assert installs.asked[1] == shop_folder


def test_a_bridge_is_for_one_shop(installs: Installs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = str(write(tmp_path, MINIMAL, "two.toml"))
    assert put(write(tmp_path, MINIMAL), tmp_path / "bridge", options=["-c", other]) == 2
    told = "orderferry: A bridge belongs to one shop: give one -c FILE."
    assert capsys.readouterr().err.splitlines()[-1] == told
