"""What is opened is an ordinary file, and where root writes, nobody else says where."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from orderferry import safe_files
from orderferry.safe_files import (
    NotOrdinary,
    UnsafePlace,
    create_file,
    open_for_writing,
    read_ordinary,
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
            read_ordinary(path, 10)
    with pytest.raises(IsADirectoryError):
        read_ordinary(tmp_path, 10)
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "good link").symlink_to(tmp_path / "file")
    assert read_ordinary(tmp_path / "good link", 4) == b"0123"


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
