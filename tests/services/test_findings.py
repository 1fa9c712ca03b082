"""What a gateway's answers come to, in words."""

from __future__ import annotations

from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.services.findings import describe_problem


def test_a_problem_takes_one_line_whatever_the_gateway_says() -> None:
    error = GatewayError(ErrorKind.FORBIDDEN, "No.\nNot for this\r\nkey.")

    assert describe_problem(error).endswith("It says: No. Not for this key.")
