"""scripts/environment.sh: an environment that was left half made is whole after the next call."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKE = ["sh", "-eu", "-c", '. scripts/environment.sh; make_environment .venv ""']
# Builds the one package of the test without anything from an index; while a file `slow` is there, for ever.
BACKEND = """
import pathlib, time, zipfile
def get_requires_for_build_editable(config_settings=None): return []
def build_editable(folder, config_settings=None, metadata_directory=None):
    pathlib.Path("at-work").touch()
    while pathlib.Path("slow").exists(): time.sleep(0.05)
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n")
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "tiny.py,,\\ntiny-1.dist-info/METADATA,,\\n")
    return name
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("scripts/environment.sh", "requirements/dev.txt"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "backend.py").write_text(BACKEND)
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "tiny"\nversion = "1"\n'
    )
    return tmp_path


def make(checkout: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHON": sys.executable}
    return subprocess.run(MAKE, cwd=checkout, env=environ, capture_output=True, text=True, timeout=120, check=False)


def is_whole(checkout: Path) -> bool:
    done = subprocess.run([checkout / ".venv/bin/python", "-c", "import tiny, pip"], check=False, capture_output=True)
    return done.returncode == 0


def without_pip(checkout: Path) -> None:
    """Make the environment as a Debian without python3-venv leaves it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)


def half_unpacked(checkout: Path) -> Path:
    """Leave a file of a package in the environment."""
    half = next((checkout / ".venv").glob("lib/python*/site-packages")) / "half-unpacked.py"
    half.touch()
    return half


@pytest.mark.whole  # `.ci/run` makes its own environments by this script
def test_an_environment_without_pip_gets_it_and_what_is_whole_stays(checkout: Path) -> None:
    without_pip(checkout)
    done = make(checkout)
    assert done.returncode == 0, done.stderr
    assert is_whole(checkout)
    half = half_unpacked(checkout)
    assert make(checkout).returncode == 0
    assert half.exists()


@pytest.mark.whole
def test_an_installation_that_was_killed_begins_anew(checkout: Path) -> None:
    without_pip(checkout)
    (checkout / "slow").touch()
    environ = {**os.environ, "PYTHON": sys.executable}
    with subprocess.Popen(
        MAKE, cwd=checkout, env=environ, stderr=subprocess.DEVNULL, start_new_session=True
    ) as running:
        for _ in range(1200):
            if (checkout / "at-work").exists():
                break
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGKILL)
    assert (checkout / "at-work").exists(), "pip is there and was at work"
    (checkout / "slow").unlink()
    half = half_unpacked(checkout)
    done = make(checkout)
    assert done.returncode == 0, done.stderr
    assert is_whole(checkout)
    assert not half.exists(), "pip takes a package that was cut off in the middle for installed"
