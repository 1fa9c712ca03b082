"""How much of a model's window a request may use: sizes, prices, and admins' choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations import limits
from conversations.context.tokens import count
from conversations.models import PromptRevision
from conversations.services.prices import sizes_of
from conversations.wire import ContextSettings, ModelFacts

if TYPE_CHECKING:
    from conversations.models import LanguageModel
    from conversations.services.gateways import Reach
    from conversations.wire import Prices

PERCENT = 100


def facts_of(model: LanguageModel, reached: Reach, prices: Prices | None) -> ModelFacts:
    """Return what the context must know of a model and of where it is reached."""
    sizes = sizes_of(model, learned_window=reached.learned_window)
    tiers = prices.tiers if prices else ()
    return ModelFacts(
        model.name,
        sizes.window,
        sizes.max_output,
        # Also its address: another server cannot read what this one has sealed.
        endpoint=f"{reached.endpoint_id} {reached.route.protocol} {reached.route.base_url}",
        is_assumed=not sizes.is_known,
        dearer_above=min((tier.above for tier in tiers), default=None),
    )


def settings_of(
    model: LanguageModel, revision: PromptRevision | None
) -> ContextSettings:
    """Return what admins have decided for a model's contexts and their system prompt."""
    text, tokens = _prompt(revision)
    default = ContextSettings()
    keep = model.context_keep
    return ContextSettings(
        system_prompt=text,
        system_prompt_ref=str(revision.pk) if revision and text else "",
        system_prompt_tokens=tokens,
        keep_share=keep / PERCENT if keep else default.keep_share,
        cap=model.context_cap,
        last_turns=model.context_turns,
        file_bytes=limits.REQUEST_FILE_BYTES,
    )


def _prompt(revision: PromptRevision | None) -> tuple[str, int]:
    if revision is None or not revision.text:
        return "", 0
    if revision.tokens is None:
        revision.tokens = count(revision.text)
        PromptRevision.objects.filter(pk=revision.pk).update(tokens=revision.tokens)
    return revision.text, revision.tokens
