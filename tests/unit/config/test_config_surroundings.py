"""What surrounds a configuration: variables that are nearly ours, and the cache that the shop's own file turns on."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderferry.config.php_parameters import object_cache
from orderferry.config.secrets import KNOWN_VARIABLES, unknown_variables


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ORDERFERRY_AMAZON_CLIENT_SECRT", "ORDERFERRY_AMAZON_CLIENT_SECRET"),
        ("orderferry_ledger_url", "ORDERFERRY_LEDGER_URL"),
        ("ORDERFERRY_CONFIGURATION", "ORDERFERRY_CONFIG"),
        ("ORDERFERRY_Q", ""),
    ],
)
def test_a_variable_that_is_not_ours_gets_the_nearest_one(name: str, nearest: str) -> None:
    assert unknown_variables([name, "PATH"]) == ((name, nearest),)


def test_ours_and_other_peoples_are_left_alone() -> None:
    assert unknown_variables([*KNOWN_VARIABLES, "HOME", "MY_ORDERFERRY_X"]) == ()


def parameters(folder: Path, text: str, place: str = "app/config/parameters.php") -> Path:
    file = folder / place
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "<?php return ['parameters' => ['ps_caching' => 'CacheMemcache', 'ps_cache_enable' => true]];",
            "CacheMemcache",
        ),
        ("<?php return ['x' => ['ps_caching' => 'CacheMemcache', 'ps_cache_enable' => true]];", "CacheMemcache"),
        ("<?php return ['x' => ['ps_caching' => 'CacheMemcache', 'ps_cache_enable' => false]];", ""),
        ("<?php return array('ps_cache_enable' => '1');", "of its own"),
        ("<?php return array('ps_cache_enable' => 0);", ""),
        ("<?php return array('database_host' => 'x');", None),
    ],
)
def test_the_shops_own_file_tells_of_its_object_cache(text: str, found: str | None, tmp_path: Path) -> None:
    assert object_cache(parameters(tmp_path, text)) == found


def test_the_file_of_1_6(tmp_path: Path) -> None:
    text = "<?php\ndefine('_PS_CACHING_SYSTEM_', 'CacheApc');\ndefine('_PS_CACHE_ENABLED_', '1');\n"
    assert object_cache(parameters(tmp_path, text, "config/settings.inc.php")) == "CacheApc"


def test_without_the_shops_folder_nothing_can_be_told(tmp_path: Path) -> None:
    assert object_cache(None) is None
    assert object_cache(tmp_path / "none") is None
