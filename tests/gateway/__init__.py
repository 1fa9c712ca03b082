"""A real HTTP server for chat completions that behaves as badly as it is told to.

The model's name chooses the scenario. Alone: `python -m tests.gateway --port 9000`.
"""

from __future__ import annotations

from tests.gateway.exchange import Recorded
from tests.gateway.server import TestGateway

__all__ = ["Recorded", "TestGateway"]
