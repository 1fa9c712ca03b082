"""The three protocols side by side: how each is asked and how it is understood."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conversations.gateways.chat_completions import request as chat_request
from conversations.gateways.chat_completions.decoder import ChatDecoder
from conversations.gateways.files import sent_parts
from conversations.gateways.messages import request as messages_request
from conversations.gateways.messages.decoder import MessagesDecoder
from conversations.gateways.responses import request as responses_request
from conversations.gateways.responses.decoder import ResponsesDecoder
from conversations.wire import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversations.gateways.decoding import Decoder
    from conversations.wire import AttachedFile, Json, Request

# What stands for a file: a mark that no text can know, and a number. Of so many bytes
# each that their base64 stands by itself, without signs at its end.
MARK_BYTES, NUMBER_BYTES, NUMBER_LETTERS = 27, 3, 4


@dataclass(frozen=True, slots=True)
class Codec:
    """A protocol: its path below a base URL, its requests, its answers."""

    path: str
    render: Callable[[Request], Json]
    decoder: type[Decoder]


CODECS: dict[str, Codec] = {
    Protocol.CHAT_COMPLETIONS: Codec(
        "/chat/completions", chat_request.render_request, ChatDecoder
    ),
    Protocol.RESPONSES: Codec(
        "/responses", responses_request.render_request, ResponsesDecoder
    ),
    Protocol.MESSAGES: Codec(
        "/messages", messages_request.render_request, MessagesDecoder
    ),
}


def request_bytes(protocol: str, request: Request) -> bytes:
    """Return the body that `protocol` sends for `request`, byte for byte."""
    hollow, mark, files = _hollow(request)
    body = json.dumps(
        CODECS[protocol].render(hollow), ensure_ascii=False, separators=(",", ":")
    ).encode()
    return _fill(body, mark, files) if files else body


def request_parameters(protocol: str, request: Request) -> set[str]:
    """Return the names of the parameters that `protocol` sends for `request`.

    Of one that is an object, those in it too: `reasoning.effort`; and `images` or
    `files`, where there are such parts among its messages.
    """
    body = CODECS[protocol].render(request)
    objects = {name: value for name, value in body.items() if isinstance(value, dict)}
    inner = {f"{name}.{each}" for name, value in objects.items() for each in value}
    return {*body, *inner, *sent_parts(request)}


def _hollow(request: Request) -> tuple[Request, bytes, list[bytes]]:
    """Return a request with short stand-ins for its files, what all begin with, and them.

    A file would be copied with every step from a string to JSON to bytes, by letters of
    up to four bytes each: so it takes none of them.
    """
    files: list[bytes] = []
    mark = secrets.token_bytes(MARK_BYTES)

    def empty(file: AttachedFile) -> AttachedFile:
        if not file.data:
            return file
        files.append(file.data)
        number = (len(files) - 1).to_bytes(NUMBER_BYTES)
        return replace(file, data=mark + number)

    messages = [
        replace(each, files=tuple(map(empty, each.files))) if each.files else each
        for each in request.messages
    ]
    hollow = replace(request, messages=tuple(messages)) if files else request
    return hollow, b64encode(mark), files


def _fill(body: bytes, mark: bytes, files: list[bytes]) -> bytes:
    """Put files where their stand-ins are: `split` looks for the mark at full speed."""
    first, *rest = body.split(mark)
    pieces = [first]
    for piece in rest:
        number = int.from_bytes(b64decode(piece[:NUMBER_LETTERS]))
        pieces += (b64encode(files[number]), piece[NUMBER_LETTERS:])
    return b"".join(pieces)
