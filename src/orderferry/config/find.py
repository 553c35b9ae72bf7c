"""Where configurations are looked for."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from orderferry.config.read import included_paths, read_file
from orderferry.errors import ConfigError

VARIABLE = "ORDERFERRY_CONFIG"
SYSTEM_WIDE = Path("/etc/orderferry/config.toml")
_HINT = (
    "Write one with `orderferry init`, or copy config.example.toml to config.toml and fill it in; "
    "`-c FILE` names one anywhere else."
)


def find_configurations(given: Sequence[Path], environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Given what `-c` names (files, or folders of *.toml) and the environment, return the configuration files.

    Without `-c`: $ORDERFERRY_CONFIG, else the first of ./config.toml, the user's and the machine's that is there. In a
    folder, files that another one includes are no configurations of their own. Each file comes once, in order. Raise
    ConfigError if there is none.
    """
    named = [(path, "-c") for path in given]
    if not named and environ.get(VARIABLE):
        named = [(Path(environ[VARIABLE]), f"${VARIABLE}")]
    if not named:
        return (_first_of(tuple(_usual_places(environ))),)
    found: dict[str, Path] = {}
    for path, source in named:
        for file in _files(path, source):
            found.setdefault(os.path.realpath(file), file)
    return tuple(found.values())


def _files(path: Path, source: str) -> list[Path]:
    """The configurations that one name stands for. A file that can't be read is left for reading to say why."""
    if not os.path.lexists(path):
        where = "" if path.is_absolute() else f" in {_here()}"
        under_cron = "" if path.is_absolute() else " A crontab needs absolute paths: cron starts in the home folder."
        raise ConfigError(f"There is no configuration {path} ({source}){where}.", hint=_HINT + under_cron)
    if not path.is_dir():
        return [path]
    try:
        files = sorted(file for file in path.iterdir() if file.suffix == ".toml" and not file.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"The folder {path} ({source}) can't be read: {error.strerror}.", hint=_HINT) from None
    shared = {os.path.realpath(included) for file in files for included in _includes(file)}
    configurations = [file for file in files if os.path.realpath(file) not in shared]
    if not configurations:
        raise ConfigError(f"The folder {path} ({source}) holds no configuration (*.toml).", hint=_HINT)
    return configurations


def _here() -> str:
    try:
        return f"the folder {Path.cwd()}"
    except OSError:
        return "a folder that is gone"


def _includes(file: Path) -> tuple[Path, ...]:
    try:
        return included_paths(read_file(file))
    except ConfigError:
        return ()  # said when the file itself is loaded


def _usual_places(environ: Mapping[str, str]) -> Iterator[Path]:
    yield Path("config.toml")
    configured = environ.get("XDG_CONFIG_HOME", "")
    home = environ.get("HOME") or _home_of_user()
    if configured.startswith("/"):  # the XDG specification: other paths are to be ignored
        yield Path(configured) / "orderferry" / "config.toml"
    elif home:
        yield Path(home) / ".config" / "orderferry" / "config.toml"
    yield SYSTEM_WIDE


def _home_of_user() -> str:
    """The home folder when HOME is not set, as under some schedulers; '' for a user without an entry."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _first_of(places: tuple[Path, ...]) -> Path:
    for place in places:
        if os.path.lexists(place):
            return place
    looked = ", ".join(str(place) for place in places)
    raise ConfigError(f"No configuration was found; looked for ${VARIABLE} and {looked}.", hint=_HINT)
