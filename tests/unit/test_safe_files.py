"""What is opened is an ordinary file, and where root writes, nobody else says where."""

from __future__ import annotations

import errno
import grp
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from orderferry import safe_files
from orderferry.safe_files import (
    NotOrdinary,
    UnsafePlace,
    create_file,
    open_for_writing,
    read_ordinary,
    refuse_special,
    refuse_target,
    refuse_unsafe_folder,
    write_whole,
)

STRANGER = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
WRITERS: dict[str, Callable[[Path], object]] = {
    "write_whole": lambda path: write_whole(path, "ours"),
    "create_file": lambda path: os.close(create_file(path)),
    "open_for_writing": lambda path: os.close(open_for_writing(path, os.O_RDWR)),
    "refuse_target": refuse_target,
}


def test_what_is_no_ordinary_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path, kind in (
        (tmp_path / "pipe", "named pipe"),
        (tmp_path / "link", "named pipe"),
        (Path("/dev/zero"), "device"),
    ):
        with pytest.raises(NotOrdinary, match=f"it is a {kind}, not an ordinary file"):
            read_ordinary(path)
    with pytest.raises(IsADirectoryError):
        read_ordinary(tmp_path)
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "good link").symlink_to(tmp_path / "file")
    assert read_ordinary(tmp_path / "good link", 10) == b"0123456789"
    with pytest.raises(OSError, match="File too large"):
        read_ordinary(tmp_path / "good link", 9)


def test_a_megabyte_is_read_and_not_a_byte_more(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.truncate(1_000_000)
        assert len(read_ordinary(tmp_path / "file")) == 1_000_000
        file.truncate(1_000_001)
    with pytest.raises(OSError, match="File too large"):
        read_ordinary(tmp_path / "file")


def test_the_limit_holds_where_the_file_system_tells_no_size() -> None:
    """Such as /proc, whose files are ordinary ones of 0 bytes, or a file that grows while it is read."""
    status = Path("/proc/self/status")
    assert status.stat().st_size == 0
    assert read_ordinary(status).startswith(b"Name:")
    with pytest.raises(OSError, match="File too large"):
        read_ordinary(status, 9)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("kind", ["a link", "a link that leads nowhere", "a pipe"])
def test_nothing_is_written_through_what_is_planted(tmp_path: Path, write: Callable[[Path], object], kind: str) -> None:
    path, victim = tmp_path / "planted", tmp_path / "victim"
    if kind == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(victim)
        if kind == "a link":
            victim.write_text("theirs")
    with pytest.raises((NotOrdinary, FileExistsError)):
        write(path)
    assert (victim.read_text() if victim.exists() else "") == ("theirs" if kind == "a link" else "")
    assert victim.exists() is (kind == "a link")


def test_modes_are_set_whatever_the_umask(tmp_path: Path) -> None:
    (tmp_path / "open").touch(mode=0o666)
    (tmp_path / "open").chmod(0o666)
    before = os.umask(0)
    try:
        os.close(create_file(tmp_path / "new"))
        os.close(open_for_writing(tmp_path / "log", os.O_WRONLY | os.O_APPEND))
        os.close(open_for_writing(tmp_path / "open", os.O_WRONLY))
        write_whole(tmp_path / "page", "x")
        os.umask(0o777)
        write_whole(tmp_path / "for all", "x", 0o644)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"new": 0o600, "log": 0o600, "open": 0o600, "page": 0o600, "for all": 0o644}


def foreign(folder: Path) -> None:
    os.chown(folder, STRANGER, STRANGER)


def open_to_all(folder: Path) -> None:
    folder.chmod(0o777)


def open_to_a_group(folder: Path) -> None:
    os.chown(folder, 0, STRANGER)
    folder.chmod(0o775)


@as_root
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("changeable", [foreign, open_to_all, open_to_a_group])
@pytest.mark.parametrize("depth", ["the folder", "a folder above it"])
def test_root_writes_where_nobody_else_can_change_anything(
    tmp_path: Path, write: Callable[[Path], object], changeable: Callable[[Path], None], depth: str
) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    write(inner / "before")
    changeable(inner if depth == "the folder" else inner.parent)
    with pytest.raises(UnsafePlace, match="and root would write there") as refused:
        write(inner / "after")
    assert refused.value.hint.endswith(".")
    assert not (inner / "after").exists()


@as_root
def test_root_follows_links_to_folders_that_only_root_could_make(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "absolute").symlink_to(tmp_path / "link")
    write_whole(tmp_path / "absolute" / ".." / "absolute" / "page", "x")
    assert (tmp_path / "real" / "page").read_text() == "x"
    os.chown(tmp_path / "link", STRANGER, STRANGER, follow_symlinks=False)
    with pytest.raises(UnsafePlace, match="is a link that"):
        write_whole(tmp_path / "absolute" / "page", "x")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="Too many levels"):
        write_whole(tmp_path / "circle" / "page", "x")


@as_root
def test_a_folder_for_all_in_which_everyone_owns_their_own_will_do(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    write_whole(shared / "page", "x")
    secret = tmp_path / "secret"
    secret.touch()
    os.link(secret, shared / "log")
    with pytest.raises(UnsafePlace, match="second name"):
        open_for_writing(shared / "log", os.O_RDWR)


@as_root
def test_groups_of_the_system_may_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_to_a_group(tmp_path)
    with pytest.raises(UnsafePlace):
        refuse_unsafe_folder(tmp_path)
    monkeypatch.setattr(safe_files, "_SYSTEM_GROUPS", frozenset({safe_files._group(STRANGER)}))
    refuse_unsafe_folder(tmp_path)


def test_a_file_that_is_given_away_is_so_before_it_has_its_name(tmp_path: Path) -> None:
    owner = (STRANGER, STRANGER) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    write_whole(tmp_path / "page", "x", 0o644, owner)
    found = (tmp_path / "page").stat()
    assert (found.st_uid, found.st_gid) == owner
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_a_missing_folder_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        write_whole(tmp_path / "none" / "page", "x")
    assert missing.value.filename == str(tmp_path / "none" / "page")


def hint(user: str = "") -> str:
    own = f"Run orderferry as the user {user}, or name" if user else "Name"
    return f"{own} a folder that belongs to root and that only root can change."


@as_root
@pytest.mark.parametrize(
    ("changeable", "problem", "mend"),
    [
        (foreign, "the folder {folder} belongs to nobody, and root would write there", hint("nobody")),
        (open_to_all, "every user can change the folder {folder}, and root would write there", hint()),
        (open_to_a_group, "the group nogroup can change the folder {folder}, and root would write there", hint()),
    ],
)
def test_who_could_lead_a_file_elsewhere_is_named(
    tmp_path: Path, changeable: Callable[[Path], None], problem: str, mend: str
) -> None:
    changeable(tmp_path)
    with pytest.raises(UnsafePlace) as refused:
        refuse_unsafe_folder(tmp_path)
    assert refused.value.strerror == problem.format(folder=tmp_path)
    assert (refused.value.errno, refused.value.filename, refused.value.hint) == (errno.EPERM, str(tmp_path), mend)


@as_root
def test_a_user_without_a_name_is_named_by_number(tmp_path: Path) -> None:
    os.chown(tmp_path, 4_000_000, 4_000_001)
    with pytest.raises(UnsafePlace, match="belongs to 4000000, and root"):
        refuse_unsafe_folder(tmp_path)
    os.chown(tmp_path, 0, 4_000_001)
    tmp_path.chmod(0o775)
    with pytest.raises(UnsafePlace, match="the group 4000001 can change"):
        refuse_unsafe_folder(tmp_path)


@as_root
@pytest.mark.parametrize("group", ["root", "adm", "staff", "sys"])
def test_the_groups_of_the_system(tmp_path: Path, group: str) -> None:
    os.chown(tmp_path, 0, grp.getgrnam(group).gr_gid)
    tmp_path.chmod(0o775)
    refuse_unsafe_folder(tmp_path)


def test_all_groups_of_the_system_are_known() -> None:
    assert {"root", "wheel", "adm", "staff", "sys", "syslog"} == safe_files._SYSTEM_GROUPS


@as_root
def test_a_link_that_a_user_has_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    os.chown(tmp_path / "link", STRANGER, STRANGER, follow_symlinks=False)
    with pytest.raises(UnsafePlace) as refused:
        write_whole(tmp_path / "link" / "page", "x")
    assert refused.value.strerror == f"{tmp_path}/link is a link that nobody has made, and root would write there"
    assert (refused.value.filename, refused.value.hint) == (f"{tmp_path}/link", hint("nobody"))


@as_root
@pytest.mark.parametrize(("links", "fits"), [(40, True), (41, False)])
def test_forty_links_are_followed(tmp_path: Path, links: int, fits: bool) -> None:
    (tmp_path / "0").mkdir()
    for number in range(links):
        (tmp_path / str(number + 1)).symlink_to(tmp_path / str(number))
    if fits:
        refuse_unsafe_folder(tmp_path / str(links))
    else:
        with pytest.raises(OSError, match="Too many levels") as refused:
            refuse_unsafe_folder(tmp_path / str(links))
        assert (refused.value.errno, refused.value.filename) == (errno.ELOOP, f"{tmp_path}/{links}")


@as_root
def test_a_folder_is_named_as_it_was_reached(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "outer")
    (tmp_path / "outer" / "up").symlink_to("../outer/inner")
    foreign(inner)
    for way in ("link/inner", "outer/up", "outer/inner/../inner"):
        with pytest.raises(UnsafePlace) as refused:
            refuse_unsafe_folder(tmp_path / way)
        assert refused.value.filename == str(inner)


@as_root
def test_a_second_name_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    os.link(tmp_path / "log", tmp_path / "second")
    with pytest.raises(UnsafePlace) as refused:
        open_for_writing(tmp_path / "log", os.O_RDWR)
    assert refused.value.strerror == "it has a second name (a hard link)"
    assert (refused.value.filename, refused.value.hint) == (f"{tmp_path}/log", "Remove it, or name another file.")


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (os.mkfifo, "a named pipe"),
        (socket_at, "a socket"),
        (lambda path: path.symlink_to("/dev/null"), "a link"),
    ],
    ids=["pipe", "socket", "link"],
)
def test_what_is_no_ordinary_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], kind: str
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    make(Path("odd"))
    with pytest.raises(NotOrdinary) as refused:
        refuse_target(tmp_path / "odd")
    assert refused.value.strerror == f"it is {kind}, not an ordinary file"
    assert (refused.value.errno, refused.value.filename) == (errno.EINVAL, str(tmp_path / "odd"))


def test_a_device_is_no_file() -> None:
    with pytest.raises(NotOrdinary) as refused:
        refuse_special(Path("/dev/null"))
    assert refused.value.strerror == "it is a device, not an ordinary file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    for refuse in (refuse_special, refuse_target):
        with pytest.raises(IsADirectoryError) as refused:
            refuse(tmp_path)
        assert (refused.value.errno, refused.value.filename) == (errno.EISDIR, str(tmp_path))


def test_a_file_that_is_there_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    path.chmod(0o644)
    descriptor = open_for_writing(path, os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b"after\n")
    os.close(descriptor)
    assert path.read_text() == "before\nafter\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_vanishes_meanwhile_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, tries = tmp_path / "log", list[str]()

    def vanishing(folder: int, name: str, mode: int, flags: int = os.O_WRONLY) -> int:
        tries.append(name)
        raise FileExistsError(name)

    path.touch()
    monkeypatch.setattr(safe_files, "_create", vanishing)
    monkeypatch.setattr(safe_files, "_open_existing", lambda *_: os.open(tmp_path / "none", os.O_RDONLY))
    with pytest.raises(OSError, match="busy") as refused:
        open_for_writing(path, os.O_RDWR)
    assert (refused.value.errno, refused.value.filename, len(tries)) == (errno.EBUSY, str(path), 100)


def test_a_page_keeps_the_mode_that_it_had_and_no_special_bits(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text("old")
    path.chmod(0o4754)
    write_whole(path, "new\r\nè")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == ("new\r\nè".encode(), 0o754)


def test_a_page_that_can_not_be_written_leaves_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("page", "old")]


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    def count() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path)
    before = count()
    write_whole(tmp_path / "link" / "page", "x")
    refuse_unsafe_folder(tmp_path / "link")
    for write in WRITERS.values():
        with pytest.raises(OSError, match=r"."):
            write(tmp_path / "pipe")
        with pytest.raises(OSError, match=r"."):
            write(tmp_path / "none" / "page")
    assert count() == before


@as_root
def test_a_user_without_rights_writes_wherever_it_may() -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o777)
        os.seteuid(STRANGER)
        try:
            write_whole(folder / "page", "x")
            os.close(create_file(folder / "new"))
            refuse_unsafe_folder(folder)
        finally:
            os.seteuid(0)
        found = {path.name: (path.read_text(), path.stat().st_uid) for path in folder.iterdir()}
    assert found == {"page": ("x", STRANGER), "new": ("", STRANGER)}
