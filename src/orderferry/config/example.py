"""Renders config.example.toml and docs/configuration.md from the table of keys.

`python -m orderferry.config.example` in a checkout writes both anew; a test holds the committed files to them.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from textwrap import wrap

from orderferry.config.keys import KEYS, OVERRIDABLE, Key
from orderferry.config.lookup import WORDS

_WIDTH = 100
_EXAMPLE_HEAD = """\
# orderferry: an example of every key. Copy it to config.toml (chmod 600) and fill in what has no "#".
# Lines that begin with "#" and no space are keys: they show the default, or an example where there is none.
# Durations: 30s, 90m, 36h, 2d, 1w, or a sum such as 1d12h. Relative paths start from this file's folder.
# A secret may also come from the environment (first) or from a file that KEY_file names (second).
"""

_DOC_HEAD = """\
# Configuration

*This page is made from the code: `python -m orderferry.config.example`.*

The configuration is a TOML file. `-c FILE` names it (several times, or a folder of `*.toml`, for several shops);
without `-c` it is the first of `$ORDERFERRY_CONFIG`, `./config.toml`, `$XDG_CONFIG_HOME/orderferry/config.toml`
(`~/.config` if unset) and `/etc/orderferry/config.toml`. In a folder, a file that another one includes is not a
configuration of its own.

- **Mistakes** end every command with exit code 2 before anything is tried. All are shown at once, each with its line:
  `config.toml, line 12: observation.windw is no key of orderferry (did you mean observation.window?)`.
- **Durations** are `30s`, `90m`, `36h`, `2d`, `1w`, or a sum such as `1d12h`. **Times** are ISO 8601, UTC unless they
  say otherwise.
- **Paths** that are relative start from the folder of the file in which they stand.
- **Secrets** (marked ◆) come from the environment variable first, then from the file that `<key>_file` names, then
  from the key. The file's trailing newline is dropped. A configuration that holds a secret belongs to its user alone
  (`chmod 600`); `orderferry check` and every run say so when it does not.
- **`include`** names another file, relative to this one, or a list. The including file wins, key by key; of a list,
  the later file. What one shop needs and all share (credentials, alerts) goes there.
- **Names or ids**: states, carriers, groups, taxes, shops and languages are given by the name that the back office
  shows, or by id, with or without quotes. In `[taxes]` a number without quotes is a rate in percent.
- **The database** is given in one of three ways: `prestashop.url`; `prestashop.from`, the shop's folder or its own
  `parameters.php` or `settings.inc.php`; or `prestashop.host` (or `.socket`), `.user`, `.password` and `.database`.
  With `from`, `localhost` means the local socket, as in PHP; elsewhere it means TCP.

Keys with \\* are required.
"""

_DOC_TABLE = """\
| key | value | default | meaning |
| --- | --- | --- | --- |
"""

_MARKETPLACE_NOTE = (
    f"Every key of {', '.join(f'[{name}]' for name in OVERRIDABLE[:-1])} and [{OVERRIDABLE[-1]}] may also stand here, "
    "for this marketplace alone"
)


def render_example() -> str:
    """Return the text of config.example.toml: required keys with placeholders, all others commented out."""
    blocks = [_EXAMPLE_HEAD]
    for table, keys in groupby(KEYS, key=lambda key: key.path[:-1]):
        lines = [f"[{'.'.join(sample_word(part) for part in table)}]"] if table else []
        for key in keys:
            lines += [*explanation(key), *sample_lines(key, "" if key.required else "#")]
        if table[:1] == ("marketplace",):
            lines += _comment(f"{_MARKETPLACE_NOTE}.")
            lines += ['#orders.payment_label = "Amazon {country}"', '#taxes.DE = "DE 19%"']
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def explanation(key: Key) -> list[str]:
    """Return the comment above a key: what it means, its values, what holds without it."""
    return _comment(f"{key.doc}{_values_note(key)}")


def sample_lines(key: Key, mark: str = "#") -> list[str]:
    """Return a key with its default or an example, behind `mark`, and the commented way to give a secret by a file."""
    name = sample_word(key.path[-1])
    lines = [f"{mark}{name} = {key.default or key.example}"]
    if key.file_key:
        lines.append(f'#{name}_file = "secrets/{key.name}"  # or ${key.variable}')
    return lines


def sample_word(part: str) -> str:
    """Return what the example has for a part of a key's name: a country for `<COUNTRY>` and so on, others as they
    are.
    """
    return WORDS[part][2] if part in WORDS else part


def _values_note(key: Key) -> str:
    notes = [f"Values: {key.kind.expected}."] if key.kind.name in ("choice", "list") else []
    notes += [f"Without it: {key.without}."] if key.without else []
    notes += [f"Or in the environment: ${key.variable}."] if key.has_variable else []
    return "".join(f" {note}" for note in notes).replace("`", "")


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(text.replace("`", ""), _WIDTH - 2)]


def render_reference() -> str:
    """Return the text of docs/configuration.md."""
    parts = [_DOC_HEAD]
    for table, keys in groupby(KEYS, key=lambda key: key.path[0] if len(key.path) > 1 else ""):
        title = f"## [{table}]\n" if table else "## Without a table\n"
        rows = "".join(_reference_row(key) for key in keys)
        note = f"\n{_MARKETPLACE_NOTE}, as in `marketplace.DE.orders.state_paid`.\n" if table == "marketplace" else ""
        parts.append(f"{title}\n{_DOC_TABLE}{rows}{note}")
    return "\n".join(parts)


def _reference_row(key: Key) -> str:
    marks = (" \\*" if key.required else "") + (" ◆" if key.kind.secret else "")
    default = f"`{key.default}`" if key.default else key.without
    doc = key.doc + (f" In the environment: `{key.variable}`." if key.variable else "")
    if not key.default and not key.required:
        doc += f" Example: `{key.example}`."
    cells = (f"`{key.name}`{marks}", key.kind.expected, default, doc)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def main() -> None:
    """Write both files into the checkout that this module belongs to."""
    checkout = Path(__file__).parents[3]
    (checkout / "config.example.toml").write_text(render_example(), encoding="utf-8")
    (checkout / "docs" / "configuration.md").write_text(render_reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
