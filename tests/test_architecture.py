"""The rule that holds everywhere: nothing is served without a row in the role matrix.

What each row says is tried in tests/rights/.
"""

from __future__ import annotations

from conversations.consumers import COMMANDS
from conversations.routing import websocket_urlpatterns
from tests.rights.matrix import MATRIX, SOCKET_COMMANDS, SOCKET_ROUTES
from tests.rights.routes import our_routes


def test_every_route_has_a_row_in_the_role_matrix() -> None:
    assert set(our_routes()) == set(MATRIX)


def test_every_socket_command_and_route_is_listed() -> None:
    assert set(COMMANDS) == set(SOCKET_COMMANDS)
    assert {
        getattr(one, "name", None) for one in websocket_urlpatterns
    } == SOCKET_ROUTES
