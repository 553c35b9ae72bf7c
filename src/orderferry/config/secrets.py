"""Where secrets come from: the environment first, else the file that `<key>_file` names, else the key itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orderferry.config.keys import Key
from orderferry.safe_files import read_ordinary

_LARGEST = 65_536


class SecretFileError(ValueError):
    """A file with a secret can't be used; the text says why, without its content."""


def from_environment(key: Key, environ: Mapping[str, str]) -> str | None:
    """Given a key, return what the environment says of it, or None. An empty variable counts as none."""
    value = environ.get(key.variable, "") if key.variable else ""
    return value.rstrip("\r\n") or None


def read_secret_file(path: Path) -> str:
    """Given the path of a file with one secret, return it without the end of its line.

    Raise SecretFileError if the file can't be read, is empty or is no text.
    """
    try:
        data = read_ordinary(path, _LARGEST)
        secret = data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretFileError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretFileError(f"{path} is not UTF-8 text") from None
    if not secret:
        raise SecretFileError(f"{path} is empty")
    return secret
