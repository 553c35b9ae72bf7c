"""The kind of disk that a ledger is on, and the folder and the files beside it."""

from __future__ import annotations

import os
import shutil
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.ledger import filesystem
from support.ledgers import HOUR, NOW, opened, refusal, snapshot

MOUNTINFO = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
50 27 0:40 / /home rw shared:1 master:2 - nfs4 server:/home rw
51 50 0:41 / /home/local rw - xfs /dev/vdb rw
52 27 0:42 / /mnt/with\\040space rw - fuse.sshfs me@host:/ rw
53 27 0:43 / /stacked rw - cifs //server/share rw
54 27 0:44 / /stacked rw - ext4 /dev/vdc rw
a line that is none
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/orderferry", "ext4"),
        ("/home/me", "nfs4"),
        ("/homestead", "ext4"),
        ("/home/local/me", "xfs"),
        ("/mnt/with space/folder", "fuse.sshfs"),
        ("/stacked", "ext4"),
    ],
)
def test_the_file_system_of_a_folder(tmp_path: Path, folder: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTINFO)
    assert filesystem.file_system_of(Path(folder), mounts) == kind
    assert filesystem.file_system_of(Path(folder), tmp_path / "missing") == ""


NETWORK = """
    nfs nfs4 cifs smb3 smbfs ncpfs 9p afs coda ceph glusterfs lustre beegfs gpfs gfs2 ocfs2 davfs fuse.sshfs
    fuse.glusterfs fuse.ceph fuse.s3fs fuse.rclone fuse.davfs2 fuse.gcsfuse fuse.cephfs fuse.juicefs fuse.goofys
    fuse.smbnetfs fuse.curlftpfs fuse.mount-s3
"""


@pytest.mark.parametrize("kind", NETWORK.split())
def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    mounts = path.with_name("mountinfo")
    mounts.write_text(f"27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 0:1 / {path.parent} rw - {kind} there rw\n")
    monkeypatch.setattr(filesystem, "MOUNTS", mounts)
    error = refusal(lambda: opened(path))
    assert (error.message, error.hint) == (
        f"The ledger {path} is on a network file system ({kind}), where its file would not be safe.",
        "Set ledger.path to a local disk; several hosts share a ledger through ledger.url.",
    )
    assert not path.exists()


def test_a_link_to_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = path.parent / "far"
    far.mkdir()
    opened(far / "real.sqlite").close()
    path.symlink_to(far / "real.sqlite")
    opened(path).close()
    mounts = path.with_name("mountinfo")
    mounts.write_text(f"27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 0:1 / {far.resolve()} rw - nfs there rw\n")
    monkeypatch.setattr(filesystem, "MOUNTS", mounts)
    assert "nfs" in str(refusal(lambda: opened(path)))


def test_a_name_with_every_sign_of_an_address(tmp_path: Path) -> None:
    path = tmp_path / "a b?c#d%20é.ledger.sqlite"
    with opened(path) as ledger:
        ledger.note_seen([snapshot("a")], 1, NOW + HOUR)
    assert path.exists()


def test_the_place_of_a_ledger_is_inspected_without_making_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = path.with_name("mountinfo")
    mounts.write_text("27 1 254:0 / / rw - ext4 /dev/vda rw\n")
    monkeypatch.setattr(filesystem, "MOUNTS", mounts)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(3, 2, len(folder.parts)))
    assert filesystem.inspect_place(path) == ("ext4", False, len(path.parent.parts))
    assert not path.exists()
    opened(path).close()
    assert filesystem.inspect_place(path)[:2] == ("ext4", True)
    assert "does not exist" in str(refusal(lambda: filesystem.inspect_place(path.parent / "missing" / path.name)))


def test_the_folder_is_locked_for_one_at_a_time_and_the_next_waits_as_long_as_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: 100 + sum(slept))
    monkeypatch.setattr(time, "sleep", slept.append)

    def lock(seconds: int) -> None:
        with filesystem.alone_in(tmp_path, timedelta(seconds=seconds)):
            pass

    with filesystem.alone_in(tmp_path, timedelta(0)):
        error = refusal(lambda: lock(0))
        assert slept == []
        assert (error.message, error.hint) == (
            f"Another program keeps the folder {tmp_path} of the ledger locked.",
            "Wait for the run that sets the ledger up, or end it if it hangs.",
        )
        refusal(lambda: lock(1))
        assert 1 <= sum(slept) < 1.1
    lock(0)


def test_a_link_in_the_place_of_a_file_beside_the_ledger_is_refused(path: Path) -> None:
    opened(path).close()
    beside = path.with_name(path.name + "-wal")
    beside.symlink_to(path.with_name("elsewhere"))
    if os.geteuid() == 0:
        os.chown(beside, 65534, -1, follow_symlinks=False)  # another user has made it
    error = refusal(lambda: opened(path))
    assert (error.message, error.hint) == (
        f"The ledger {path} can't be used: {beside}: it is a link, not an ordinary file.",
        "Remove it, or set ledger.path to another place.",
    )


def test_a_link_leads_to_a_folder_that_others_cannot_change_unless_it_is_only_to_be_read(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has to fear the others")
    folder, link = tmp_path / "open", tmp_path / "link.sqlite"
    folder.mkdir()
    opened(folder / "real.sqlite").close()
    link.symlink_to(folder / "real.sqlite")
    folder.chmod(0o777)
    assert "can't be used" in str(refusal(lambda: opened(link)))
    opened(link, read_only=True).close()


def test_the_place_that_is_inspected_must_take_a_new_file(readable_folder: Path) -> None:
    os.seteuid(65534)
    try:
        error = refusal(lambda: filesystem.inspect_place(readable_folder / "shop.sqlite"))
    finally:
        os.seteuid(0)
    assert error.message == f"This user may not use the ledger {readable_folder / 'shop.sqlite'}."


def test_a_foreign_file_beside_the_ledger_keeps_its_rights(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    opened(path).close()
    beside = path.with_name(path.name + "-shm")
    beside.touch(0o644)
    os.chown(beside, 65534, -1)
    filesystem.make_private(path)
    assert stat.S_IMODE(beside.stat().st_mode) == 0o644
    os.chown(beside, 0, -1)
    filesystem.make_private(path)
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600


def test_a_link_that_another_user_has_made_is_refused_and_ones_own_is_as_good_as_a_path(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a link away")
    folder, real, link = tmp_path / "other", tmp_path / "real.sqlite", tmp_path / "link.sqlite"
    folder.mkdir()
    opened(real).close()
    link.symlink_to(real)
    for read_only in (False, True):
        opened(link, read_only=read_only).close()
    os.chown(link, 65534, -1, follow_symlinks=False)
    for read_only in (False, True):
        error = refusal(lambda read_only=read_only: opened(link, read_only=read_only))  # type: ignore[misc]
        assert (error.message, error.hint) == (
            f"The ledger {link} is a link that another user has made.",
            "Remove the link, or let ledger.path name the file itself.",
        )
