"""What the messages protocol says about an answer: its usage and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.decoding import read_count
from conversations.gateways.usage import read_full_cost
from conversations.text import clean_line
from conversations.wire import FinishReason, Usage

if TYPE_CHECKING:
    from decimal import Decimal

DETAIL_LETTERS = 500

_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.FILTERED,
    "pause_turn": FinishReason.PAUSED,
    # Not Anthropic's words, but of gateways that translate.
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.FILTERED,
    "error": FinishReason.ERROR,
}


def read_reason(raw: str | None) -> FinishReason:
    """Return our word for a stop reason: none is a cut, an unknown one a stop."""
    return FinishReason.CUT if raw is None else _REASONS.get(raw, FinishReason.STOP)


def read_refusal(details: object) -> str:
    """Return what `stop_details` say of a refusal: its category, its explanation."""
    if not isinstance(details, dict):
        return ""
    words = [details.get("category"), details.get("explanation")]
    said = [clean_line(word) for word in words if isinstance(word, str) and word]
    return ": ".join(said)[:DETAIL_LETTERS]


_COUNTS = {
    "input": ("input_tokens", ""),
    "read": ("cache_read_input_tokens", ""),
    "written": ("cache_creation_input_tokens", ""),
    "minutes": ("cache_creation", "ephemeral_5m_input_tokens"),
    "hour": ("cache_creation", "ephemeral_1h_input_tokens"),
    "output": ("output_tokens", ""),
    "thought": ("output_tokens_details", "thinking_tokens"),
}


class Tally:
    """The usage of one answer, merged from wherever the stream tells it.

    Each number is the last that was told, but a zero never undoes one.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._cost: Decimal | None = None

    def add(self, usage: object, *, begun: bool = False) -> None:
        """Take in `usage`; of an answer that has only `begun` the output will grow."""
        fields = usage if isinstance(usage, dict) else {}
        for name, (field, part) in _COUNTS.items():
            value = fields.get(field)
            if part:
                value = value.get(part) if isinstance(value, dict) else None
            self._count("begun" if begun and name == "output" else name, value)
        self._cost = read_full_cost(fields) or self._cost

    def usage(self, *, ended: bool) -> Usage | None:
        """Return what is known, None where nothing is.

        What was told of the output at the beginning is all of it only where the
        answer has `ended`.
        """
        counts = self._counts
        output = counts.get("output")
        if ended and not output:
            output = counts.get("begun", output)
        minutes, hour = self._written()
        read = Usage(
            input_tokens=self._input(minutes, hour),
            cached_input_tokens=counts.get("read"),
            cache_write_tokens=minutes,
            cache_write_1h_tokens=hour,
            output_tokens=output,
            reasoning_tokens=counts.get("thought"),
            cost=self._cost,
        )
        return None if read == Usage() else read

    def _count(self, name: str, value: object) -> None:
        if count := read_count(value):
            self._counts[name] = count
        elif count == 0:
            self._counts.setdefault(name, 0)

    def _input(self, minutes: int | None, hour: int | None) -> int | None:
        """All of the prompt: what was read or written is not in `input_tokens`."""
        new = self._counts.get("input")
        if new is None:
            return None
        cached = self._counts.get("read", 0)
        return read_count(new + cached + (minutes or 0) + (hour or 0))

    def _written(self) -> tuple[int | None, int | None]:
        """What was written for minutes and for an hour."""
        minutes, hour = self._counts.get("minutes"), self._counts.get("hour")
        written = self._counts.get("written")
        if written is not None and written >= (hour or 0):
            minutes = written - (hour or 0)
        return minutes, hour
