"""The vocabulary shared by context, gateways, live and services: plain data."""

from __future__ import annotations

from conversations.wire.answers import (
    Citation,
    Counted,
    Delta,
    Finished,
    Json,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from conversations.wire.contexts import (
    Context,
    ContextSettings,
    Fact,
    History,
    HistoryMessage,
    Memory,
    ModelFacts,
    Native,
    Pin,
    Summary,
    Turn,
)
from conversations.wire.epochs import (
    ContextState,
    Epoch,
    Item,
    ItemKind,
    Outcome,
    Refusal,
    RollReason,
    Sample,
)
from conversations.wire.files import (
    AttachedFile,
    Form,
)
from conversations.wire.requests import (
    Abilities,
    Dialect,
    Request,
    RequestMessage,
)
from conversations.wire.states import (
    ACTIVE,
    CONTINUABLE,
    GOES_ON,
    FinishReason,
    Protocol,
    Role,
    State,
)
from conversations.wire.usage import (
    Prices,
    Rates,
    Tier,
    Usage,
)

__all__ = [
    "ACTIVE",
    "CONTINUABLE",
    "GOES_ON",
    "Abilities",
    "AttachedFile",
    "Citation",
    "Context",
    "ContextSettings",
    "ContextState",
    "Counted",
    "Delta",
    "Dialect",
    "Epoch",
    "Fact",
    "FinishReason",
    "Finished",
    "Form",
    "History",
    "HistoryMessage",
    "Item",
    "ItemKind",
    "Json",
    "Memory",
    "ModelFacts",
    "Native",
    "Outcome",
    "Pin",
    "Prices",
    "Protocol",
    "Rates",
    "ReasoningDelta",
    "Refusal",
    "Request",
    "RequestMessage",
    "Role",
    "RollReason",
    "Sample",
    "State",
    "Summary",
    "TextDelta",
    "Tier",
    "ToolCallDelta",
    "Turn",
    "Usage",
]
