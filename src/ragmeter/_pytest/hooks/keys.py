"""Where pytest's config keeps what belongs to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ragmeter._pytest.session.session import BenchSession

session_key: pytest.StashKey[BenchSession] = pytest.StashKey()
left_out_key: pytest.StashKey[int] = pytest.StashKey()
"""How many live tests were left out for want of a provider."""


def session_of(config: pytest.Config) -> BenchSession | None:
    """The measuring session; None when no provider was named."""
    return config.stash.get(session_key, None)
