"""More files than one request takes: older ones are named, and later turns go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conversations import limits
from conversations.models import Attachment, Epoch, LearnedFact
from conversations.services.inspection.reading import find_generation
from conversations.services.notes import note_for
from conversations.services.rebuilding import rebuild_request
from conversations.wire import State
from tests.services.attaching import ask_with, keep, make_png
from tests.services.inspecting import inspect

if TYPE_CHECKING:
    from conversations.models import Generation, Message, User
    from tests.gateway import TestGateway
    from tests.services.conftest import Talk

pytestmark = pytest.mark.django_db(transaction=True)


def keep_wide(user: User, width: int, more: int = 9_000) -> Attachment:
    """A picture that takes about 12,000 bytes in a request."""
    # What follows the end of a PNG is none of its business.
    data = make_png(width) + bytes(more)
    kinds = (Attachment.Kind.IMAGE, f"{width}.png", "image/png")
    return keep(user, *kinds, data, width=width, height=10)


async def show(talk: Talk, width: int, more: int = 9_000) -> Message:
    return await ask_with(talk, await talk.run(keep_wide, talk.author, width, more))


async def generation_of(talk: Talk, reply: Message) -> Generation:
    found = await talk.run(find_generation, reply=reply)
    assert found is not None
    return found


async def test_older_files_are_named_where_all_are_more_than_a_request_takes(
    talk: Talk, gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUEST_FILE_BYTES", 40_000)
    await talk.use("looks+counts")

    replies = [await show(talk, width) for width in (21, 22, 23, 24, 25)]

    assert [reply.content.replace("image/png ", "") for reply in replies[2:]] == [
        "21x10; 22x10; 23x10",
        "24x10",
        "24x10; 25x10",
    ]
    asked = [request.asked for request in gateway.requests]
    prefixes = [one.prefixes for one in asked if one]
    assert prefixes[4][: len(prefixes[3])] == prefixes[3]
    line = "[Image 21.png: not shown, newer files take up the room]"
    assert asked[4] is not None
    assert line in asked[4].turns[1][1]
    in_order = Epoch.objects.order_by("pk").values_list("reason", flat=True)
    epochs = await talk.run(list, in_order)
    assert epochs == ["start", "files"]
    # Of what was sent then, nothing depends on what the bound is now.
    monkeypatch.setattr(limits, "REQUEST_FILE_BYTES", 1)
    for reply, request in zip(replies, gateway.requests, strict=True):
        generation = await generation_of(talk, reply)
        rebuilt = await talk.run(rebuild_request, generation=generation)
        assert (rebuilt.matches, rebuilt.body) == (True, request.body)


async def test_the_inspector_says_why_a_file_was_only_named(
    talk: Talk, gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUEST_FILE_BYTES", 20_000)
    await talk.use("looks+counts")
    await show(talk, 21)

    shown = await inspect(talk, await show(talk, 22))

    said = [one for row in shown.rows for one in (*row.said, *row.said_last)]
    assert [(one.files[0].title, one.files[0].fate) for one in said if one.files] == [
        ("Image 21.png", "only its name was sent: newer files take up the room"),
        ("Image 22.png", ""),
    ]
    assert shown.difference is not None
    assert "those of older messages left" in shown.difference.sentence


async def test_a_gateway_that_takes_less_is_asked_once_more_without_older_files(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("most-bytes:30000+looks+counts")

    replies = [await show(talk, width) for width in (21, 22, 23, 24)]

    assert [request.status for request in gateway.requests] == [200, 200, 413, 200, 200]
    assert [reply.content.replace("image/png ", "") for reply in replies[2:]] == [
        "23x10",
        "23x10; 24x10",
    ]
    generation = await generation_of(talk, replies[2])
    assert (generation.state, generation.trimmed) == (State.COMPLETE, False)
    assert (await talk.run(rebuild_request, generation=generation)).matches
    # It says nothing of how many tokens a model reads.
    assert not await talk.run(LearnedFact.objects.exists)


async def test_a_question_that_a_gateway_finds_too_large_is_explained(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("most-bytes:30000+looks+counts")

    first = await show(talk, 21, more=30_000)
    second = await talk.ask("Never mind.")
    third = await show(talk, 22, more=30_000)

    for reply, name in ((first, "21.png"), (third, "22.png")):
        generation = await generation_of(talk, reply)
        assert generation.state == State.FAILED
        assert note_for(generation, text="") == (
            "The gateway of most-bytes:30000+looks+counts takes no request as large as "
            f"this one. Take {name} out, or make it smaller."
        )
    assert second.content == "Nothing to look at."
    statuses = [request.status for request in gateway.requests]
    assert statuses == [413, 413, 200, 413]
