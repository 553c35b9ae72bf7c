"""What root gives up while it writes into a folder of another user's."""

from __future__ import annotations

import os
import pwd

import pytest

from orderferry.bridge.installing import _rights_of

NOBODY = pwd.getpwnam("nobody")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_is_that_user_in_all_its_groups_and_afterwards_root_again() -> None:
    before = os.getgroups()
    os.setgroups([0, 4])
    try:
        with _rights_of(NOBODY):
            assert (os.geteuid(), os.getegid()) == (NOBODY.pw_uid, NOBODY.pw_gid)
            assert os.getgroups() == os.getgrouplist(NOBODY.pw_name, NOBODY.pw_gid)
        assert (os.geteuid(), os.getegid(), sorted(os.getgroups())) == (0, 0, [0, 4])
    finally:
        os.setgroups(before)
