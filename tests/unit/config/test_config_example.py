"""config.example.toml and docs/configuration.md are what the keys say, and what they show works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from orderferry.config import example
from orderferry.config.example import render_example, render_reference
from orderferry.config.keys import KEYS, Key
from orderferry.config.load import load_settings
from orderferry.config.lookup import KeyMatch, match
from orderferry.config.validate import PARTS
from support.configuration import write

CHECKOUT = Path(__file__).parents[3]
ALTERNATIVES = [key for key in KEYS if key.name in ("prestashop.from", *PARTS, "prestashop.password", "ledger.url")]
SHOP_FILE = (
    "<?php return array('database_host' => 'h', 'database_name' => 'd', 'database_user' => 'u', "
    "'database_password' => 'p', 'database_prefix' => 'x_');"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all the files that the example names."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "shop" / "config").mkdir(parents=True)
    write(tmp_path / "shop" / "config", SHOP_FILE, "settings.inc.php")
    for name in ("common.toml", "ca.pem", "client.pem", "client-key.pem"):
        write(tmp_path, "", name)
    for key in KEYS:
        if key.file_key:
            write(tmp_path / "secrets", key.example.strip('"') + "\n", key.name)
    return tmp_path


def uncommented(text: str, keys: list[Key]) -> str:
    """The example with these keys in force, their `_file` keys too; the paths of a shop made to fit the test."""
    wanted = {name for key in keys for name in (key.name, key.file_key)}
    table, lines = "", []
    for line in text.splitlines():
        if line.startswith("["):
            table = line.strip("[]") + "."
        commented = re.match(r"#([\w.\"-]+) = ", line)
        found = known(table, commented[1]) if commented else None
        name = "" if found is None else found.key.file_key if found.is_file else found.key.name
        lines.append(line[1:] if name and name in wanted else line)
    return "\n".join(lines).replace("/var/www/prestashop", "shop") + "\n"


def known(table: str, name: str) -> KeyMatch | None:
    """The key behind a name of the example."""
    return match((*filter(None, table.split(".")), *(part.strip('"') for part in name.split("."))))


def without_line(text: str, start: str) -> str:
    """The text without the first line that begins so."""
    lines = text.splitlines()
    lines.remove(next(line for line in lines if line.startswith(start)))
    return "\n".join(lines) + "\n"


def test_the_committed_files_are_what_the_code_renders() -> None:
    """`python -m orderferry.config.example` writes them anew."""
    assert (CHECKOUT / "config.example.toml").read_text(encoding="utf-8") == render_example()
    assert (CHECKOUT / "docs" / "configuration.md").read_text(encoding="utf-8") == render_reference()


def test_the_example_loads_as_it_is(folder: Path) -> None:
    settings = load_settings(write(folder, render_example()), {})
    assert settings.amazon.client_id.startswith("amzn1.application-oa2-client.")
    assert settings.exposed == ""


def test_the_example_says_nothing_but_defaults_as_long_as_it_is_commented(folder: Path) -> None:
    required = {key.path for key in KEYS if key.required}
    entries = tomllib.loads(render_example())
    given = {
        (table, name) for table, keys in entries.items() for name, value in keys.items() if not isinstance(value, dict)
    }
    assert given == required


def test_every_key_of_the_example_loads_when_it_is_uncommented(folder: Path) -> None:
    text = uncommented(render_example(), [key for key in KEYS if key not in ALTERNATIVES])
    assert set(re.findall(r"^#([\w.\"-]+) = ", text, re.MULTILINE)) == {
        *(key.path[-1] for key in ALTERNATIVES),
        *(key.file_key.rpartition(".")[2] for key in ALTERNATIVES if key.file_key),
        "orders.payment_label",
        "taxes.DE",
    }
    settings = load_settings(write(folder, text), {})
    assert settings.products.map == {"A-100-IT": "B-100"}
    assert settings.marketplace("DE").shop == "1"


@pytest.mark.parametrize("key", [key for key in KEYS if not key.required], ids=lambda key: key.name)
def test_each_key_of_the_example_loads_alone(folder: Path, key: Key) -> None:
    """That loading raises nothing is the proof: a bad example, or one that needs another key, is a UsageError."""
    keys = [key]
    if key in ALTERNATIVES and key.name != "ledger.url" and key.name != "prestashop.from":
        keys += [other for other in KEYS if other.name in ("prestashop.user", "prestashop.database")]
    text = uncommented(render_example(), keys)
    if key in ALTERNATIVES and key.name != "ledger.url":
        text = without_line(text, "url = ")
    load_settings(write(folder, text), {})


def test_the_overrides_of_a_marketplace_load(folder: Path) -> None:
    text = re.sub(r"^#(orders\.payment_label|taxes\.DE) =", r"\1 =", render_example(), flags=re.MULTILINE)
    germany = load_settings(write(folder, text), {}).marketplace("DE")
    assert germany.orders.payment_label == "Amazon {country}"
    assert germany.taxes.by_country == {"DE": "DE 19%"}


def test_the_reference_has_every_key_and_variable() -> None:
    reference = render_reference()
    for key in KEYS:
        assert f"| `{key.name}`" in reference
        assert not key.variable or f"`{key.variable}`" in reference


def test_every_key_is_documented_in_sentences() -> None:
    for key in KEYS:
        assert key.doc.endswith((".", ")")), key.name
        assert key.default or key.example, key.name
        assert bool(key.default) + key.required + (key in ALTERNATIVES) <= 2


def test_both_files_are_written_into_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(example, "__file__", str(tmp_path / "src/orderferry/config/example.py"))
    example.main()
    for file in (Path("config.example.toml"), Path("docs/configuration.md")):
        assert (tmp_path / file).read_bytes() == (CHECKOUT / file).read_bytes()
