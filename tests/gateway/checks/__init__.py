"""Whether a request is one that the real gateways would take.

They keep no state, but they check what they are told of it: items without their ids,
thoughts whose past has changed, parameters nobody knows. So does this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import Protocol
from tests.gateway.checks import chat, messages, responses
from tests.gateway.checks.parameters import check_parameters
from tests.gateway.checks.thoughts import check_thoughts
from tests.gateway.problems import invalid

if TYPE_CHECKING:
    from tests.gateway.asked import Asked
    from tests.gateway.exchange import Recorded
    from tests.gateway.flavours import Flavour

_CHECKS = {
    Protocol.CHAT_COMPLETIONS: chat.check,
    Protocol.RESPONSES: responses.check,
    Protocol.MESSAGES: messages.check,
}


def check_request(asked: Asked, request: Recorded, flavour: Flavour) -> None:
    """Raise RefusedError for the first thing that is wrong with a request."""
    if not request.json:
        raise invalid("We could not parse the JSON body of your request.")
    if not asked.model:
        raise invalid("you must provide a model parameter", "model")
    if asked.protocol is Protocol.MESSAGES:
        messages.check_version(request.headers)
    check_parameters(asked, flavour)
    _CHECKS[asked.protocol](asked, flavour)
    check_thoughts(asked)
