"""What goes to a gateway, and what is known of the model that is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from conversations.wire.answers import Json
from conversations.wire.files import AttachedFile


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model can do, as far as its gateway or the catalogue says.

    `efforts` are the words that set how long it thinks, least first; `thinking` the
    ways in which the messages protocol turns thinking on. `vision` is reading images,
    `files` PDFs as they are. None is unknown.
    """

    reasoning: bool | None = None
    vision: bool | None = None
    files: bool | None = None
    tools: bool | None = None
    efforts: tuple[str, ...] = ()
    thinking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestMessage:
    """A message to be sent. `id` is the stored message's, stable for ever.

    `items` is a reply in the protocol's own items; where there are any they are sent
    in place of `content`. `files` belong to what a person wrote.
    """

    role: Literal["system", "user", "assistant"]
    content: str
    id: str = ""
    items: tuple[Json, ...] = ()
    files: tuple[AttachedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an endpoint wants what its protocol leaves open.

    `effort_field` says where a chat completion takes the effort: `reasoning_effort`,
    or `effort` inside `reasoning`. `thinking` is how the messages protocol turns
    thinking on ("" leaves it to the model). `cache` marks what may be cached, by its
    lifetime; `cache_key` names the parameter that ties a conversation to its cache.
    `without` are parameters that the endpoint has refused, `images` or `files` among
    them where it takes no such parts.
    """

    effort_field: Literal["reasoning_effort", "reasoning"] = "reasoning_effort"
    thinking: Literal["", "adaptive", "enabled"] = ""
    # Whether summaries of the reasoning and encrypted items are asked for.
    asks_reasoning: bool = False
    cache: Literal["", "5m", "1h"] = ""
    cache_key: Literal["", "prompt_cache_key", "session_id"] = ""
    # Whether two messages of one role in a row may be more than its templates take.
    alternates: bool = False
    # Whether the gateway would shorten a request behind our back unless told not to.
    compresses: bool = False
    # Whether images are sent as such, and PDFs.
    images: bool = True
    files: bool = False
    without: frozenset[str] = frozenset()

    @property
    def takes_images(self) -> bool:
        """Whether an image may be sent; where nobody knows, it is tried."""
        return self.images and "images" not in self.without

    @property
    def takes_files(self) -> bool:
        """Whether a PDF is sent as it is."""
        return self.files and "files" not in self.without


@dataclass(frozen=True, slots=True)
class Request:
    """What a protocol module renders into bytes.

    `effort` is one of the model's own words, "" for its default; `conversation`
    ties requests to one cache.
    """

    model: str
    messages: tuple[RequestMessage, ...]
    max_output_tokens: int | None = None
    effort: str = ""
    conversation: str = ""
    dialect: Dialect = field(default_factory=Dialect)
