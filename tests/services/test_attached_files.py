"""Files that people send: what a model is shown of them, from their rows to its wire."""

from __future__ import annotations

import tracemalloc
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from conversations.context.files import image_tokens
from conversations.models import Attachment, Endpoint, LanguageModel, LearnedFact
from conversations.services.attachments.sending import count_attachment
from conversations.services.inspection.reading import find_generation
from conversations.services.inspection.requests import (
    export_curl,
    export_json,
    read_request,
)
from conversations.services.notes import note_for
from conversations.services.rebuilding import rebuild_request
from conversations.wire import Protocol, State
from tests.factories import make_attachment
from tests.services.attaching import (
    ask_with,
    keep,
    keep_image,
    keep_pdf,
    keep_text,
    make_png,
)
from tests.services.inspecting import inspect

if TYPE_CHECKING:
    from conversations.models import Generation, Message, User
    from conversations.services.inspection.said import Said
    from tests.gateway import TestGateway
    from tests.services.conftest import Talk

pytestmark = pytest.mark.django_db(transaction=True)

BLIND_LINE = "[Image plan.png: not shown, this model cannot read images]"


async def set_up(talk: Talk, protocol: str = "", **abilities: bool) -> None:
    def change() -> None:
        LanguageModel.objects.update(abilities=abilities)
        if protocol:
            Endpoint.objects.update(protocol=protocol)

    await talk.run(change)
    await talk.use("looks+counts")


async def generation_of(talk: Talk, reply: Message) -> Generation:
    found = await talk.run(find_generation, reply=reply)
    assert found is not None
    return found


def turns(gateway: TestGateway) -> list[tuple[str, str]]:
    asked = gateway.requests[-1].asked
    assert asked is not None
    return asked.turns


@pytest.mark.parametrize("protocol", list(Protocol))
async def test_a_model_sees_what_was_sent_and_sees_it_again(
    talk: Talk, gateway: TestGateway, protocol: Protocol
) -> None:
    await set_up(talk, protocol, files=True)
    image = await talk.run(keep_image, talk.author, width=600)
    pdf = await talk.run(keep_pdf, talk.author, text="Page one.")
    text = await talk.run(keep_text, talk.author, "# Hello")

    first = await ask_with(talk, image, pdf, text)
    second = await talk.ask("And now?")

    seen = "image/png 600x10; report.pdf 2 pages"
    assert (first.content, second.content) == (seen, seen)
    for reply, request in zip((first, second), gateway.requests, strict=True):
        generation = await generation_of(talk, reply)
        assert generation.state == State.COMPLETE
        rebuilt = await talk.run(rebuild_request, generation=generation)
        assert rebuilt.matches
        assert rebuilt.body == request.body
        assert sha256(request.body).hexdigest() == generation.request_sha256
    said = "# Hello\n</file-"
    assert said in turns(gateway)[1][1]


@pytest.mark.parametrize("protocol", list(Protocol))
async def test_within_an_epoch_requests_with_images_begin_alike(
    talk: Talk, gateway: TestGateway, protocol: Protocol
) -> None:
    await set_up(talk, protocol)
    await ask_with(talk, await talk.run(keep_image, talk.author))
    other = await talk.run(keep_image, talk.author, "other.png", width=40)
    await ask_with(talk, other)
    await talk.ask("Which one is larger?")

    prefixes = []
    for request in gateway.requests:
        assert request.asked is not None
        prefixes.append(request.asked.prefixes)
    assert prefixes[1][: len(prefixes[0])] == prefixes[0]
    assert prefixes[2][: len(prefixes[1])] == prefixes[1]
    assert len({len(prefix) for prefix in prefixes}) == 3


async def test_a_model_known_to_be_blind_is_not_asked(
    talk: Talk, gateway: TestGateway
) -> None:
    await set_up(talk, vision=False)

    reply = await ask_with(talk, await talk.run(keep_image, talk.author))

    generation = await generation_of(talk, reply)
    assert not gateway.requests
    assert generation.state == State.FAILED
    assert note_for(generation, text="") == (
        "looks+counts cannot read images. Choose a model that can, "
        "or take plan.png out."
    )


async def test_an_image_of_an_earlier_turn_is_named_to_a_blind_model(
    talk: Talk, gateway: TestGateway
) -> None:
    await set_up(talk)
    await ask_with(talk, await talk.run(keep_image, talk.author, width=600))
    await set_up(talk, vision=False)

    reply = await talk.ask("What did I show you?")
    again = await talk.ask("And now?")

    assert reply.content == "Nothing to look at."
    assert turns(gateway)[1] == ("user", f"What is it?\n\n{BLIND_LINE}")
    generation = await generation_of(talk, again)
    assert (await talk.run(rebuild_request, generation=generation)).matches
    shown = await inspect(talk, again)
    [said] = [one for one in said_in(shown) if one.files]
    assert said.files[0].fate == "not shown: only its name was sent"
    assert said.files[0].tokens < 50


def said_in(shown: Any) -> list[Said]:
    return [one for row in shown.rows for one in (*row.said, *row.said_last)]


@pytest.mark.parametrize(
    "words", ["", ":ollama", ":llamacpp", ":openrouter", ":deepseek", ":vllm"]
)
async def test_a_refused_image_is_explained_and_not_tried_again(
    talk: Talk, gateway: TestGateway, words: str
) -> None:
    await talk.use(f"no-images{words}+ok")

    first = await ask_with(talk, await talk.run(keep_image, talk.author))
    second = await talk.ask("Never mind. How are you?")
    third = await ask_with(talk, await talk.run(keep_image, talk.author, "b.png"))

    refused = await generation_of(talk, first)
    assert refused.state == State.FAILED
    assert note_for(refused, text="") == (
        f"no-images{words}+ok cannot read images. Choose a model that can, or take "
        "plan.png out."
    )
    fact = await talk.run(LearnedFact.objects.get)
    assert (fact.kind, fact.value) == (LearnedFact.Kind.REJECTS, "images")
    assert (await generation_of(talk, second)).state == State.COMPLETE
    assert BLIND_LINE in turns(gateway)[1][1]
    assert "b.png" in note_for(await generation_of(talk, third), text="")
    assert len(gateway.requests) == 2


async def test_a_refused_image_of_an_earlier_turn_is_left_out_at_once(
    talk: Talk, gateway: TestGateway
) -> None:
    await set_up(talk)
    await ask_with(talk, await talk.run(keep_image, talk.author))
    await talk.use("no-images+ok")

    reply = await talk.ask("How are you?")

    generation = await generation_of(talk, reply)
    assert generation.state == State.COMPLETE
    assert [request.status for request in gateway.requests] == [200, 400, 200]
    rebuilt = await talk.run(rebuild_request, generation=generation)
    assert rebuilt.body == gateway.requests[-1].body


@pytest.mark.parametrize("protocol", list(Protocol))
async def test_a_refused_pdf_is_sent_as_text(
    talk: Talk, gateway: TestGateway, protocol: Protocol
) -> None:
    await set_up(talk, protocol, files=True)
    await talk.use("no-files+ok")
    pdf = await talk.run(keep_pdf, talk.author, text="Page one.")

    reply = await ask_with(talk, pdf)

    assert (await generation_of(talk, reply)).state == State.COMPLETE
    assert [request.status for request in gateway.requests] == [400, 200]
    assert "\nPage one.\n" in turns(gateway)[-1][1]


async def test_a_scan_that_no_model_can_read_is_refused_in_words(
    talk: Talk, gateway: TestGateway
) -> None:
    await set_up(talk)

    reply = await ask_with(talk, await talk.run(keep_pdf, talk.author, "scan.pdf"))

    assert not gateway.requests
    assert note_for(await generation_of(talk, reply), text="") == (
        "scan.pdf holds no text, only pages, and looks+counts cannot read those. "
        "Choose a model that reads PDFs, or take scan.pdf out."
    )


async def test_files_are_counted_once_and_with_their_message(
    talk: Talk, gateway: TestGateway
) -> None:
    await set_up(talk)
    image = await talk.run(keep_image, talk.author, width=600)
    text = await talk.run(keep_text, talk.author, "word " * 200)

    reply = await ask_with(talk, image, text)

    tokens = dict(
        await talk.run(lambda: list(Attachment.objects.values_list("kind", "tokens")))
    )
    assert tokens["image"] == image_tokens(600, 10) == 425
    assert tokens["text"] is not None
    assert 200 < tokens["text"] < 250
    shown = await inspect(talk, reply)
    [said] = said_in(shown)
    assert [(one.title, one.tokens) for one in said.files] == [
        ("Image plan.png", 425),
        ("File notes.md", tokens["text"]),
    ]
    assert said.tokens is not None
    assert said.tokens > 425 + 200
    html = await talk.run(open_inspector, reply, talk.author)
    assert "Image plan.png · 425 tokens" in html
    assert shown.sizes is not None
    assert shown.sizes.counted is not None
    assert abs(shown.sizes.estimate - shown.sizes.counted) < 20


def open_inspector(reply: Message, user: User) -> str:
    client = Client()
    client.force_login(user)
    url = reverse("context", args=[reply.conversation_id, reply.pk])
    return client.get(url).content.decode()


def test_a_file_is_counted_when_it_is_first_asked_for(alice: User) -> None:
    row = make_attachment(alice, name="a.txt", data=b"One two three.")

    assert count_attachment(row) > 3
    row.refresh_from_db()
    assert row.tokens == count_attachment(row)


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (20, 10, 255),
        (512, 512, 255),
        (1024, 1024, 765),
        (2048, 4096, 1105),
        (4000, 100, 765),
        (None, None, 765),
    ],
)
def test_an_image_counts_by_its_tiles(
    width: int | None, height: int | None, tokens: int
) -> None:
    assert image_tokens(width, height) == tokens


async def test_the_exact_request_is_shown_short_and_given_whole(
    talk: Talk, gateway: TestGateway
) -> None:
    await set_up(talk)
    reply = await ask_with(talk, await talk.run(keep_image, talk.author, width=900))
    generation = await generation_of(talk, reply)

    exact = await talk.run(read_request, generation=generation)
    body = await talk.run(export_json, generation=generation)
    command = await talk.run(export_curl, generation=generation, shows_address=False)

    assert exact.matches
    assert exact.has_files
    assert "data:image/png;base64,iVBORw0KGgo" in exact.readable
    assert "more letters of base64)" in exact.readable
    assert len(exact.readable) < 1_500
    assert body == gateway.requests[-1].body
    assert "--data-binary @request.json" in command
    assert "It is not in this command" in command
    assert "base64" not in command


async def test_large_images_are_held_few_times(
    talk: Talk, gateway: TestGateway
) -> None:
    await set_up(talk)

    def keep_large() -> list[Attachment]:
        # What follows the end of a PNG is none of its business.
        data = make_png() + bytes(1_000_000)
        kinds = (Attachment.Kind.IMAGE, "large.png", "image/png")
        return [keep(talk.author, *kinds, data, width=20, height=10) for _ in range(10)]

    rows = await talk.run(keep_large)
    reply = await ask_with(talk, *rows)
    generation = await generation_of(talk, reply)
    gateway.clear()
    tracemalloc.start()
    rebuilt = await talk.run(rebuild_request, generation=generation)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert rebuilt.matches
    files = 10_000_000
    assert len(rebuilt.body) > files * 4 / 3
    # The bytes, their base64 piece by piece, and the whole.
    assert most < 5 * files
