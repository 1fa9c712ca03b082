"""Every bound, with its unit. An environment variable of the same name changes it.

Read through `limits.NAME`; values are fixed at start.
"""

from __future__ import annotations

import math
import os


def _number(name: str, default: float) -> float:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        message = f"{name} must be a number above 0, not {raw!r}."
        raise SystemExit(message)
    return value


def _integer(name: str, default: int) -> int:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    # Python refuses to read numbers of thousands of digits.
    if not raw.isdecimal() or len(raw) > 15 or int(raw) < 1:
        message = f"{name} must be a whole number above 0, not {raw!r}."
        raise SystemExit(message)
    return int(raw)


# What a person may write.
MESSAGE_BYTES = _integer("MESSAGE_BYTES", 100_000)
# As long as its column: the only bound that the environment does not change.
TITLE_CHARACTERS = 200
SYSTEM_PROMPT_BYTES = _integer("SYSTEM_PROMPT_BYTES", 32_000)
BODY_BYTES = _integer("BODY_BYTES", 1_000_000)

# What a gateway may take and give.
GATEWAY_CONNECT_SECONDS = _number("GATEWAY_CONNECT_SECONDS", 5.0)
GATEWAY_FIRST_BYTE_SECONDS = _number("GATEWAY_FIRST_BYTE_SECONDS", 120.0)
GATEWAY_IDLE_SECONDS = _number("GATEWAY_IDLE_SECONDS", 60.0)
GATEWAY_TOTAL_SECONDS = _number("GATEWAY_TOTAL_SECONDS", 600.0)
GATEWAY_EVENT_BYTES = _integer("GATEWAY_EVENT_BYTES", 4_000_000)
GATEWAY_ERROR_BYTES = _integer("GATEWAY_ERROR_BYTES", 65_536)
ERROR_CHARACTERS = _integer("ERROR_CHARACTERS", 2_000)
ANSWER_BYTES = _integer("ANSWER_BYTES", 1_000_000)

# How much may run at once.
RUNNING_PER_USER = _integer("RUNNING_PER_USER", 3)
RUNNING_PER_PROCESS = _integer("RUNNING_PER_PROCESS", 100)
QUEUED_PER_CONVERSATION = _integer("QUEUED_PER_CONVERSATION", 20)

# What is shown.
RICH_BYTES = _integer("RICH_BYTES", 65_536)
FENCE_BYTES = _integer("FENCE_BYTES", 4_096)
PAGE_MESSAGES = _integer("PAGE_MESSAGES", 50)
PAGE_CONVERSATIONS = _integer("PAGE_CONVERSATIONS", 40)

# Live.
TICK_SECONDS = _number("TICK_SECONDS", 0.010)
BUSY_TICK_SECONDS = _number("BUSY_TICK_SECONDS", 0.040)
BUSY_MESSAGES = _integer("BUSY_MESSAGES", 4)
ANNOUNCE_SECONDS = _number("ANNOUNCE_SECONDS", 0.015)
LEASE_SECONDS = _number("LEASE_SECONDS", 15.0)
HEARTBEAT_SECONDS = _number("HEARTBEAT_SECONDS", 5.0)
DRAIN_SECONDS = _number("DRAIN_SECONDS", 25.0)
ACCESS_CHECK_SECONDS = _number("ACCESS_CHECK_SECONDS", 1.0)
UNACKNOWLEDGED_CHARACTERS = _integer("UNACKNOWLEDGED_CHARACTERS", 65_536)
FRAME_BYTES = _integer("FRAME_BYTES", 65_536)
FRAMES_PER_SECOND = _integer("FRAMES_PER_SECOND", 20)
SOCKETS_PER_USER = _integer("SOCKETS_PER_USER", 20)
