"""A real HTTP server that passes for any gateway, and behaves as badly as told to.

It speaks chat completions, responses and messages, each as an official SDK expects it,
and lists models as the gateways do. The model's name chooses what happens; any name can
be given a meaning (`TestGateway.alias`, `TestGateway.script`, the header X-Scenario).
Alone: `python -m tests.gateway --port 9000` prints what there is.

A request goes through these, one idea each:

- server, exchange: bytes in and out; `Recorded` is all that is known of a request.
- flavours: which gateway a path belongs to, and what that one does differently.
- asked: what a request asks, whatever its protocol; naming: what the name says.
- checks: what the real gateways refuse (ids, past thoughts, parameters, keys).
- gates, windows: what may stop a request before its answer.
- economy, counting, caching: the truth about tokens, caches and money.
- scenarios, failures, json_answers: the scripts, which use `Answer`'s few verbs.
- answer, style, modifiers: how an answer is paced and how it looks.
- surfaces: the same words in each protocol's bytes; envelopes: errors likewise.
- catalogs: lists of models.
"""

from __future__ import annotations

from tests.gateway.economy import Economy
from tests.gateway.exchange import Recorded
from tests.gateway.server import TestGateway

__all__ = ["Economy", "Recorded", "TestGateway"]
