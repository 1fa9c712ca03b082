"""The model that writes of what leaves a context, and how much it reads at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.context.digest import INSTRUCTION_TOKENS
from conversations.services.calls import ask_once
from conversations.services.gateways import reach
from conversations.services.memory.policy import find_summary_model
from conversations.services.prices import sizes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conversations.models import ContextPolicy, LanguageModel, UsageRecord, User
    from conversations.services.calls import Reply
    from conversations.wire import RequestMessage

# Tokens. A model that thinks needs more than what it then writes.
OUTPUT_TOKENS = 4_000
OUTPUT_PART = 4
# Of so much at once a model still sees everything.
MOST_TOKENS_A_CALL = 60_000
# The rest is for what foreign tokenizers and the marks of a record add.
ROOM_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Writer:
    """A model and how much of a record it is given at once. Sizes in tokens."""

    model: LanguageModel
    room: int
    most_output: int

    async def ask(
        self,
        messages: Sequence[RequestMessage],
        user: User | None,
        purpose: UsageRecord.Purpose,
    ) -> Reply:
        """Ask once, on `user`'s account. Raises what `ask_once` does."""
        return await ask_once(
            model=self.model,
            messages=messages,
            user=user,
            purpose=purpose,
            max_output_tokens=self.most_output,
        )


def find_writer(*, policy: ContextPolicy) -> Writer | None:
    """Return the model admins have chosen, None where none is or it is disabled.

    Raises `RefusedError` where it cannot be reached.
    """
    model = find_summary_model(policy=policy)
    if model is None:
        return None
    sizes = sizes_of(model, learned_window=reach(model).learned_window)
    most = sizes.max_output or OUTPUT_TOKENS
    output = min(OUTPUT_TOKENS, most, sizes.window // OUTPUT_PART)
    room = int((sizes.window - output) * ROOM_SHARE) - INSTRUCTION_TOKENS
    return Writer(model, min(room, MOST_TOKENS_A_CALL), output)
