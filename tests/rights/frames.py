"""Frames that no page of ours sends."""

from __future__ import annotations

from conversations import limits

HOSTILE = (
    "null",
    "[]",
    "7" * 5000,
    "[" * 5000,
    '{"t":"sub"',
    '{"t":null}',
    '{"t":["sub"]}',
    '{"t":"SUB"}',
    '{"t":"__class__"}',
    '{"t":"send","content":"Hello"}',
    '{"t":"websocket.close","code":4404}',
    '{"type":"websocket.disconnect","t":"disconnect"}',
    '{"t":"sub","seen":-1}',
    '{"t":"sub","seen":1e400}',
    '{"t":"sub","m":"x"}',
    '{"t":"sub","at":7}',
    '{"t":"k","m":"x","o":1}',
    '{"t":"k","m":"","o":true}',
    '{"t":"read"}',
    '{"t":"read","m":7}',
    '{"t":"read","m":"x"}',
    b'{"t":"sub"}',
    "x" * (limits.FRAME_BYTES + 1),
)
