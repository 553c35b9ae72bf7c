"""Check the place of the ledger's file: whether it can be there, who can read it, whether its disk is a local one."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from orderferry.errors import LedgerUnusable
from orderferry.ledger.failures import translated
from orderferry.safe_files import create_file, open_for_writing, refuse_target, refuse_unsafe_folder

MOUNTS = Path("/proc/self/mountinfo")
# SQLite's WAL needs memory shared by all readers, which these can't give (sqlite.org/wal.html).
NETWORK_FILE_SYSTEMS = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "afs", "coda", "ceph", "glusterfs", "lustre"),
        *("beegfs", "gpfs", "gfs2", "ocfs2", "davfs"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs2", "fuse.gcsfuse"),
        *("fuse.cephfs", "fuse.juicefs", "fuse.goofys", "fuse.smbnetfs", "fuse.curlftpfs", "fuse.mount-s3"),
    }
)
_OCTAL = re.compile(r"\\([0-7]{3})")
_POLL = 0.05  # seconds between two tries for the folder


def refuse_unfit_place(path: Path, *, read_only: bool) -> None:
    """Raise OSError or LedgerUnusable if a ledger can't work at `path`: no folder, no rights, no file, no local disk.

    The rights are checked here because SQLite would open a write-protected file for reading without an error.
    """
    folder = path.parent
    if not folder.is_dir():
        is_below_file = any(above.exists() and not above.is_dir() for above in (folder, *folder.parents))
        raise OSError(errno.ENOTDIR if is_below_file else errno.ENOENT, "no folder")
    kind = file_system_of((path.resolve().parent if path.exists() else folder.resolve()), MOUNTS)
    if kind in NETWORK_FILE_SYSTEMS:
        raise LedgerUnusable(
            f"The ledger {path} is on a network file system ({kind}), where its file would not be safe.",
            hint="Set ledger.path to a local disk; several hosts share a ledger through ledger.url.",
        )
    needed = os.R_OK if read_only else os.R_OK | os.W_OK
    if not read_only:
        _refuse(folder, os.W_OK | os.X_OK)
        refuse_unsafe_folder(folder)
    if path.is_symlink():
        _refuse_foreign_link(path, read_only=read_only)
    if path.exists():
        if path.is_dir():
            raise OSError(errno.EISDIR, "a folder")
        if not stat.S_ISREG(path.stat().st_mode):
            raise LedgerUnusable(f"The ledger {path} is no ordinary file.", hint="Correct ledger.path.")
        _refuse(path, needed)


def create_private(path: Path) -> None:
    """Create an empty file that only its owner can read, unless it exists. Raise OSError."""
    with suppress(FileExistsError):
        os.close(create_file(path))


def make_private(path: Path) -> None:
    """Remove the rights of others from the ledger and the files that SQLite keeps beside it, where they are ours.

    Raise NotOrdinary for a link in the place of one of them (`path` itself is resolved), OSError. To be called before
    SQLite opens the file, whose locks end with any descriptor of it.
    """
    path = path.resolve()
    for beside in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        try:
            found = beside.lstat()
        except FileNotFoundError:
            continue
        refuse_target(beside)
        if stat.S_IMODE(found.st_mode) & 0o077 and found.st_uid == os.geteuid():
            os.close(open_for_writing(beside, os.O_RDWR))


@contextmanager
def alone_in(folder: Path, longest: timedelta) -> Iterator[None]:
    """Lock the folder: two first runs must not create, or migrate, one ledger at once.

    Raise OSError, or LedgerUnusable when another program keeps the lock for `longest`.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        last = time.monotonic() + longest.total_seconds()
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= last:
                    raise LedgerUnusable(
                        f"Another program keeps the folder {folder} of the ledger locked.",
                        hint="Wait for the run that sets the ledger up, or end it if it hangs.",
                    ) from None
                time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)  # which also ends the lock


def file_system_of(folder: Path, mounts: Path) -> str:
    """Return the type of an absolute folder's file system, from the kernel's table of mounts (proc(5), mountinfo).

    '' where there is no such table.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    kinds: dict[Path, str] = {}
    for line in lines:
        fields = line.split(" ")
        if "-" in fields[6:]:
            point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
            # A later mount on the same point hides the earlier one.
            kinds[Path(point)] = fields[fields.index("-", 6) + 1]
    return next((kinds[above] for above in (folder, *folder.parents) if above in kinds), "")


def _refuse_foreign_link(path: Path, *, read_only: bool) -> None:
    """Raise LedgerUnusable for a link that another user made. One's own, to another disk, is as good as a path."""
    if path.lstat().st_uid not in {0, os.geteuid()}:
        raise LedgerUnusable(
            f"The ledger {path} is a link that another user has made.",
            hint="Remove the link, or let ledger.path name the file itself.",
        )
    if not read_only:
        refuse_unsafe_folder(path.resolve().parent)


def _refuse(path: Path, needed: int) -> None:
    """Raise OSError if this process lacks one of the `needed` rights on `path`."""
    if needed & os.W_OK and os.statvfs(path).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, "a read-only disk")
    if not os.access(path, needed, effective_ids=os.access in os.supports_effective_ids):
        raise OSError(errno.EACCES, "no right")


def inspect_place(path: Path) -> tuple[str, bool, int]:
    """Return the type of the file system of ledger.path ('' where unknown), whether the file exists, and how many bytes
    are free. Create nothing.

    Raise LedgerUnusable when no ledger can be written there.
    """
    with translated(str(path)):
        refuse_unfit_place(path, read_only=False)
        folder = next(above for above in path.absolute().parents if above.exists())
        return file_system_of(path.parent.resolve(), MOUNTS), path.exists(), shutil.disk_usage(folder).free
