"""CONTRIBUTING.md names files and commands that there are, and its glossary stays short."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
CODE = re.findall(r"`([^`\n]+)`|^ {4}(\S.*)$", TEXT, re.M)
PATHS = sorted({word for inline, block in CODE for word in (inline or block).split() if "/" in word})
MOST_WORDS = 40


def section(title: str) -> str:
    """The text below one heading of the page."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def glossary() -> dict[str, str]:
    """The words of the glossary with their meanings."""
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", section("Words"), re.M)
    words = [word for word, _ in rows if word not in ("word", "---")]
    assert len(words) == len(set(words)), "a word with two meanings"
    return {word: meaning for word, meaning in rows if word in words}


def test_the_glossary_is_short_and_has_one_meaning_a_word() -> None:
    words = glossary()
    assert 20 <= len(words) <= MOST_WORDS
    assert len(set(words.values())) == len(words), "two words with one meaning"


@pytest.mark.parametrize("path", PATHS)
def test_each_file_that_is_named_is_there(path: str) -> None:
    word = path.removeprefix("./")
    assert (ROOT / word).exists() or (ROOT / "src" / "orderferry" / word).exists() or word.startswith(".venv/bin/")


def test_each_linked_page_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)", TEXT)
    assert "docs/architecture.md" in links
    for link in links:
        assert (ROOT / link).exists(), link


def test_each_session_of_nox_that_is_named_is_there() -> None:
    named = {word for words in re.findall(r"nox -s ([a-z ]+)`", TEXT) for word in words.split()}
    there = set(re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text("utf-8"), re.M))
    assert named
    assert named - {"lint", "types", "layers"} == there - {"lint", "types", "layers"}


def test_each_command_can_be_started() -> None:
    for command in re.findall(r"`(?:\./)?((?:scripts/|\.ci/)\w+)", TEXT):
        assert os.access(ROOT / command, os.X_OK), command


def test_the_readme_leads_here() -> None:
    assert "](CONTRIBUTING.md)" in (ROOT / "README.md").read_text("utf-8")
