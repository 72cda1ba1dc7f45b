"""Is it as good as the provider of --bench-reference, in the same blocks?"""

import pytest

from ragmeter.typing import BaselineCheck

pytestmark = pytest.mark.north_south


def test_not_worse_than_the_reference(reference: BaselineCheck) -> None:
    reference.check()
