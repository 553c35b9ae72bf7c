"""The reasons that servers give with errors about their files, in the words of each kind of server."""

from __future__ import annotations

import pytest

from orderferry.domain.server_texts import FileTrouble, file_trouble

FULL, READ_ONLY = FileTrouble.NO_SPACE, FileTrouble.READ_ONLY


@pytest.mark.parametrize(
    ("number", "text", "trouble"),
    [
        (1005, 'Can\'t create table `shop`.`x` (errno: 135 "No more room in record file")', FULL),
        (1005, 'Can\'t create table `shop`.`x` (errno: 28 "No space left on device")', FULL),
        (1005, "Can't create table 'shop.x' (errno: 27)", FULL),
        (1030, 'Got error 28 "No space left on device" from storage engine InnoDB', FULL),
        (1030, "Got error 136 from storage engine", FULL),
        (3, "Error writing file './shop/x.MAI' (Errcode: 28 \"No space left on device\")", FULL),
        (3, "Error writing file '/tmp/ML1' (OS errno 28 - No space left on device)", FULL),
        (1, "Can't create/write to file '/tmp/#sql_1.MAI' (Errcode: 122 \"Disk quota exceeded\")", FULL),
        (1026, "Error writing file 'binlog' (errno: 122 - Disk quota exceeded)", FULL),
        (1180, 'Got error 28 "No space left on device" during COMMIT', FULL),
        (1005, 'Can\'t create table `shop`.`x` (errno: 30 "Read-only file system")', READ_ONLY),
        (1030, "Got error 165 - 'Table is read only' from storage engine", READ_ONLY),
        (1005, 'Can\'t create table `shop`.`x` (errno: 150 "Foreign key constraint is incorrectly formed")', None),
        (1030, 'Got error 122 "Internal error < 0 (Not system error)" from storage engine InnoDB', None),
        (1030, 'Got error 175 "File too short; Expected more data in file" from storage engine Aria', None),
        (1005, "Can't create table", None),
        (1062, "Duplicate entry 'errno: 28' for key 'PRIMARY'", None),
    ],
)
def test_the_reason_is_read_from_the_text_of_errors_about_files(
    number: int, text: str, trouble: FileTrouble | None
) -> None:
    assert file_trouble(number, text) is trouble


@pytest.mark.parametrize("number", [1, 2, 3, 1004, 1005, 1006, 1016, 1023, 1024, 1025, 1026, 1030, 1180, 1296])
def test_errors_whose_text_tells_the_reason(number: int) -> None:
    assert file_trouble(number, "(errno: 28)") is FULL
    assert file_trouble(number, "ERRCODE: 30") is READ_ONLY


@pytest.mark.parametrize(
    ("reason", "trouble"),
    [
        *((reason, FULL) for reason in (12, 27, 28, 122, 128, 135, 136)),
        *((reason, READ_ONLY) for reason in (30, 165)),
        *((reason, None) for reason in (2, 13, 29, 31, 123, 129, 137)),
    ],
)
def test_reasons_of_operating_system_and_storage_engine(reason: int, trouble: FileTrouble | None) -> None:
    assert file_trouble(1005, f"Can't create table `x` (errno: {reason})") is trouble


def test_of_one_number_the_text_tells_a_full_quota_from_an_internal_error() -> None:
    assert file_trouble(1030, "Got error 122 - INTERNAL error") is None
    assert file_trouble(1030, "got error 28 - internal") is FULL
