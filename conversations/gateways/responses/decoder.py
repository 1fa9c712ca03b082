"""The responses protocol: its answers as deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from conversations import limits
from conversations.gateways.decoding import (
    DONE,
    Decoder,
    garbled,
    parse,
    read_count,
    read_object,
    read_objects,
)
from conversations.gateways.failures.mapping import map_payload
from conversations.gateways.responses import fields
from conversations.gateways.responses.calls import Calls
from conversations.gateways.responses.items import Items, read_replay
from conversations.text import clean_text
from conversations.wire import FinishReason, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversations.wire import Delta

    Handler = Callable[["ResponsesDecoder", str, Json, list[Delta]], None]

TEXT = "response.output_text.delta"


class ResponsesDecoder(Decoder):
    """Turns the events of one stream, or one whole response, into deltas.

    An event's data says what it is. Of two names under which a gateway gives the same
    text, the first counts; what comes after the last event is ignored.
    """

    def __init__(self) -> None:
        super().__init__()
        self._calls, self._done_items = Calls(), Items()
        self._event_bytes = 0
        # The event that carries the text, and the text as it came.
        self._speech = ""
        self._said: list[str] = []
        # The index of a message that has ended, until another begins.
        self._ended: int | None = None
        # The event that carries the reasoning of each item, and its last part.
        self._thinking: dict[int | None, str] = {}
        self._part: object = None
        self._replay: list[Json] = []

    def decode(self, name: str, data: bytes) -> list[Delta]:
        """Return the deltas of the event `name` with `data`."""
        self._check()
        if self.done or data == DONE:
            self.done = True
            return []
        event = parse(data)
        if not isinstance(event, dict):
            raise garbled(data)
        deltas: list[Delta] = []
        kind = event.get("type") or name
        if kind == TEXT:
            self._say(TEXT, event, deltas)
        else:
            self._event_bytes = len(data)
            self._dispatch(str(kind), event, deltas)
            self._called = bool(self._calls)
        return deltas

    def _dispatch(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        if handler := self._HANDLERS.get(kind):
            handler(self, kind, event, deltas)
        elif kind.startswith("response."):
            # Of something we do not show, such as a tool at work.
            return
        elif event.get("object") == "response":
            self._end(kind, {"response": event}, deltas)
        elif event.get("error") or event.get("object") == "error":
            raise map_payload(event)

    def _begin(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        response = read_object(event, "response")
        self._name(response.get("model"), response.get("id"))

    def _say(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        self._speech = self._speech or kind
        if kind == self._speech:
            self._utter(fields.read_delta(event), event, deltas)

    def _refuse(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        text = fields.read_delta(event)
        self._explain(text)
        self._utter(text, event, deltas)

    def _utter(self, text: str, event: Json, deltas: list[Delta]) -> None:
        if not text:
            return
        if self._ended is not None:
            if event.get("output_index") != self._ended:
                text = fields.BREAK + text
            self._ended = None
        self._said.append(text)
        self._text(text, deltas)

    def _think_aloud(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        """A gateway may give both the reasoning and its summary: one is enough."""
        text = fields.read_delta(event)
        index = read_count(event.get("output_index"))
        if text and self._thinking.setdefault(index, kind) == kind:
            part = index, read_count(event.get("summary_index"))
            self._think_part(part, text, deltas)

    def _think_part(self, part: object, text: str, deltas: list[Delta]) -> None:
        if self._thoughts.opened and part != self._part:
            text = fields.BREAK + text
        self._part = part
        self._think(text, deltas)

    def _refer(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        cited = fields.read_citation(read_object(event, "annotation"))
        self._cite(cited.get("url"), cited.get("title"))

    def _begin_item(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        deltas.extend(self._calls.read_item(event, read_object(event, "item")))

    def _end_item(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        item = event.get("item")
        if not isinstance(item, dict):
            return
        index = read_count(event.get("output_index"))
        self._done_items.keep(index, item, self._event_bytes)
        deltas.extend(self._calls.read_item(event, item))
        if item.get("type") == "message" and self._said:
            self._ended = index
        if not self._thinking and not self._answer.opened:
            self._recall([item], deltas)

    def _call(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        deltas.extend(self._calls.read_piece(event))

    def _call_whole(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        deltas.extend(self._calls.read_arguments(event))

    def _fail(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        raise map_payload(event)

    def _end(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        response = read_object(event, "response")
        raw = fields.read_end(kind, response)
        if raw == "failed":
            raise map_payload(fields.read_failure(event, response))
        if isinstance(model := response.get("model"), str) and model:
            # The last word on who answered: until now it may have been an alias.
            self._model = ""
        self._name(model, response.get("id"))
        self._usage = fields.read_usage(response.get("usage"))
        self._raw_reason = raw or None
        self.done = True
        self._catch_up(read_objects(response.get("output")), deltas)

    def _catch_up(self, output: list[Json], deltas: list[Delta]) -> None:
        """Give what the whole response has and its deltas had not."""
        done = self._done_items.ordered()
        whole = output or done
        if not self._thoughts.opened and not self._answer.opened:
            self._recall(whole, deltas)
        if rest := fields.read_rest("".join(self._said), fields.read_answer(whole)):
            self._said.append(rest)
            self._text(rest, deltas)
        self._explain(fields.read_refusal(whole) if not self._detail else "")
        for cited in fields.read_citations(whole):
            self._cite(cited.get("url"), cited.get("title"))
        deltas.extend(self._calls.read_output(whole))
        # LiteLLM retypes what it lists as the output, but not the finished items.
        replay = done or output
        # What people did not read is not replayed either.
        if fields.is_same("".join(self._said), fields.read_answer(replay)):
            self._replay = replay

    def _recall(self, items: list[Json], deltas: list[Delta]) -> None:
        for item in items:
            for text in fields.read_reasoning(item):
                self._think_part(object(), text, deltas)

    def _explain(self, refusal: str) -> None:
        explained = self._detail + clean_text(refusal)
        self._detail = explained[: limits.ERROR_CHARACTERS]

    def _items(self) -> tuple[Json, ...]:
        completed = self._reason() is FinishReason.STOP
        return read_replay(self._replay) if completed else ()

    def _read_reason(self) -> FinishReason:
        return fields.read_reason(self._raw_reason)

    _HANDLERS: ClassVar[dict[str, Handler]] = {
        "response.created": _begin,
        "response.queued": _begin,
        "response.in_progress": _begin,
        "response.content_part.delta": _say,
        "response.text.delta": _say,
        "response.refusal.delta": _refuse,
        "response.reasoning_summary_text.delta": _think_aloud,
        "response.reasoning_summary.delta": _think_aloud,
        "response.reasoning_text.delta": _think_aloud,
        "response.reasoning.delta": _think_aloud,
        "response.output_text.annotation.added": _refer,
        "response.output_item.added": _begin_item,
        "response.output_item.done": _end_item,
        "response.function_call_arguments.delta": _call,
        "response.function_call_arguments.done": _call_whole,
        "response.completed": _end,
        "response.done": _end,
        "response.incomplete": _end,
        "response.failed": _end,
        "response.cancelled": _end,
        "response.error": _fail,
        "error": _fail,
    }
