"""Parts of a model's name that change how an answer looks, whatever it says."""

from __future__ import annotations

import time
from decimal import Decimal
from email.utils import formatdate
from typing import TYPE_CHECKING

from tests.gateway.envelopes import ENVELOPES, WORDINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.naming import Part
    from tests.gateway.style import Style

    Modifier = Callable[[Style, Part], None]


def _setting(**fields: object) -> Modifier:
    def change(style: Style, _: Part) -> None:
        vars(style).update(fields)

    return change


def _named(**fields: str) -> Modifier:
    """Set fields to the part's argument, or to what is given where it has none."""

    def change(style: Style, part: Part) -> None:
        for name, default in fields.items():
            setattr(style, name, part.argument or default)

    return change


def _wrapped(style: Style, part: Part) -> None:
    style.envelope = part.name.removeprefix("as-")


def _worded(style: Style, part: Part) -> None:
    style.wording = part.name.removeprefix("says-")


def _later(style: Style, part: Part) -> None:
    style.refusal_headers["retry-after"] = part.argument or "1"


def _later_by_date(style: Style, part: Part) -> None:
    due = time.time() + float(part.argument or 1)
    style.refusal_headers["retry-after"] = formatdate(due, usegmt=True)


def _later_in_milliseconds(style: Style, part: Part) -> None:
    style.refusal_headers["retry-after-ms"] = part.argument or "250"


def _should_retry(style: Style, part: Part) -> None:
    style.refusal_headers["x-should-retry"] = part.argument or "false"


def _available(style: Style, part: Part) -> None:
    """OpenRouter's own word on when to come back, `available:3` in seconds."""
    after = float(part.argument or 1)
    style.availability = {"retryable": True, "retry_after": after}


def _unavailable(style: Style, _: Part) -> None:
    style.availability = {"retryable": False, "retry_after": None}


def _costs(style: Style, part: Part) -> None:
    """`cost` tells what it costs, `cost:0.5` says so whatever it costs."""
    style.tells_cost = True
    style.cost = Decimal(part.argument or "0.00123")


def _opper_cost(style: Style, part: Part) -> None:
    style.headers["x-opper-cost"] = part.argument or "0.0042"


def _litellm_cost(style: Style, part: Part) -> None:
    style.headers["x-litellm-response-cost"] = part.argument or "0.0"


MODIFIERS: dict[str, Modifier] = {
    # Where usage is told, and what it says.
    "usage-on-finish": _setting(usage="finish"),
    "usage-filled": _setting(usage="filled"),
    "usage-repeated": _setting(usage="repeated"),
    "usage-late": _setting(usage="late"),
    "usage-early": _setting(usage="early"),
    "usage-null": _setting(usage="null"),
    "usage-alias": _setting(usage="alias"),
    "usage-absurd": _setting(usage="absurd"),
    "usage-if-asked": _setting(asks_for_usage=True),
    "cost": _costs,
    "cost-header": _opper_cost,
    "cost-header-litellm": _litellm_cost,
    # What chat completions have beside the usual.
    "filter-results": _setting(preface="filter"),
    "debug-chunk": _setting(preface="debug"),
    "native": _named(native="refusal"),
    "index-0": _setting(stuck_index=True),
    "citations-top": _setting(cites="top"),
    "obfuscation": _setting(obfuscates=True),
    "bare-deltas": _setting(omits_null=True),
    # The names of things.
    "echoes": _named(model="another-model"),
    "no-ids": _setting(ids=False, created=0),
    "no-sequence": _setting(sequence=False),
    "no-event-lines": _setting(event_lines=False),
    "prose": _setting(names="prose"),
    "with-done": _setting(done=True),
    "no-done": _setting(done=False),
    "reasoning-content": _setting(thoughts=("reasoning_content",)),
    "reasoning-plain": _setting(thoughts=("reasoning",)),
    # Bytes.
    "crlf": _setting(line_end=b"\r\n"),
    "cr": _setting(line_end=b"\r"),
    "pieces": _setting(byte_by_byte=True),
    "closes": _setting(closes=True),
    "json": _setting(form="json"),
    "stream": _setting(form="stream"),
    # Refusals.
    **{f"as-{name}": _wrapped for name in (*ENVELOPES, "html", "empty", "text")},
    **{f"says-{name}": _worded for name in WORDINGS},
    "retry-after": _later,
    "retry-date": _later_by_date,
    "retry-ms": _later_in_milliseconds,
    "should-retry": _should_retry,
    "available": _available,
    "unavailable": _unavailable,
}
# What these answer where their name says nothing more.
DEFAULTS = {
    "json": "ok:2",
    "index-0": "tool-calls-parallel",
    "citations-top": "citations",
    "reasoning-content": "reasoning",
    "reasoning-plain": "reasoning",
    "prose": "reasoning",
    "retry-after": "error:429",
    "retry-date": "error:429",
    "retry-ms": "error:429",
    "should-retry": "error:429",
    "available": "error:503",
    "unavailable": "error:503",
    **{f"as-{name}": "error:400" for name in (*ENVELOPES, "html", "empty", "text")},
}
