from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def loaded() -> Iterator[None]:
    """What is loaded is left alone by the collector, as in a server.

    Its time would count as that of a rendering.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
