"""``make test-server``: every test that needs a PostgreSQL, on one that is started for it; without one it fails."""

from __future__ import annotations

import sys

import pytest

from tests.server.cluster import missing

WITH_A_SERVER = ("tests/server", "tests/contract", "tests/store", "tests/outcomes")

if __name__ == "__main__":
    if why := missing():
        sys.exit(f"aftershock: {why}; the tests of a history on a server need it (Debian: apt install postgresql)")
    sys.exit(pytest.main([*WITH_A_SERVER, "-n", "2", "-k", "postgresql or server", *sys.argv[1:]]))
