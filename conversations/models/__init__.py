from __future__ import annotations

from conversations.models.contexts import ContextPolicy, Epoch, Fact, Summary
from conversations.models.conversations import (
    Access,
    Conversation,
    Folder,
    Opening,
    Share,
    View,
)
from conversations.models.files import Attachment, File
from conversations.models.gateways import (
    Endpoint,
    Gateway,
    LanguageModel,
    LearnedFact,
    Price,
)
from conversations.models.generations import Delta, Generation
from conversations.models.links import OneTimeLink
from conversations.models.messages import Mention, Message
from conversations.models.prompts import PromptRevision, SystemPrompt
from conversations.models.search import SearchEntry, Unindexed
from conversations.models.teams import Departure, Membership, Team
from conversations.models.usage import Spending, SpendingLimits, UsageRecord
from conversations.models.users import SetUp, User

__all__ = [
    "Access",
    "Attachment",
    "ContextPolicy",
    "Conversation",
    "Delta",
    "Departure",
    "Endpoint",
    "Epoch",
    "Fact",
    "File",
    "Folder",
    "Gateway",
    "Generation",
    "LanguageModel",
    "LearnedFact",
    "Membership",
    "Mention",
    "Message",
    "OneTimeLink",
    "Opening",
    "Price",
    "PromptRevision",
    "SearchEntry",
    "SetUp",
    "Share",
    "Spending",
    "SpendingLimits",
    "Summary",
    "SystemPrompt",
    "Team",
    "Unindexed",
    "UsageRecord",
    "User",
    "View",
]
