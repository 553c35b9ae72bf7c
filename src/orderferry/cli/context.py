"""What the global options mean for every command: which configurations, how much is printed, where logs go."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderferry.config.model import LoggingSettings, Settings


@dataclass(frozen=True, slots=True)
class CliContext:
    """The global options of one call."""

    configs: tuple[Path, ...]
    verbose: int = 0
    quiet: bool = False

    def config_files(self) -> list[Path]:
        """Return the configuration files that this call is about. Raise ConfigError if there is none."""
        from orderferry.config.read import find_configurations

        return list(find_configurations(self.configs, os.environ))

    def settings_of(self, path: Path) -> Settings:
        """Return one of the configurations, with its logging set up. Raise ConfigError."""
        from orderferry.config.load import load_settings

        settings = load_settings(path, os.environ)
        self.set_up_logging(settings.logging)
        return settings

    @property
    def on_terminal(self) -> bool:
        """Return whether a person watches: at a terminal, or behind a pipe that ORDERFERRY_BY_HAND tells of."""
        return sys.stdout.isatty() or bool(os.environ.get("ORDERFERRY_BY_HAND"))

    def set_up_logging(self, settings: LoggingSettings | None = None) -> None:
        """Log to stderr with -v, and to the configured file."""
        from orderferry.cli.logs import set_up_logging

        level = {0: logging.CRITICAL, 1: logging.INFO}.get(self.verbose, logging.DEBUG)
        set_up_logging(level, settings)
