"""The README's pictures say what the program says today; `.ci/install` compares the demo's figures too."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orderferry.cli.html_pages import as_page
from orderferry.run.compare.result import Comparison, Difference, OneSided
from support.compared import ID, NOW, SPAN

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "docs" / "pictures"
DEMO = (ROOT / "src/orderferry/cli/demo.py").read_text(encoding="utf-8")
PAGE = (ROOT / "src/orderferry/cli/pages/comparison.html").read_text(encoding="utf-8")


def words(name: str) -> str:
    """Every text of a picture, in order."""
    root = ElementTree.fromstring((PICTURES / name).read_text(encoding="utf-8"))
    texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    return " ".join(html.unescape(" ".join(texts)).split())


@pytest.mark.parametrize("name", ["demo.svg", "compare.svg"])
def test_the_readme_shows_it_and_it_fetches_nothing(name: str) -> None:
    assert f"](docs/pictures/{name})" in (ROOT / "README.md").read_text(encoding="utf-8")
    text = (PICTURES / name).read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<image" not in text


@pytest.mark.parametrize("sentence", re.findall(r"""^ +\(.*, "([a-z][\w ,:'()]+)"\),$""", DEMO, re.M))
def test_the_demo_still_says_the_sentences_of_its_picture(sentence: str) -> None:
    assert sentence in words("demo.svg")


def test_there_are_sentences_of_the_demo_to_look_for() -> None:
    assert "orders became ready to import" in DEMO
    assert "would have lost" in DEMO
    assert "would have lost" in words("demo.svg")


def test_the_page_still_has_the_titles_of_its_picture() -> None:
    root = ElementTree.fromstring((PICTURES / "compare.svg").read_text(encoding="utf-8"))
    titles = {
        "".join(one.itertext()).partition(" (")[0]
        for one in root.iter("{http://www.w3.org/2000/svg}text")
        if one.get("class") in ("h1", "h2", "th")
    }
    assert {"Amazon and the shop", "Orders a day", "Missing in the shop"} <= titles
    assert [title for title in titles if title not in PAGE] == []


def test_the_script_draws_a_page_as_it_is_written_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import draw_pictures

    result = Comparison(
        NOW,
        span=SPAN,
        amazon_orders=2,
        shop_orders=1,
        missing=(OneSided("402-1234567-1234567", "no import has seen it", "It is due."),),
        different=(Difference(ID, "state", "shipped", "Delivered", "why"),),
    )
    drawn = draw_pictures.draw_page(as_page(result))
    ElementTree.fromstring(drawn)
    assert "402-1234567-1234567" in drawn
    assert "1 missing" in drawn
    assert "Different" not in drawn
    assert sys.modules.pop("draw_pictures") is draw_pictures
