"""Writes small configurations for tests: the required keys, and whatever a test adds."""

from __future__ import annotations

from pathlib import Path

from orderferry.config.load import load_settings
from orderferry.config.model import Settings
from orderferry.errors import ConfigError

AMAZON = """\
[amazon]
marketplaces = ["IT", "DE"]
client_id = "the-client-id"
client_secret = "the-client-secret"
refresh_token = "the-refresh-token"
"""
DATABASE = """\
[prestashop]
url = "mysql+pymysql://shop:the-password@db.example:3307/shop"
"""
MINIMAL = AMAZON + DATABASE


def write(folder: Path, text: str, name: str = "config.toml") -> Path:
    """Write a configuration that only its user can read."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def load(folder: Path, text: str = MINIMAL, environ: dict[str, str] | None = None) -> Settings:
    """Load a configuration with this text."""
    return load_settings(write(folder, text), environ or {})


def problems(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """What is wrong with a configuration, without the folder in which it is; [] when nothing is."""
    try:
        load(folder, text, environ)
    except ConfigError as error:
        found = error.problems or (error.message,)
        return [problem.replace(f"{folder}/", "") for problem in found]
    return []
