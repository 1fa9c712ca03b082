from __future__ import annotations

from conversations.models.conversations import Conversation, View
from conversations.models.gateways import Endpoint, Gateway, LanguageModel
from conversations.models.generations import Delta, Generation
from conversations.models.messages import Message
from conversations.models.prompts import PromptRevision, SystemPrompt
from conversations.models.teams import Membership, Team
from conversations.models.usage import UsageRecord
from conversations.models.users import SetUp, User

__all__ = [
    "Conversation",
    "Delta",
    "Endpoint",
    "Gateway",
    "Generation",
    "LanguageModel",
    "Membership",
    "Message",
    "PromptRevision",
    "SetUp",
    "SystemPrompt",
    "Team",
    "UsageRecord",
    "User",
    "View",
]
