"""What pip and uv say when they fail, in one line a person can act on."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def tools(repository: Path) -> Iterator[Path]:
    """The folder of programs, importable as it is for them."""
    folder = repository / "tools"
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def explain(tools: Path) -> ModuleType:
    """``tools/explain.py``."""
    return importlib.import_module("explain")


@pytest.fixture(scope="module")
def environment(tools: Path) -> ModuleType:
    """``tools/environment.py``, under its own name: ``environment`` alone could be anyone's."""
    spec = importlib.util.spec_from_file_location("environment_tool", tools / "environment.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PIP_REFUSED = (
    "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError(\"HTTPSConnection("
    "host='index.example', port=443): Failed to establish a new connection: [Errno 111] refused\")': /simple/a/\n"
    "ERROR: Could not find a version that satisfies the requirement a==1.0 (from versions: none)\n"
    "ERROR: No matching distribution found for a==1.0\n"
)
PIP_HASH = (
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package "
    "versions, please update the hashes.\n"
    "    a==1.0 from https://index.example/a-1.0-py3-none-any.whl (from -r requirements.lock (line 1)):\n"
    "        Expected sha256 00\n             Got        11\n"
)
UV_REFUSED = (
    "error: Request failed after 3 retries\n  cause: Failed to fetch: `https://index.example/simple/a/`\n"
    "  cause: error sending request for url (https://index.example/simple/a/)\n  cause: tcp connect error\n"
)
UV_FULL = (
    "error: Failed to install: a-1.0-py3-none-any.whl (a==1.0)\n  cause: Failed to copy to `.venv/lib/a.so`\n"
    "  cause: failed to copy file: No space left on device (os error 28)\n"
)
UV_HASH = "  × Failed to download `a==1.0`\n  ╰─▶ Hash mismatch for `a==1.0`\n      Expected:\n        sha256:00\n"


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (PIP_REFUSED, "the package index index.example:443 cannot be reached"),
        (UV_REFUSED, "the package index index.example cannot be reached"),
        (PIP_HASH, "a==1.0 from the index does not have the hash the lock says"),
        (UV_HASH, "a==1.0 from the index does not have the hash the lock says"),
        (UV_FULL, "the disk is full"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: No matching distribution found for a==1.0", "the package index has no a==1.0"),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))", "the proxy refuses"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "is not trusted here"),
        ("ERROR: HTTP error 403 while getting it: 403 Client Error: Forbidden for url", "refuses access"),
        ("WARNING: The repository located at a.example is not a trusted or secure host", "plain http"),
        ("killed by signal 9", "killed by signal 9 (out of memory?)"),
        ("Collecting a\nERROR: something nobody foresaw\n", "failed: ERROR: something nobody foresaw"),
        ("", "failed: without saying why"),
    ],
)
def test_a_failure_is_said_in_one_line(explain: ModuleType, log: str, said: str) -> None:
    line = explain.explain(log)
    assert said in line
    assert "\n" not in line
    assert line.endswith("details: .venv/setup.log")


def test_only_the_last_attempt_counts(explain: ModuleType) -> None:
    log = f"$ uv pip install\n{UV_REFUSED}\n$ .venv/bin/python -m pip install\n{PIP_HASH}"
    assert "does not have the hash" in explain.explain(log)


def test_a_password_in_an_index_address_is_not_repeated(explain: ModuleType) -> None:
    line = explain.explain("error: error sending request for url (https://ann:hunter2@index.example:8443/simple/a/)")
    assert "the package index index.example:8443 cannot be reached" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", ".venv/x"), ".venv/x: the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", ".venv"), ".venv: no right to write here"),
        (OSError(errno.EROFS, "Read-only file system", ".venv"), ".venv: no right to write here"),
        (OSError(errno.EIO, "Input/output error", ".venv"), ".venv: Input/output error"),
    ],
)
def test_our_own_file_errors_are_said_too(explain: ModuleType, error: OSError, said: str) -> None:
    assert explain.explain_os_error(error).startswith(said)


def test_an_unknown_set_of_packages_is_a_usage_error(
    environment: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment.main(["everything"]) == 2
    assert "no such set of packages: everything; there are run, dev, web" in capsys.readouterr().err
