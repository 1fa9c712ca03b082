"""What the tests of the inspector share: looking, and comparing with what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.models import Message
from conversations.services.inspection.reading import inspect_context

if TYPE_CHECKING:
    from conversations.services.inspection.items import Row
    from conversations.services.inspection.reading import Inspection
    from conversations.services.inspection.said import Said
    from tests.gateway import TestGateway
    from tests.services.conftest import Talk

# Of a few such messages a context of so many tokens is full.
LONG = "A few words about tea, and about the boiling of water. " * 20
CAP = 1_200


async def inspect(talk: Talk, reply: Message, attempt: int | None = None) -> Inspection:
    shown = await talk.run(inspect_context, reply=reply, attempt=attempt)
    assert shown is not None
    return shown


def texts_of(rows: tuple[Row, ...]) -> list[tuple[str, str]]:
    """Who says what in the lines that were sent, in order."""
    found: list[tuple[str, str]] = []
    for row in rows:
        if not row.is_sent:
            continue
        if row.text:
            roles = {"system": "system", "partial": "assistant"}
            found.append((roles.get(row.kind, "user"), row.text))
            continue
        assert not row.turns_between
        said = (*row.said, *row.said_last)
        messages = Message.objects.in_bulk([one.id for one in said])
        found += [(one.role, messages[one.id].content) for one in said]
    return found


def merged(texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What one side said in a row is one message to gateways of this kind."""
    found: list[tuple[str, str]] = []
    for role, text in texts:
        if found and found[-1][0] == role:
            found[-1] = (role, f"{found[-1][1]}\n\n{text}")
        else:
            found.append((role, text))
    return found


async def expect_true(talk: Talk, gateway: TestGateway, shown: Inspection) -> None:
    """What is listed is what came, and it adds up."""
    asked = gateway.requests[-1].asked
    assert asked is not None
    assert merged(await talk.run(texts_of, shown.rows)) == asked.turns
    sizes = shown.sizes
    assert sizes is not None
    sent = sum(row.tokens or 0 for row in shown.rows if row.is_sent)
    assert sent + sizes.around == sizes.estimate
    for row in shown.rows:
        expect_sum(row)


def expect_sum(row: Row) -> None:
    if row.kind == "turns" and row.is_sent:
        said = sum(one.tokens or 0 for one in (*row.said, *row.said_last))
        assert said + (row.tokens_between or 0) == row.tokens


def words(said: tuple[Said, ...]) -> list[str]:
    return [one.words for one in said]
