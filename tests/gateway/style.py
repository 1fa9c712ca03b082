"""How a gateway's answers look on the wire: what its protocol leaves open."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Style:
    """One answer's manners. A flavour sets them, parts of the model's name change them.

    `usage` is where the tokens are told: `final` (as the protocol says), `finish`,
    `filled`, `repeated`, `everywhere`, `late` (zeros first), `early` (zeros last),
    `null`, `alias`, `absurd` or `never`. `thoughts` names the fields of a chat
    completion that reasoning stands in. `names` is the Responses protocol's own set
    of event names, or OpenRouter's `prose`.
    """

    usage: str = "final"
    thoughts: tuple[str, ...] = ("reasoning", "reasoning_content")
    names: str = "standard"
    done: bool | None = None
    # Whether usage comes only where `stream_options` asks for it.
    asks_for_usage: bool = False
    tells_cost: bool = False
    # What it says that every answer costs, whatever it does cost.
    cost: Decimal | None = None
    # What comes of too long a prompt: `refuses`, `shortens`, `length`, `openrouter`.
    overflows: str = "refuses"
    # A chat completion's: what it opens with (`filter`, `debug`), the gateway's other
    # word for the end, whether every call is number 0, where pages are named (`top`).
    preface: str = ""
    native: str = ""
    stuck_index: bool = False
    cites: str = ""
    # Junk in every delta, and no finish reason where there is none.
    obfuscates: bool = False
    omits_null: bool = False
    # The wire's small print.
    closes: bool = False
    event_lines: bool = True
    # LiteLLM names no events on the responses protocol, and only there.
    bare_responses: bool = False
    sequence: bool = True
    ids: bool = True
    created: int = 0
    model: str = ""
    line_end: bytes = b"\n"
    byte_by_byte: bool = False
    # The answer comes whole, as JSON, or streams, whatever was asked for.
    form: str = ""
    # An error's envelope and wording; "" is the protocol's own.
    envelope: str = ""
    wording: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    # Headers of refusals only.
    refusal_headers: dict[str, str] = field(default_factory=dict)
    availability: dict[str, object] = field(default_factory=dict)
    keep_alive: bytes = b": PROCESSING\n\n"
