"""The wheel holds the program and nothing else, and names its licence; what tests and container install is locked."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "orderferry"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)([^\\\n]*)\\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M)
# What lies about in a developer's folders, and must never be packed.
STRAY = (
    "src/orderferry/config.toml",
    "src/orderferry/config.ledger.sqlite",
    "src/orderferry/.env",
    "src/orderferry/cli/notes.txt",
    "src/orderferry/prestashop/sample_shop/data/dump.sql",
    "src/orderferry/cli/__pycache__/main.cpython-311.pyc",
    "config.toml",
    "secrets/password",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made of a copy of the project with stray files in it."""
    copy = tmp_path_factory.mktemp("project")
    shutil.copytree(SOURCE, copy / "src" / "orderferry", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "docs/orderferry.1"):
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for name in STRAY:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("secret", "utf-8")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(copy / "dist")]
    subprocess.run(words, cwd=copy, check=True, capture_output=True)
    (made,) = (copy / "dist").glob("*.whl")
    return made


def test_the_wheel_holds_the_program_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    kept = [path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    own = {f"orderferry/{path.relative_to(SOURCE)}" for path in kept}
    beside = {name for name in names if not name.startswith("orderferry/")}
    assert names - beside == own
    assert {name.partition("/")[2] for name in beside} == {
        "METADATA",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "RECORD",
        "data/share/man/man1/orderferry.1",
    }


def test_the_program_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = "import orderferry, orderferry.prestashop.sample_shop.schema as schema; print(orderferry.__file__); print("
    script += "[(schema.DATA / name).is_file() for name in ('countries.json', 'states.json')])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {script}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [str(tmp_path / "orderferry" / "__init__.py"), "[True, True]"]


def test_the_wheel_names_its_licence_its_command_and_ranges_of_versions(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = next(name.partition("/")[0] for name in archive.namelist() if ".dist-info" in name)
        metadata = HeaderParser().parsestr(archive.read(f"{folder}/METADATA").decode())
        commands = archive.read(f"{folder}/entry_points.txt").decode()
        licence = archive.read(f"{folder}/licenses/LICENSE").decode()
    assert metadata["License-Expression"] == "MIT"
    assert "MIT License" in licence
    assert "orderferry = orderferry.cli.main:main" in commands
    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    for_users = [one for one in needed if one.marker is None]
    assert len(for_users) == len(PROJECT["dependencies"])
    assert not [one for one in for_users if any(part.operator == "==" for part in one.specifier)], "ranges for users"


def locked(name: str) -> dict[str, str]:
    """Package -> version of a file of requirements/; every line of it has to be locked with hashes."""
    text = (ROOT / "requirements" / name).read_text("utf-8")
    found = {canonicalize_name(package): version for package, version, _, _ in LOCKED.findall(text)}
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(found) == len(lines), "a line without version or hashes"
    return found


@pytest.mark.parametrize(("name", "extras"), [("run.txt", ()), ("dev.txt", ("dev", "build"))])
def test_every_dependency_is_locked_within_its_range(name: str, extras: tuple[str, ...]) -> None:
    versions = locked(name)
    wanted = [*PROJECT["dependencies"], *(one for extra in extras for one in PROJECT["optional-dependencies"][extra])]
    for one in map(Requirement, wanted):
        if canonicalize_name(one.name) != PROJECT["name"]:
            assert Version(versions[canonicalize_name(one.name)]) in one.specifier, one.name


def test_the_locks_agree() -> None:
    tests, run, build = locked("dev.txt"), locked("run.txt"), locked("build.txt")
    assert {**tests, **run, **build} == tests
    assert "hatchling" in build
    assert "pytest" not in run


def test_tests_and_container_install_what_is_locked() -> None:
    environment = (ROOT / "scripts" / "environment.sh").read_text("utf-8")
    container = (ROOT / "contrib" / "Containerfile").read_text("utf-8")
    assert "--require-hashes --requirement requirements/dev.txt" in environment
    installs = [line for line in container.replace("\\\n", " ").splitlines() if "pip install" in line]
    calls = [call for line in installs for call in line.split("pip install")[1:]]
    assert calls
    assert all("--require-hashes" in call or "--no-deps" in call for call in calls), "nothing else comes into the image"


def test_the_security_page_says_how_to_report() -> None:
    page = (ROOT / "SECURITY.md").read_text("utf-8")
    assert "## Reporting" in page
    assert "## What is protected" in page
