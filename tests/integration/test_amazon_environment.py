"""Nothing that happens to be in the environment changes account, region or endpoint, or ends in a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import orderferry
from orderferry.config.model import Secret
from orderferry.errors import AmazonUnavailable, OrderferryError, UsageError
from support.amazon_side import amazon_settings, source_under_test
from support.fault_server import FaultServer, raw

TESTS = Path(__file__).parents[1]
STRAY = {
    "SP_API_DEFAULT_MARKETPLACE": "NOWHERE",
    "SP_API_AUTH_CACHE_SIZE": "many",
    "SP_API_AUTH_CACHE_TTL": "",
    "SP_API_REFRESH_TOKEN": "stray",
    "SP_API_AWS_SECRET_ID": "stray",
    "LWA_APP_ID": "stray",
    "LWA_CLIENT_SECRET": "stray",
    "AWS_ENV": "staging",
}
# Asks once and prints what the source says of itself, of the library and of the environment.
PROGRAM = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from support.amazon_side import A_SEARCH, source_under_test
from orderferry.errors import OrderferryError
try:
    tested = source_under_test(sys.argv[2], sys.argv[2] + "/token")
    page = tested.source.search(A_SEARCH)
    source = tested.source
    told = {"stray": source.stray_variables, "orders": len(page.orders), "endpoint": source._client.endpoint}
except OrderferryError as error:
    told = {"class": type(error).__name__, "message": error.message, "hint": error.hint}
print(json.dumps(told))
"""
LAZY = """
import sys
import orderferry.amazon.source
print("sp_api" in sys.modules)
"""


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def run(url: str, home: Path, **environ: str) -> dict[str, Any]:
    """Run PROGRAM in a process of its own with just this environment."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(TESTS), url]
    package = str(Path(orderferry.__file__).parents[1])
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": package, **environ}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_stray_variables_have_no_effect_and_are_named(server: FaultServer, tmp_path: Path) -> None:
    credentials = tmp_path / ".config" / "python-sp-api" / "credentials.yml"
    credentials.parent.mkdir(parents=True)
    credentials.write_text("default:\n  refresh_token: stray\n  lwa_app_id: stray\n  lwa_client_secret: stray\n")
    told = run(server.url, tmp_path, **STRAY)
    assert told == {"stray": sorted(STRAY), "orders": 0, "endpoint": server.url}
    assert not [seen for seen in server.requests if "stray" in f"{seen.body}{seen.query}{seen.headers}"]
    assert len(server.requests) == 2


def test_proxies_are_not_asked_for_this_machine(server: FaultServer, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:1"
    told = run(server.url, tmp_path, HTTP_PROXY=nowhere, http_proxy=nowhere, ALL_PROXY="socks5://127.0.0.1:1")
    assert told["orders"] == 0


def test_the_machines_proxy_is_asked_for_the_real_amazon(server: FaultServer, tmp_path: Path) -> None:
    server.answers = [raw(407)]
    told = run("https://api.example.invalid", tmp_path, HTTPS_PROXY=server.url)
    assert {seen.method for seen in server.requests} == {"CONNECT"}
    assert "the proxy refused" in told["message"]
    server.answers = [raw(200)]  # a tunnel in which nobody speaks TLS
    assert "no TLS connection" in run("https://api.example.invalid", tmp_path, HTTPS_PROXY=server.url)["message"]


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://user:canary@127.0.0.1:1"),
        ("HTTPS_PROXY", "ftp://user:canary@127.0.0.1:1"),
        ("https_proxy", "http://user:canary@127.0.0.1:port"),
        ("SSL_CERT_FILE", "/nonexistent/canary.pem"),
    ],
)
def test_unusable_settings_of_the_machine_are_a_sentence(tmp_path: Path, variable: str, value: str) -> None:
    told = run("https://api.example.invalid", tmp_path, **{variable: value})
    assert told["class"] == "AmazonUnavailable"
    assert variable.upper() in told["message"]
    assert "canary" not in f"{told['message']}{told['hint']}"


def test_an_unusable_certificate_file_is_a_sentence(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    told = run("https://api.example.invalid", tmp_path, SSL_CERT_FILE=str(empty))
    assert "SSL_CERT_FILE" in told["message"]


def test_a_name_that_does_not_resolve_is_a_sentence() -> None:
    tested = source_under_test("https://api.example.invalid", "https://login.example.invalid/token")
    with pytest.raises(AmazonUnavailable) as caught:
        tested.source.now()
    tested.source.close()
    assert "login.example.invalid can't be reached" in caught.value.message
    assert len(tested.sleeps) == 2


@pytest.mark.parametrize(
    ("endpoint", "token_url", "key"),
    [
        ("http://sellingpartnerapi-eu.amazon.com", "https://x/token", "amazon.endpoint"),
        ("https://x", "http://api.amazon.com/token", "amazon.token_url"),
        ("http://127.0.0.1.example.org", "https://x", "amazon.endpoint"),
        ("http://192.168.1.5", "https://x", "amazon.endpoint"),
        ("ftp://127.0.0.1", "https://x", "amazon.endpoint"),
        ("https://", "https://x", "amazon.endpoint"),
    ],
)
def test_plain_http_goes_to_this_machine_only(endpoint: str, token_url: str, key: str) -> None:
    with pytest.raises(UsageError, match=key):
        source_under_test(endpoint, token_url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1/", "http://[::1]:1", "https://x"])
def test_addresses_that_are_fine(url: str) -> None:
    """That nothing is raised is the proof: the test above shows what is."""
    source_under_test(url, url).source.close()


@pytest.mark.parametrize("field", ["client_id", "client_secret", "refresh_token"])
def test_a_blank_credential_is_never_filled_in_from_elsewhere(field: str) -> None:
    value: Any = "" if field == "client_id" else Secret("")
    with pytest.raises(OrderferryError, match=f"amazon.{field} is empty"):
        source_under_test("http://127.0.0.1:1", "http://127.0.0.1:1", **{field: value})


def test_the_sources_words_hold_no_secret() -> None:
    assert "canary-secret" not in repr(amazon_settings("https://x", "https://x"))


def test_the_library_is_not_imported_before_stray_variables_are_dropped() -> None:
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
