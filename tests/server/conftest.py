"""One server for a test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.histories import server
from tests.server.cluster import Cluster, cluster

__all__ = ["server"]


@pytest.fixture
def own_server(server: Cluster) -> Iterator[Cluster]:
    """A server that this test alone uses, and may stop."""
    with cluster() as started:
        yield started
