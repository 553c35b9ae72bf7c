"""Files opened so that nobody else decides what is read or written.

What is no ordinary file (a named pipe, a device, a folder) is refused, since opening it may wait for ever or have an
effect. A file is written without following a link at its name. Root, whom other users would like to lead elsewhere,
writes only into folders that no other user can change, from the top of the path down.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600
LARGEST_FILE = 1_000_000  # bytes of a configuration, a secret, a PHP file
_MOST_LINKS = 40
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
# Groups to which systems give folders of their own: /var/log is syslog's in Ubuntu, /usr/local is staff's in Debian.
_SYSTEM_GROUPS = frozenset({"root", "wheel", "adm", "staff", "sys", "syslog"})
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a link",
}


class NotOrdinary(OSError):
    """Something else than an ordinary file is where one is expected; `strerror` says what."""


class UnsafePlace(OSError):
    """Another user could lead a file that root writes to another place; `strerror` says how, `hint` what to do."""

    def __init__(self, problem: str, path: str, hint: str) -> None:
        super().__init__(errno.EPERM, problem, path)
        self.hint = hint


def read_ordinary(path: Path, most: int = LARGEST_FILE) -> bytes:
    """Return the content of an ordinary file (or of one that a link leads to). Raise OSError, also for one of more than
    `most` bytes."""
    refuse_special(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        _refuse(os.fstat(descriptor), str(path))
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data


def refuse_special(path: Path) -> None:
    """Raise NotOrdinary unless `path`, or what a link there leads to, is an ordinary file; OSError if there is none."""
    _refuse(path.stat(), str(path))


def refuse_target(path: Path) -> None:
    """Raise NotOrdinary or UnsafePlace if a file must not be written at `path`; OSError for a folder that is missing.

    For telling it before the work; writing asks again.
    """
    with _place(path) as (folder, name), suppress(FileNotFoundError):
        _refuse(os.stat(name, dir_fd=folder, follow_symlinks=False), str(path))


def refuse_unsafe_folder(folder: Path) -> None:
    """Raise UnsafePlace if this is root and another user can change `folder` or the way to it; OSError."""
    os.close(open_folder(folder))


def open_folder(folder: Path) -> int:
    """Return a descriptor of a folder, for the `dir_fd` of other calls. Raise UnsafePlace, OSError."""
    if os.geteuid() != 0:
        return os.open(folder, _FOLDER)
    current = os.open("/", _FOLDER)
    try:
        waiting = list(reversed(folder.absolute().parts[1:]))
        links, walked = 0, Path("/")
        while waiting:
            part = waiting.pop()
            found = os.stat(part, dir_fd=current, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                links += 1
                _refuse_foreign_link(found, walked / part, links)
                target = Path(os.readlink(part, dir_fd=current))
                if target.is_absolute():
                    current, walked = _replaced(current, os.open("/", _FOLDER)), Path("/")
                waiting += reversed(target.parts[1:] if target.is_absolute() else target.parts)
                continue
            current = _replaced(current, os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=current))
            walked = walked.parent if part == ".." else walked / part
            _refuse_changeable(os.fstat(current), walked)
    except BaseException as error:
        os.close(current)
        if isinstance(error, OSError) and not isinstance(error, UnsafePlace):
            raise type(error)(error.errno, error.strerror, str(folder)) from error
        raise
    return current


def create_file(path: Path) -> int:
    """Create a file that is not there yet, which only its owner can read whatever the umask; return its descriptor.

    Raise FileExistsError for whatever has that name, a link that leads nowhere included; UnsafePlace, OSError.
    """
    with _place(path) as (folder, name):
        return _create(folder, name, PRIVATE)


def open_for_writing(path: Path, flags: int) -> int:
    """Open an ordinary file, creating it if it is missing, and return its descriptor; only its owner can read it.

    `flags`: how it is opened, without O_CREAT, O_EXCL and O_TRUNC. Raise NotOrdinary, UnsafePlace, OSError.
    """
    with _place(path) as (folder, name):
        for _ in range(100):  # somebody else may create or remove it meanwhile
            try:
                return _create(folder, name, PRIVATE, flags)
            except FileExistsError:
                _refuse(os.stat(name, dir_fd=folder, follow_symlinks=False), str(path))
            with suppress(FileNotFoundError):
                return _open_existing(folder, name, flags, path)
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))


def write_whole(path: Path, text: str, mode: int = PRIVATE, owner: tuple[int, int] | None = None) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it.

    A new file gets `mode`, which is for its owner alone; one that was there keeps its own. `owner` (uid, gid): whom it
    is given to. Raise NotOrdinary, UnsafePlace, OSError.
    """
    with _place(path) as (folder, name):
        with suppress(FileNotFoundError):
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            _refuse(found, str(path))
            mode = stat.S_IMODE(found.st_mode) & 0o777
        beside = f".{name}.{secrets.token_hex(8)}"
        descriptor = _create(folder, beside, mode)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                if owner is not None:
                    os.fchown(descriptor, *owner)
                os.fsync(descriptor)
            os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(beside, dir_fd=folder)
            raise


@contextmanager
def _place(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the folder's descriptor and the name in it. An OSError from within gets the path that was asked for."""
    try:
        folder = open_folder(path.parent)
        try:
            yield folder, path.name
        finally:
            os.close(folder)
    except (NotOrdinary, UnsafePlace):
        raise
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error


def _create(folder: int, name: str, mode: int, flags: int = os.O_WRONLY) -> int:
    created = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags | created, PRIVATE, dir_fd=folder)
    os.fchmod(descriptor, mode)
    return descriptor


def _open_existing(folder: int, name: str, flags: int, path: Path) -> int:
    descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=folder)
    try:
        found = os.fstat(descriptor)
        _refuse(found, str(path))
        _refuse_second_name(found, str(path))
        if stat.S_IMODE(found.st_mode) & 0o077 and os.geteuid() in {0, found.st_uid}:
            os.fchmod(descriptor, PRIVATE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _replaced(old: int, new: int) -> int:
    os.close(old)
    return new


def _refuse(found: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise NotOrdinary(errno.EINVAL, f"it is {kind}, not an ordinary file", path)


def _refuse_second_name(found: os.stat_result, path: str) -> None:
    """In a folder for all, such as /tmp, a user may give a file of root's a second name."""
    if os.geteuid() == 0 and found.st_nlink > 1:
        raise UnsafePlace("it has a second name (a hard link)", path, "Remove it, or name another file.")


def _refuse_foreign_link(found: os.stat_result, path: Path, links: int) -> None:
    if found.st_uid != 0:
        raise _unsafe(f"{path} is a link that {_user(found.st_uid)} has made", path, found.st_uid)
    if links > _MOST_LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _refuse_changeable(found: os.stat_result, folder: Path) -> None:
    if found.st_uid != 0:
        raise _unsafe(f"the folder {folder} belongs to {_user(found.st_uid)}", folder, found.st_uid)
    if found.st_mode & stat.S_ISVTX:
        return  # nobody can rename or remove what is root's
    if found.st_mode & stat.S_IWOTH:
        raise _unsafe(f"every user can change the folder {folder}", folder)
    if found.st_mode & stat.S_IWGRP and _group(found.st_gid) not in _SYSTEM_GROUPS:
        raise _unsafe(f"the group {_group(found.st_gid)} can change the folder {folder}", folder)


def _unsafe(problem: str, path: Path, user: int | None = None) -> UnsafePlace:
    own = f"run orderferry as the user {_user(user)}, or " if user is not None else ""
    hint = f"{own}name a folder that belongs to root and that only root can change."
    return UnsafePlace(f"{problem}, and root would write there", str(path), hint[0].upper() + hint[1:])


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
