"""Coverage: which servers of the tests are not traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def untraced() -> Iterator[None]:
    """Start servers that are not traced: a tracer would more than double their work.

    For those that are killed, and so could not write down what they ran, and those
    whose work is heavy enough that the tracer would be most of what is tested.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield
