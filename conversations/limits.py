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
# Their columns hold no more: the only bounds that the environment does not change.
TEAM_CHARACTERS = 80
TITLE_CHARACTERS = 200
FACT_CHARACTERS = 300
SYSTEM_PROMPT_BYTES = _integer("SYSTEM_PROMPT_BYTES", 32_000)
BODY_BYTES = _integer("BODY_BYTES", 1_000_000)

# What a person may add to a message, and how it is looked at.
FILES_PER_MESSAGE = _integer("FILES_PER_MESSAGE", 10)
FILE_BYTES = _integer("FILE_BYTES", 20_000_000)
# Base64 makes four bytes of three; gateways refuse requests of 32 MB or so.
REQUEST_FILE_BYTES = _integer("REQUEST_FILE_BYTES", 30_000_000)
UPLOAD_BYTES = _integer("UPLOAD_BYTES", 50_000_000)
UPLOAD_BYTES_PER_USER = _integer("UPLOAD_BYTES_PER_USER", 1_000_000_000)
IMAGE_PIXELS = _integer("IMAGE_PIXELS", 40_000_000)
IMAGE_SIDE_PIXELS = _integer("IMAGE_SIDE_PIXELS", 2_048)
PDF_PAGES = _integer("PDF_PAGES", 500)
FILE_TEXT_BYTES = _integer("FILE_TEXT_BYTES", 2_000_000)
EXTRACTION_SECONDS = _number("EXTRACTION_SECONDS", 10.0)
EXTRACTION_MEMORY_BYTES = _integer("EXTRACTION_MEMORY_BYTES", 512_000_000)
EXTRACTIONS_AT_ONCE = _integer("EXTRACTIONS_AT_ONCE", 2)
UPLOADS_WAITING = _integer("UPLOADS_WAITING", 50)
UPLOADS_WAITING_PER_SESSION = _integer("UPLOADS_WAITING_PER_SESSION", 10)
UNREADABLE_FILES_PER_HOUR = _integer("UNREADABLE_FILES_PER_HOUR", 60)

# How long a one-time link is good, and how many there may be.
INVITATION_DAYS = _integer("INVITATION_DAYS", 7)
PASSWORD_LINK_HOURS = _integer("PASSWORD_LINK_HOURS", 24)
INVITATIONS_PER_TEAM = _integer("INVITATIONS_PER_TEAM", 100)
LINKS_PER_DAY = _integer("LINKS_PER_DAY", 100)

# What is remembered of a conversation when it no longer fits.
SUMMARY_BYTES = _integer("SUMMARY_BYTES", 8_000)
FACTS_PER_CONVERSATION = _integer("FACTS_PER_CONVERSATION", 200)
PINNED_TOKENS = _integer("PINNED_TOKENS", 8_000)

# What was deleted can come back for so long; a draft's files are kept for days.
UNDO_HOURS = _number("UNDO_HOURS", 24.0)
DRAFT_FILE_DAYS = _number("DRAFT_FILE_DAYS", 7.0)

# What a person may put in order.
FOLDERS_PER_USER = _integer("FOLDERS_PER_USER", 50)
PINNED_CONVERSATIONS = _integer("PINNED_CONVERSATIONS", 50)

# How many teams a person may be in who makes another.
TEAMS_PER_USER = _integer("TEAMS_PER_USER", 100)

# What a gateway may take and give.
GATEWAY_CONNECT_SECONDS = _number("GATEWAY_CONNECT_SECONDS", 5.0)
GATEWAY_FIRST_BYTE_SECONDS = _number("GATEWAY_FIRST_BYTE_SECONDS", 120.0)
GATEWAY_IDLE_SECONDS = _number("GATEWAY_IDLE_SECONDS", 60.0)
GATEWAY_TOTAL_SECONDS = _number("GATEWAY_TOTAL_SECONDS", 600.0)
GATEWAY_EVENT_BYTES = _integer("GATEWAY_EVENT_BYTES", 4_000_000)
GATEWAY_ERROR_BYTES = _integer("GATEWAY_ERROR_BYTES", 65_536)
ERROR_CHARACTERS = _integer("ERROR_CHARACTERS", 2_000)
ANSWER_BYTES = _integer("ANSWER_BYTES", 1_000_000)

# How often a gateway is asked again before it has begun to answer.
RETRY_TRIES = _integer("RETRY_TRIES", 4)
RETRY_FIRST_SECONDS = _number("RETRY_FIRST_SECONDS", 0.5)
RETRY_MOST_SECONDS = _number("RETRY_MOST_SECONDS", 8.0)
RETRY_AFTER_MOST_SECONDS = _number("RETRY_AFTER_MOST_SECONDS", 60.0)

# How much may run at once.
RUNNING_PER_USER = _integer("RUNNING_PER_USER", 3)
RUNNING_PER_PROCESS = _integer("RUNNING_PER_PROCESS", 100)
QUEUED_PER_CONVERSATION = _integer("QUEUED_PER_CONVERSATION", 20)

# What is shown.
RICH_BYTES = _integer("RICH_BYTES", 65_536)
FENCE_BYTES = _integer("FENCE_BYTES", 4_096)
PAGE_MESSAGES = _integer("PAGE_MESSAGES", 25)
# A page begins with so many, and with more where they are new to its reader.
OPENING_MESSAGES = _integer("OPENING_MESSAGES", 10)
PAGE_CONVERSATIONS = _integer("PAGE_CONVERSATIONS", 40)
FOLDER_CONVERSATIONS = _integer("FOLDER_CONVERSATIONS", 10)

# What of a message is searched, how soon it can be found, and what is looked through.
SEARCH_CHARACTERS = _integer("SEARCH_CHARACTERS", 100_000)
SEARCH_INDEX_SECONDS = _number("SEARCH_INDEX_SECONDS", 1.0)
SEARCH_RANKED = _integer("SEARCH_RANKED", 100)
SEARCH_WALKED = _integer("SEARCH_WALKED", 200)
SEARCH_PAGE = _integer("SEARCH_PAGE", 20)

# Live.
TICK_SECONDS = _number("TICK_SECONDS", 0.010)
BUSY_TICK_SECONDS = _number("BUSY_TICK_SECONDS", 0.040)
BUSY_MESSAGES = _integer("BUSY_MESSAGES", 4)
ANNOUNCE_SECONDS = _number("ANNOUNCE_SECONDS", 0.015)
PRESENCE_SECONDS = _number("PRESENCE_SECONDS", 0.25)
PRESENCE_GRACE_SECONDS = _number("PRESENCE_GRACE_SECONDS", 2.0)
TYPING_SECONDS = _number("TYPING_SECONDS", 5.0)
NEWS_SECONDS = _number("NEWS_SECONDS", 1.0)
LEASE_SECONDS = _number("LEASE_SECONDS", 15.0)
HEARTBEAT_SECONDS = _number("HEARTBEAT_SECONDS", 5.0)
DRAIN_SECONDS = _number("DRAIN_SECONDS", 25.0)
ACCESS_CHECK_SECONDS = _number("ACCESS_CHECK_SECONDS", 1.0)
UNACKNOWLEDGED_CHARACTERS = _integer("UNACKNOWLEDGED_CHARACTERS", 65_536)
FRAME_BYTES = _integer("FRAME_BYTES", 65_536)
FRAMES_PER_SECOND = _integer("FRAMES_PER_SECOND", 20)
SOCKETS_PER_USER = _integer("SOCKETS_PER_USER", 20)
