from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateway import TestGateway

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running_gateway() -> Iterator[TestGateway]:
    with TestGateway() as gateway:
        yield gateway


@pytest.fixture
def gateway(running_gateway: TestGateway) -> TestGateway:
    running_gateway.clear()
    return running_gateway
