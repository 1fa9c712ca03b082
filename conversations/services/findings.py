"""What a test of a gateway has found, in the words of its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.gateways.errors import ErrorKind, GatewayError, explain
from conversations.models import Endpoint
from conversations.rendering.figures import name_cost
from conversations.services.calls import Reply
from conversations.text import clean_line
from conversations.wire import FinishReason

if TYPE_CHECKING:
    from conversations.models import LanguageModel, UsageRecord
    from conversations.services.errors import RefusedError
    from conversations.services.syncing import Synced
    from conversations.wire import Protocol

LABELS: dict[str, str] = dict(Endpoint.Protocol.choices)
LIST = "List of models"


@dataclass(frozen=True, slots=True)
class Tried:
    """One part of a test: an answer, the number of models listed, or a failure.

    `protocol` is None for the list. Times are in seconds.
    """

    protocol: Protocol | None
    seconds: float
    result: Reply | int | None = None
    failure: GatewayError | RefusedError | None = None

    @property
    def title(self) -> str:
        return LIST if self.protocol is None else LABELS[self.protocol]


@dataclass(frozen=True, slots=True)
class Finding:
    """A part of a test for people: what works or what is wrong, and what to do.

    `detail` is the gateway's own words, scrubbed.
    """

    title: str
    works: bool
    words: str
    advice: str = ""
    detail: str = ""


# What an admin can do, who reads this beside the gateway's own page.
_ADVICE = {
    ErrorKind.UNREACHABLE: "Check the address, and whether this server can reach it.",
    ErrorKind.UNAUTHORISED: "Enter the key once more, and check that it belongs to "
    "this gateway.",
    ErrorKind.FORBIDDEN: "The key may be for other models. Try another model, or see "
    "the account at the gateway.",
    ErrorKind.NOT_FOUND: "Check the address, which often ends in /v1, and that the "
    "gateway has this model.",
    ErrorKind.NO_CREDIT: "Top up the account at the gateway.",
    ErrorKind.NOT_A_STREAM: "Something is there, but no gateway: check the address, "
    "which often ends in /v1.",
    ErrorKind.REDIRECT: "Enter the address that it leads to; keys are not sent on.",
    ErrorKind.MODERATED: "The key works. Try another model.",
}
_NEITHER = frozenset({ErrorKind.UNREACHABLE, ErrorKind.NOT_FOUND})
_SENTENCES = {
    ErrorKind.UNREACHABLE: "It could not be reached.",
    ErrorKind.TIMEOUT: "It took too long to answer.",
    ErrorKind.UNAUTHORISED: "It did not accept the key.",
    ErrorKind.FORBIDDEN: "It does not allow this request or this model.",
    ErrorKind.NOT_FOUND: "It does not know this address or this model.",
    ErrorKind.NO_CREDIT: "The account there has run out of credit.",
    ErrorKind.NOT_A_STREAM: "What it sent is not the answer of a model.",
    ErrorKind.REDIRECT: "The address leads somewhere else.",
}
_ENDS = {
    FinishReason.LENGTH: "It came to the limit of this short test, which is fine.",
    FinishReason.FILTERED: "The gateway's own rules withheld some of it.",
    FinishReason.TOOL_CALLS: "It asked for a tool instead of answering.",
}
_BROKEN = frozenset({FinishReason.CUT, FinishReason.ERROR})


def describe_list(tried: Tried) -> Finding:
    """Say how many models are listed, or why there is no list."""
    if tried.failure is not None:
        return describe_failure(tried, None, others_answered=False)
    count = tried.result
    words = f"{_count(count)} in {_seconds(tried.seconds)}."
    if count == 0:
        return Finding(LIST, works=False, words=words, advice="Add a model by name.")
    return Finding(LIST, works=True, words=words)


def describe_reply(tried: Tried) -> Finding:
    """Say how fast an answer came, whether it streamed, and what it took."""
    reply = tried.result
    assert isinstance(reply, Reply)
    reason = reply.finished.reason
    if reason in _BROKEN:
        return Finding(
            tried.title,
            works=False,
            words="It began to answer, and ended without saying why.",
            advice="A proxy between here and the gateway may cut it off.",
            detail=reply.finished.detail,
        )
    sentences = [_speed(reply), _stream(reply), _usage(reply.usage)]
    sentences.append(_ENDS.get(reason, "") if reply.text or reason in _ENDS else _EMPTY)
    words = " ".join(sentence for sentence in sentences if sentence)
    return Finding(tried.title, works=True, words=words)


_EMPTY = "There was no text in it."


def describe_failure(
    tried: Tried, model: LanguageModel | None, *, others_answered: bool
) -> Finding:
    """Say what went wrong and what to do about it."""
    error = tried.failure
    if not isinstance(error, GatewayError):
        return Finding(tried.title, works=False, words=str(error))
    words = _SENTENCES.get(error.kind) or explain(error.kind)
    advice = _ADVICE.get(error.kind, "")
    if tried.protocol is not None and error.kind is ErrorKind.NOT_FOUND:
        if others_answered:
            words = (
                f"This gateway does not offer the {tried.title} protocol at that "
                "address."
            )
            advice = "Correct the address or empty it: other protocols answer."
        elif model is not None and _is_elsewhere(model, tried.protocol):
            advice = f"It lists {model.name} for other protocols only. {advice}"
    elif tried.protocol is None and error.kind in _NEITHER:
        advice = f"{advice} Without a list, models can be added by name."
    return Finding(
        tried.title, works=False, words=words, advice=advice, detail=error.detail
    )


NOTHING_LISTED = (
    "The gateway answered with an empty list. Models can be added by name; if there "
    "should be some, please check the address."
)


def describe_synced(synced: Synced) -> str:
    """Say what asking for a list has brought."""
    if not synced.listed:
        return NOTHING_LISTED
    parts = [f"{_count(synced.listed)} found"]
    if synced.new and synced.new != synced.listed:
        parts.append(f"{synced.new:,} of them new")
    if synced.missing:
        parts.append(f"{synced.missing:,} no longer listed")
    return ", ".join(parts) + "."


def describe_problem(error: Exception) -> str:
    """Say why a gateway gave no list, in one line."""
    if isinstance(error, TimeoutError):
        return "The gateway took too long to list its models."
    if not isinstance(error, GatewayError):
        return str(error)
    words = _SENTENCES.get(error.kind)
    words = words.replace("It ", "The gateway ", 1) if words else explain(error.kind)
    parts = [words, _ADVICE.get(error.kind, "")]
    if error.detail:
        parts.append(f"It says: {clean_line(error.detail)}")
    return " ".join(part for part in parts if part)


def _is_elsewhere(model: LanguageModel, protocol: Protocol) -> bool:
    return bool(model.listed_protocols) and protocol not in model.listed_protocols


def _speed(reply: Reply) -> str:
    words = f"It answered in {_seconds(reply.seconds)}"
    if reply.seconds_to_first is None:
        return f"{words}."
    return f"{words}, the first word after {_seconds(reply.seconds_to_first)}."


def _stream(reply: Reply) -> str:
    if reply.pieces > 1:
        return "It streams."
    return "It came in one piece, so it may not stream." if reply.text else ""


def _usage(usage: UsageRecord | None) -> str:
    if usage is None:
        return ""
    about = "≈ " if usage.estimated else ""
    counts = (
        (usage.input_tokens, "in"),
        (usage.output_tokens, "out"),
    )
    tokens = ", ".join(
        f"{about}{count:,} tokens {way}" for count, way in counts if count is not None
    )
    cost = name_cost(usage.cost, estimated=usage.estimated)
    words = f"It took {tokens or 'an unknown number of tokens'}; {cost}."
    return f"{words} The gateway did not report them." if usage.estimated else words


def _count(count: object) -> str:
    return "1 model" if count == 1 else f"{count:,} models"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.1 else "less than 0.1 s"
