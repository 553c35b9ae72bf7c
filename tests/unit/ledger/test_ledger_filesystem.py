"""The kind of disk that a ledger is on."""

from __future__ import annotations

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


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"])
def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    mounts = path.with_name("mountinfo")
    mounts.write_text(f"27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 0:1 / {path.parent} rw - {kind} there rw\n")
    monkeypatch.setattr(filesystem, "MOUNTS", mounts)
    error = refusal(lambda: opened(path))
    assert kind in str(error)
    assert "ledger.url" in error.hint
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
