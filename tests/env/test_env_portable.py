"""What must hold under every Gymnasium, under the installed one and the oldest that we promise."""

from __future__ import annotations

from collections.abc import Callable

import gymnasium_matrix
import portable_env
import pytest


@pytest.mark.parametrize("check", portable_env.CHECKS, ids=lambda check: check.__name__)
def test_under_the_installed_gymnasium(check: Callable[[], None]) -> None:
    """Each of the checks holds."""
    check()


def test_under_the_oldest_gymnasium() -> None:
    """All of them hold there too; its interpreter is made once, from the index."""
    assert gymnasium_matrix.run(gymnasium_matrix.oldest()) == 0
