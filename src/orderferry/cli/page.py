"""Pages for people, made of the templates in `pages/`: self-contained HTML, readable on a phone and in print."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_CODE = re.compile(r"`([^`]+)`")


def render_page(template: str, **values: Any) -> str:
    """Return a whole document. Each text among the values is escaped, unless it comes from `render_part`."""
    return _environment().get_template(template).render(values)


def render_part(macro: str, **values: Any) -> str:
    """Return what a macro of `macros.html` makes of the values, as HTML to be put into a page."""
    part: str = getattr(_environment().get_template("macros.html").module, macro)(**values)
    return part


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("orderferry.cli", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["between_backticks"] = _CODE.split  # text, code, text, code, … text
    return environment
