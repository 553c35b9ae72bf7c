"""Putting the bridge's script and its settings into a folder: nothing of anybody else's is overwritten."""

from __future__ import annotations

import os
import pwd
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from orderferry.bridge import SCRIPT, SETTINGS
from orderferry.errors import UsageError

_OURS = {SCRIPT: "namespace Orderferry\\Bridge;", SETTINGS: SCRIPT}
_OF_A_SHOP = Path("config/config.inc.php")
_READABLE = 0o644  # neither file holds a secret: the script asks the shop's own settings for its database
_SHOP_ID = re.compile(r'^\s*shop_id\s*=\s*"?([^"\s]*)"?', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Installed:
    """What was put where. `owner`: the user whom cron has to run the script as, '' if that can't be seen from here;
    `kept`: the settings were there already and stay as they are; `served`: the folder lies within the shop's."""

    script: Path
    settings: Path
    shop_folder: Path | None
    owner: str
    kept: bool
    served: bool

    @property
    def crontab_line(self) -> str:
        """The line for the crontab of the shop's owner; `%` means a new line there."""
        command = shlex.join(["php", "-d", "sendmail_path=/bin/true", str(self.script)])
        return f"*/5 * * * *  {command}".replace("%", "\\%")


def find_shop_folder(given: Path | None, known: Path | None, folder: Path) -> Path | None:
    """Return the PrestaShop folder: the one that was `given`, or the one that the configuration names (`known`), or
    the one that `folder` lies in; None if it is not to be seen from here. Raise UsageError for one that is none."""
    if given is not None and not (given / _OF_A_SHOP).is_file():
        raise UsageError(
            f"{given} is no PrestaShop: it has no {_OF_A_SHOP}.",
            hint="--shop takes the folder that holds config/, classes/ and modules/.",
        )
    for place in [given, known, folder, *folder.parents]:
        if place is not None and (place / _OF_A_SHOP).is_file():
            return place.absolute()
    return None


def install(folder: Path, shop_folder: Path | None, shop_id: str) -> Installed:
    """Given where to, the shop's folder if it is known and the shop's name for its bridge, put both files there.

    Raise UsageError where a file of that name is another program's or another shop's, or the folder can't be written.
    """
    folder = folder.absolute()
    with _refusals(folder):
        if not folder.exists():
            folder.mkdir(mode=0o755)
        script, settings = folder / SCRIPT, folder / SETTINGS
        for path in (script, settings):
            _refuse_foreign(path)
        kept = settings.exists()
        if kept:
            _refuse_other_shop(settings, shop_id)
        _put(script, _packed(SCRIPT))
        if not kept:
            _put(settings, _filled(_packed(SETTINGS), shop_folder, shop_id))
        owner = _owner(shop_folder)
        if owner is not None and os.geteuid() == 0:
            _give((script, settings), owner)
    served = shop_folder is not None and folder.is_relative_to(shop_folder)
    return Installed(script, settings, shop_folder, owner.pw_name if owner else "", kept, served)


def _packed(name: str) -> str:
    return files("orderferry.bridge").joinpath(name).read_text("utf-8")


def _filled(template: str, shop_folder: Path | None, shop_id: str) -> str:
    return template.replace("@SHOP_FOLDER@", str(shop_folder or "")).replace("@SHOP_ID@", shop_id)


def _refuse_foreign(path: Path) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise UsageError(f"{path} is not an ordinary file; it is left as it is.", hint="Name another folder.")
    if path.exists() and _OURS[path.name] not in path.read_text("utf-8", "replace"):
        raise UsageError(
            f"{path} is there already and is not orderferry's; it is left as it is.", hint="Name another folder."
        )


def _refuse_other_shop(settings: Path, shop_id: str) -> None:
    found = _SHOP_ID.search(settings.read_text("utf-8", "replace"))
    if found and found[1] not in {"", shop_id}:
        raise UsageError(
            f"{settings} belongs to the bridge of another shop; nothing is changed.",
            hint="Name another folder. If it is the same shop, made anew: correct shop_id there, or delete the file.",
        )


def _put(path: Path, text: str) -> None:
    """A reader sees the old file or the new one, never half of it."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, "utf-8")
    beside.chmod(_READABLE)
    beside.replace(path)


def _owner(shop_folder: Path | None) -> pwd.struct_passwd | None:
    """Whose the shop's files are; None if it is not to be seen, or a user without a name."""
    try:
        return pwd.getpwuid((shop_folder / "config").stat().st_uid) if shop_folder else None
    except (OSError, KeyError):
        return None


def _give(paths: Sequence[Path], owner: pwd.struct_passwd) -> None:
    for path in paths:
        os.chown(path, owner.pw_uid, owner.pw_gid)


@contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"The bridge can't be put into {folder}: {error.strerror or type(error).__name__}.",
            hint="Name a folder that this user may write to.",
        ) from None
