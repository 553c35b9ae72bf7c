"""The project's tasks under one name each: `.venv/bin/nox -l` lists them, `.venv/bin/nox -s lint` runs one.

A task calls the command that .ci/run calls, in the environment that scripts/environment.sh makes. What follows `--` is
handed on: `nox -s tests -- tests/unit -k money`.
"""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "layers", "quick"]


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Check style: ruff's rules and its format."""
    session.run("scripts/lint", "style", external=True)


@nox.session(python=False)
def types(session: nox.Session) -> None:
    """Check types with mypy."""
    session.run("scripts/lint", "types", external=True)


@nox.session(python=False)
def layers(session: nox.Session) -> None:
    """Check which package imports which."""
    session.run("scripts/lint", "layers", external=True)


@nox.session(python=False)
def quick(session: nox.Session) -> None:
    """Run the tests that need no database server."""
    session.run("scripts/test", "tests/unit", *session.posargs, external=True)


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Run all tests; a proof with many cases runs a sample of them."""
    session.run("scripts/test", *session.posargs, external=True)


@nox.session(python=False)
def whole(session: nox.Session) -> None:
    """Run all tests, and every proof with all its cases."""
    session.run("scripts/test", "--whole", *session.posargs, external=True)


@nox.session(python=False)
def oldest(session: nox.Session) -> None:
    """Run all tests with the oldest versions of the libraries that pyproject.toml allows."""
    session.run(".ci/run", "--oldest", external=True)


@nox.session(python=False)
def docs(session: nox.Session) -> None:
    """Test what the documentation says: links, tables, examples, the man page."""
    session.run("scripts/test", "tests/unit/docs", *session.posargs, external=True)


@nox.session(python=False)
def install(session: nox.Session) -> None:
    """Install the wheel and the source archive with pip, pipx and uv, and try what a user tries first."""
    session.run(".ci/install", external=True)


@nox.session(python=False)
def pictures(session: nox.Session) -> None:
    """Draw the README's pictures anew, from what the program prints and writes."""
    session.run("scripts/pictures", external=True)


@nox.session(python=False)
def coverage(session: nox.Session) -> None:
    """Run all tests and print the lines of src/ that none of them reaches."""
    session.run("scripts/test", "--cov", *session.posargs, external=True)


@nox.session(python=False)
def faults(session: nox.Session) -> None:
    """Plant faults in the code and print those that no test notices."""
    session.run(".venv/bin/python", "scripts/planted_faults.py", *session.posargs, external=True)


@nox.session(python=False)
def bench(session: nox.Session) -> None:
    """Measure what runs cost, and write benchmarks/RESULTS.md."""
    session.run(".venv/bin/python", "-m", "benchmarks", *session.posargs, external=True)
