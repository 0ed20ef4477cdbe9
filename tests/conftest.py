"""Settings of Hypothesis, and the one server that tests share.

The same examples each time in `make test`, more in `make slow`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import postgres_server
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "test",
    deadline=None,  # no test is about time
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("slow", settings.get_profile("test"), max_examples=200)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server: started for the first test that wants it, in any process."""
    yield postgres_server.lease()
    postgres_server.release()
