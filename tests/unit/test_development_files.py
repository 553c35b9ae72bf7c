"""The files for developers call what there is: CI, nox, pre-commit, templates, the changelog."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from orderferry import __version__

ROOT = Path(__file__).parents[2]
SESSIONS = {"lint", "types", "layers", "quick", "tests", "whole", "oldest", "docs", "install", "pictures", "coverage"}
SESSIONS |= {"faults", "bench"}


def read_yaml(name: str) -> Any:
    """The content of a YAML file of the project."""
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_the_hosted_ci_runs_what_a_developer_runs() -> None:
    jobs = read_yaml(".github/workflows/ci.yml")["jobs"]
    commands = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert commands == {"tests": [".ci/run"], "oldest": [".ci/run --oldest"]}
    assert jobs["tests"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_ci_lints_and_tests_by_the_commands_that_nox_calls() -> None:
    ci = (ROOT / ".ci/run").read_text("utf-8")
    assert "./scripts/lint\n" in ci
    assert "./scripts/test\n" in ci


def test_nox_lists_its_sessions() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nox", "-l", "-f", str(ROOT / "noxfile.py")], check=True, capture_output=True, text=True
    )
    assert set(re.findall(r"^[*-] (\w+)", done.stdout, re.M)) == SESSIONS


def test_what_nox_calls_can_be_started() -> None:
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "session.run"]
    assert len(calls) == len(SESSIONS)
    words = [[word.value for word in call.args if isinstance(word, ast.Constant)] for call in calls]
    for first, *rest in words:
        assert first == ".venv/bin/python" or os.access(ROOT / str(first), os.X_OK), first
        for word in rest:
            assert "/" not in str(word) or (ROOT / str(word)).exists(), word


@pytest.mark.parametrize("wrong", ["tpyes", "style tpyes"])
def test_a_wrong_step_of_lint_is_refused(wrong: str) -> None:
    script = (ROOT / "scripts/lint").read_text("utf-8").replace("make_environment", "true make_environment")
    script = script.replace('cd "$(dirname "$0")/.."', f"cd {ROOT}").replace(".venv/bin/ruff", "true")
    done = subprocess.run(["sh", "-c", script, "lint", *wrong.split()], check=False, capture_output=True, text=True)
    assert (done.returncode, "not tpyes" in done.stderr) == (2, True)


def test_the_hooks_of_pre_commit_run_the_locked_versions() -> None:
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert [hook["id"] for hook in repository["hooks"]] == ["ruff", "ruff-format", "types", "layers"]
    for hook in repository["hooks"]:
        assert hook["entry"].split()[0] in (".venv/bin/ruff", "scripts/lint")


def test_the_templates_ask_for_no_secrets_and_no_buyers() -> None:
    templates = [*(ROOT / ".github/ISSUE_TEMPLATE").glob("*.md"), ROOT / ".github/pull_request_template.md"]
    assert len(templates) == 3
    for template in templates:
        text = template.read_text("utf-8")
        assert "Please paste no buyer's" in text, template.name
        assert "no secret" in text or "no password" in text, template.name


def test_each_release_of_the_changelog_has_its_day() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    versions = [re.fullmatch(r"(\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)", heading) for heading in headings]
    assert all(versions), headings
    found = [(match[1], match[2]) for match in versions if match]
    assert found[0][0] == __version__
    days = [date.fromisoformat(day) for _, day in found if day != "unreleased"]
    assert days == sorted(days, reverse=True)
    assert "unreleased" not in [day for _, day in found[1:]]
