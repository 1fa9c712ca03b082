"""What both readers do: an order and a file come in, what was read of it goes out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from conversations.services.attachments.child.bounds import bind
from conversations.services.attachments.child.refusals import Refusal, UnreadableError

Order = dict[str, Any]
Answer = tuple[dict[str, Any], bytes]
Reader = Callable[[Order, bytes], Answer]


def serve(read: Reader) -> None:
    """Read one file from standard input, below a line of JSON that says how.

    Answers with a line of JSON, and the bytes of a picture below it.
    """
    order: Order = json.loads(sys.stdin.buffer.readline())
    bind(memory_bytes=order["memory_bytes"], seconds=int(order["seconds"]))
    answer, data = answer_for(read, order, sys.stdin.buffer.read())
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + data)
    sys.stdout.buffer.flush()


def answer_for(read: Reader, order: Order, data: bytes) -> Answer:
    """Return what was read, or why it could not be, whatever `read` raises."""
    try:
        return read(order, data)
    except UnreadableError as error:
        return {"refusal": error.refusal, "figure": error.figure}, b""
    except MemoryError:
        return {"refusal": Refusal.MEMORY}, b""
    except Exception:  # noqa: BLE001 - a file may make its reader raise anything
        return {"refusal": Refusal.DAMAGED}, b""
