"""Put the bridge's script and its settings into a folder, without overwriting another program's files."""

from __future__ import annotations

import os
import pwd
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from orderferry.bridge import SCRIPT, SETTINGS
from orderferry.errors import UsageError
from orderferry.safe_files import (
    NotOrdinary,
    UnsafePlace,
    read_ordinary,
    refuse_target,
    refuse_unsafe_folder,
    write_whole,
)

_OURS = {SCRIPT: "namespace Orderferry\\Bridge;", SETTINGS: SCRIPT}
_OF_A_SHOP = Path("config/config.inc.php")
_READABLE = 0o644  # neither file holds a secret: the script asks the shop's own settings for its database
_SHOP_ID = re.compile(r'^\s*shop_id\s*=\s*"?([^"\s]*)"?', re.MULTILINE)


def crontab_line(script: Path) -> str:
    """Return the line for the crontab of the shop's owner; `%` means a new line there."""
    command = shlex.join(["php", "-d", "sendmail_path=/bin/true", str(script)])
    return f"*/5 * * * *  {command}".replace("%", "\\%")


def find_shop_folder(given: Path | None, known: Path | None, folder: Path) -> Path | None:
    """Return the PrestaShop folder: `given`, or the one that the configuration names (`known`), or one around `folder`.

    None if there is none on this host. Raise UsageError if `given` is no PrestaShop.
    """
    if given is not None and not (given / _OF_A_SHOP).is_file():
        raise UsageError(
            f"{given} is no PrestaShop: it has no {_OF_A_SHOP}.",
            hint="--shop takes the folder that holds config/, classes/ and modules/.",
        )
    for place in [given, known, folder, *folder.parents]:
        if place is not None and (place / _OF_A_SHOP).is_file():
            return place.absolute()
    return None


def install(folder: Path, shop_folder: Path | None, shop_id: str) -> tuple[str, bool]:
    """Put script and settings into `folder`; `shop_id`: the id by which the bridge knows the shop. Return the user as
    whom cron has to run the script ('' if unknown here), and whether the settings were there already and stay as they
    are.

    Root writes into a folder that only root can change, and gives the files to the owner of the shop's; into any other
    folder it writes with that owner's rights. Raise UsageError where a file of that name is another program's or
    another shop's, or the folder can't be written.
    """
    folder = folder.absolute()
    owner = _owner(shop_folder)
    packed = {SCRIPT: _packed(SCRIPT), SETTINGS: _filled(_packed(SETTINGS), shop_folder, shop_id)}
    with _refusals(folder):
        unsafe = _unsafe_place(folder)
        if unsafe is None:
            kept = _put_all(folder, packed, shop_id, owner if os.geteuid() == 0 else None)
        elif owner is None or owner.pw_uid == 0:
            raise unsafe
        else:
            with _rights_of(owner):
                kept = _put_all(folder, packed, shop_id)
    return owner.pw_name if owner else "", kept


def _put_all(folder: Path, packed: Mapping[str, str], shop_id: str, owner: pwd.struct_passwd | None = None) -> bool:
    """Write both files, given to `owner`; return whether there were settings, which stay as they are."""
    if not folder.exists():
        folder.mkdir(mode=0o755)
    script, settings = folder / SCRIPT, folder / SETTINGS
    for path in (script, settings):
        _refuse_foreign(path)
    kept = settings.exists()
    if kept:
        _refuse_other_shop(settings, shop_id)
    ids = (owner.pw_uid, owner.pw_gid) if owner else None
    write_whole(script, packed[SCRIPT], _READABLE, ids)
    if not kept:
        write_whole(settings, packed[SETTINGS], _READABLE, ids)
    return kept


def _unsafe_place(folder: Path) -> UnsafePlace | None:
    """Return why root must not write into the folder (or create it): another user could lead it elsewhere by a link."""
    try:
        refuse_unsafe_folder(next(path for path in (folder, *folder.parents) if os.path.lexists(path)))
    except UnsafePlace as unsafe:
        return unsafe
    return None


@contextmanager
def _rights_of(owner: pwd.struct_passwd) -> Iterator[None]:
    """Give up root's rights for that user's within the block, so that no link of the user's leads to another's file."""
    groups = os.getgroups()
    os.setgroups(os.getgrouplist(owner.pw_name, owner.pw_gid))
    os.setegid(owner.pw_gid)
    os.seteuid(owner.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def _packed(name: str) -> str:
    return files("orderferry.bridge").joinpath(name).read_text("utf-8")


def _filled(template: str, shop_folder: Path | None, shop_id: str) -> str:
    return template.replace("@SHOP_FOLDER@", str(shop_folder or "")).replace("@SHOP_ID@", shop_id)


def _refuse_foreign(path: Path) -> None:
    try:
        refuse_target(path)
    except (NotOrdinary, IsADirectoryError):
        raise UsageError(f"{path} is not an ordinary file; it is left as it is.", hint="Name another folder.") from None
    if path.exists() and _OURS[path.name] not in _read(path):
        raise UsageError(
            f"{path} is there already and is not orderferry's; it is left as it is.", hint="Name another folder."
        )


def _refuse_other_shop(settings: Path, shop_id: str) -> None:
    found = _SHOP_ID.search(_read(settings))
    if found and found[1] not in {"", shop_id}:
        raise UsageError(
            f"{settings} belongs to the bridge of another shop; nothing is changed.",
            hint="Name another folder. If it is the same shop, made anew: correct shop_id there, or delete the file.",
        )


def _read(path: Path) -> str:
    return read_ordinary(path).decode("utf-8", "replace")


def _owner(shop_folder: Path | None) -> pwd.struct_passwd | None:
    """Return the owner of the shop's files; None if unknown, or a user without a name."""
    try:
        return pwd.getpwuid((shop_folder / "config").stat().st_uid) if shop_folder else None
    except (OSError, KeyError):
        return None


@contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    try:
        yield
    except UnsafePlace as error:
        raise UsageError(
            f"The bridge is not put into {folder}: {error.strerror}.",
            hint=f"{error.hint} Where the shop's folder is known (--shop), root leaves the writing to its owner.",
        ) from None
    except OSError as error:
        raise UsageError(
            f"The bridge can't be put into {folder}: {error.strerror or type(error).__name__}.",
            hint="Name a folder that this user may write to.",
        ) from None
