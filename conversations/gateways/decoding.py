"""What the decoders of all protocols share: one answer, cleaned and bounded."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import jiter

from conversations import limits
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.items import storable
from conversations.gateways.usage import check_usage
from conversations.text import clean_line, clean_text, join_halves
from conversations.wire import (
    Citation,
    Counted,
    Finished,
    FinishReason,
    Json,
    ReasoningDelta,
    TextDelta,
)

if TYPE_CHECKING:
    from conversations.wire import Delta, Usage

# The event after which nothing comes, also on protocols that do not know it.
DONE = b"[DONE]"

NAME_LETTERS = 200
MOST_CITATIONS = 100
URL_LETTERS = 2_000
# No answer calls more tools; what comes beyond is left out.
MOST_CALLS = 128

# Most deltas have none of these and are taken as they are.
_UNCLEAN = re.compile("[\x00\r\ud800-\udfff]")
# Halves whose other half may come with the next delta: of CRLF, of a surrogate pair.
_HALF = re.compile("[\r\ud800-\udbff]\\Z")


class Gate:
    """Lets text through clean, and at most `limits.ANSWER_BYTES` of it."""

    def __init__(self) -> None:
        self._held = ""
        self.bytes_left = limits.ANSWER_BYTES

    @property
    def opened(self) -> bool:
        """Whether anything has come through."""
        return self.bytes_left < limits.ANSWER_BYTES

    def take(self, text: str) -> str:
        """Return what of `text` can be handed on now."""
        if self._held or _UNCLEAN.search(text):
            text = self._clean(text)
        size = len(text) if text.isascii() else len(text.encode())
        if size > self.bytes_left:
            text = text.encode()[: max(self.bytes_left, 0)].decode("utf-8", "ignore")
        self.bytes_left -= size
        return text

    def close(self) -> str:
        """Return what is still held back."""
        held, self._held = self._held, ""
        return clean_text(held)

    def _clean(self, text: str) -> str:
        text = self._held + text
        half = _HALF.search(text)
        self._held = half[0] if half else ""
        return clean_text(join_halves(text.removesuffix(self._held)))


class Decoder:
    """Turns the events of one stream, or one whole answer, into deltas.

    A protocol's own class implements `decode` and `_read_reason`; it calls `_text`
    and `_think`, and sets what is known of the end. Raises GatewayError for an error
    inside the stream, for what cannot be understood, and beyond the bound.
    """

    def __init__(self) -> None:
        # Whether the protocol's last event has come: nothing at all may follow.
        self.done = False
        self._raw_reason: str | None = None
        self._usage: Usage | None = None
        self._model = ""
        self._answer_id = ""
        self._detail = ""
        self._answer, self._thoughts = Gate(), Gate()
        self._citations: dict[str, Citation] = {}
        # Whether a tool is called.
        self._called = False

    @property
    def finished(self) -> bool:
        """Whether the gateway has said why it ended; only usage may follow."""
        return self.done or self._raw_reason is not None

    @property
    def counted(self) -> Counted | None:
        """What the gateway has said of the prompt so far, None before it has."""
        usage = check_usage(self._usage)
        if self.finished or usage is None or not usage.input_tokens:
            return None
        # The answer will grow, and so will what it costs.
        return Counted(
            replace(usage, output_tokens=None, reasoning_tokens=None, cost=None)
        )

    def decode(self, name: str, data: bytes) -> list[Delta]:
        """Return the deltas of the event `name` with `data`."""
        raise NotImplementedError

    def decode_whole(self, data: bytes) -> list[Delta]:
        """Return the deltas of a whole answer, where no stream came."""
        return self.decode("", data)

    def finish(self) -> list[Delta]:
        """Return what is still held back, and the one Finished."""
        self._check()
        deltas: list[Delta] = []
        if thought := self._thoughts.close():
            deltas.append(ReasoningDelta(thought))
        if text := self._answer.close():
            deltas.append(TextDelta(text))
        deltas.append(
            Finished(
                reason=self._reason(),
                raw_reason=(self._raw_reason or "")[:NAME_LETTERS],
                usage=check_usage(self._usage),
                model=self._model,
                detail=self._detail[: limits.ERROR_CHARACTERS],
                items=storable(self._items()),
                citations=tuple(self._citations.values()),
                answer_id=self._answer_id,
            )
        )
        return deltas

    def _read_reason(self) -> FinishReason:
        """Return our word for the gateway's own."""
        raise NotImplementedError

    def _reason(self) -> FinishReason:
        """Return why it ended: its reason, unless what came tells more."""
        reason = self._read_reason()
        if reason is FinishReason.LENGTH and not self._made_anything():
            return FinishReason.CONTEXT
        if reason is FinishReason.STOP and self._detail:
            return FinishReason.FILTERED
        if reason is FinishReason.STOP and self._called:
            return FinishReason.TOOL_CALLS
        return reason

    def _made_anything(self) -> bool:
        hidden = self._usage is not None and self._usage.reasoning_tokens
        shown = self._answer.opened or self._thoughts.opened
        return shown or self._called or bool(hidden)

    def _items(self) -> tuple[Json, ...]:
        return ()

    def _text(self, text: str, deltas: list[Delta]) -> None:
        if text := self._answer.take(text):
            deltas.append(TextDelta(text))

    def _think(self, text: str, deltas: list[Delta]) -> None:
        if text := self._thoughts.take(text):
            deltas.append(ReasoningDelta(text))

    def _check(self) -> None:
        """Call it before each event: what fitted has been handed out before."""
        if self._answer.bytes_left < 0 or self._thoughts.bytes_left < 0:
            raise GatewayError(
                ErrorKind.TOO_LONG, f"More than {limits.ANSWER_BYTES:,} bytes."
            )

    def _name(self, model: object, answer_id: object = None) -> None:
        """Keep the first name the gateway gives its model and its answer."""
        if not self._model and isinstance(model, str):
            self._model = clean_line(model)[:NAME_LETTERS]
        if not self._answer_id and isinstance(answer_id, str):
            self._answer_id = clean_line(answer_id)[:NAME_LETTERS]

    def _cite(self, url: object, title: object = "") -> None:
        """Keep a page the answer refers to, once and in order."""
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            return
        url = clean_line(url)[:URL_LETTERS]
        if len(self._citations) < MOST_CITATIONS:
            known = self._citations.get(url)
            text = clean_line(title)[:NAME_LETTERS] if isinstance(title, str) else ""
            if known is None or not known.title:
                self._citations[url] = Citation(url, text)


def parse(data: bytes) -> object:
    """Return the JSON in `data`; raises GARBLED. Lone surrogates are let in here."""
    try:
        return jiter.from_json(data)
    except ValueError:
        pass
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise garbled(data) from None


def garbled(data: bytes) -> GatewayError:
    """Return the error for what cannot be understood."""
    return GatewayError(ErrorKind.GARBLED, data[:200].decode("utf-8", "replace"))


# No prompt and no answer has more; a larger number is nonsense, and would be paid for.
_MOST_TOKENS = 100_000_000


def read_count(value: object) -> int | None:
    """Return a number of tokens, None where `value` is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None


def read_object(place: Json, name: str) -> Json:
    """Return the object that `place` has under `name`, {} where it has none."""
    value = place.get(name)
    return value if isinstance(value, dict) else {}


def read_objects(value: object) -> list[Json]:
    """Return the objects in `value`, [] where it is no list."""
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, dict)]


def first_count(*values: object) -> int | None:
    """Return the first of `values` that is there, as a number of tokens."""
    return next((read_count(value) for value in values if value is not None), None)
