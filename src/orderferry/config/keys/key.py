"""What is to be said of one key of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from orderferry.config.kinds import Kind


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Names in angle brackets (`products.map.<SKU>`) stand for a word of the user's.

    `default` and `example` are TOML; `without` says what happens when there is no default. `instead_of` names the key
    that this one is another way to give. `has_variable`: no secret, and still read from the environment.
    """

    name: str
    kind: Kind
    doc: str
    default: str = ""
    example: str = ""
    without: str = ""
    required: bool = False
    instead_of: str = ""
    has_variable: bool = False

    @property
    def path(self) -> tuple[str, ...]:
        """Return the name's parts."""
        return tuple(self.name.split("."))

    @property
    def variable(self) -> str:
        """Return the environment variable that wins over the key, or ''."""
        if not self.kind.secret and not self.has_variable:
            return ""
        return "ORDERFERRY_" + self.name.replace(".", "_").upper()

    @property
    def file_key(self) -> str:
        """Return the key that names a file with the value, or ''."""
        return f"{self.name}_file" if self.kind.secret else ""
