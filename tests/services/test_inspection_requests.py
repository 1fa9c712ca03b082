"""The exact request: made again, checked, and good for a shell."""

from __future__ import annotations

import asyncio
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from conversations.models import (
    Endpoint,
    Gateway,
    Generation,
    LanguageModel,
    PromptRevision,
)
from conversations.services.errors import RefusedError
from conversations.services.inspection.reading import find_generation
from conversations.services.inspection.requests import (
    export_curl,
    export_json,
    read_request,
)
from conversations.services.keys import set_key
from conversations.services.turns import continue_reply
from conversations.wire import Protocol
from tests.gateway import TestGateway

if TYPE_CHECKING:
    from conversations.models import Message
    from tests.services.conftest import Talk

KEY = "sk-canary-0d9a4b8c77e15f26"
# What shells, terminals and printf would make something of.
HOSTILE = (
    "It's \"quoted\" 'twice' $HOME `id` $(id) !! %s %% \\n \\\\ ${API_KEY}\n\tnew line\n"
    "EOF\n'; touch /tmp/owned; '\x07\x1b[31m\x7f\x85\x9b2J\u2028\u202e\ufeff\u200b\u00a0 é 😀 日本"
)
SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh") if shutil.which(shell)]


async def generation_of(talk: Talk, reply: Message) -> Generation:
    generation = await talk.run(find_generation, reply=reply)
    assert generation is not None
    return generation


async def run_shell(shell: str, command: str, **environ: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        shell,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environ},
    )
    said, _ = await process.communicate(command.encode())
    return process.returncode or 0, said.decode(errors="replace")


@pytest.mark.parametrize("protocol", list(Protocol))
async def test_the_request_is_made_again_byte_for_byte(
    talk: Talk, gateway: TestGateway, protocol: Protocol
) -> None:
    await talk.run(Endpoint.objects.update, protocol=protocol)
    await talk.ask("First?")
    reply = await talk.ask(HOSTILE)

    generation = await generation_of(talk, reply)
    body = await talk.run(export_json, generation=generation)
    exact = await talk.run(read_request, generation=generation)

    assert body == gateway.requests[-1].body
    assert exact.matches
    assert exact.sha256 == sha256(body).hexdigest()
    assert exact.size == len(body)


async def test_of_a_continued_answer_each_request_is_made_again(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("length")
    reply = await talk.ask()
    await talk.run(continue_reply, reply=reply, user=talk.author)
    await talk.idle()

    for attempt in (1, 2):
        generation = await talk.run(find_generation, reply=reply, attempt=attempt)
        assert generation is not None
        body = await talk.run(export_json, generation=generation)
        assert body == gateway.requests[attempt - 1].body


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("shell", SHELLS)
async def test_a_shell_sends_the_same_bytes_again(
    talk: Talk, gateway: TestGateway, protocol: Protocol, shell: str
) -> None:
    await talk.run(Endpoint.objects.update, protocol=protocol)
    await talk.run(set_key, gateway=await talk.run(find_gateway), key=KEY)
    generation = await generation_of(talk, await talk.ask(HOSTILE))
    gateway.clear()

    command = await talk.run(export_curl, generation=generation, shows_address=False)
    code, said = await run_shell(
        shell, command, API_KEY="sk-mine", BASE_URL=gateway.base_url
    )

    assert code == 0, said
    (request,) = gateway.requests
    assert sha256(request.body).hexdigest() == generation.request_sha256
    assert request.status == 200
    assert request.headers["authorization"] == "Bearer sk-mine"
    assert request.headers["content-type"] == "application/json"
    assert KEY not in command
    assert gateway.root_url not in command


def find_gateway() -> Gateway:
    return Gateway.objects.get(endpoints__base_url__startswith="http://127")


async def test_a_request_longer_than_an_argument_may_be_is_sent_too(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.run(widen)
    generation = await generation_of(talk, await talk.ask("it's long " * 30_000))
    gateway.clear()

    command = await talk.run(export_curl, generation=generation, shows_address=True)
    code, said = await run_shell("sh", command)

    assert code == 0, said
    (request,) = gateway.requests
    assert len(request.body) > 300_000
    assert sha256(request.body).hexdigest() == generation.request_sha256


def widen() -> None:
    LanguageModel.objects.update(window=1_000_000)


async def test_no_sign_that_a_terminal_obeys_is_in_the_command(talk: Talk) -> None:
    generation = await generation_of(talk, await talk.ask(HOSTILE))

    command = await talk.run(export_curl, generation=generation, shows_address=False)

    unsafe = {sign for sign in command if not sign.isprintable() and sign != "\n"}
    assert unsafe == set()


async def test_the_key_is_asked_for_in_the_header_in_which_its_endpoint_wants_it(
    talk: Talk,
) -> None:
    await talk.run(Endpoint.objects.update, auth=Endpoint.Auth.X_API_KEY)
    await talk.run(set_key, gateway=await talk.run(find_gateway), key=KEY)
    generation = await generation_of(talk, await talk.ask())

    command = await talk.run(export_curl, generation=generation, shows_address=True)

    assert '-H "x-api-key: $API_KEY"' in command
    assert "Authorization" not in command


async def test_the_address_is_shown_only_where_it_may_be(
    talk: Talk, gateway: TestGateway
) -> None:
    generation = await generation_of(talk, await talk.ask())

    for_staff = await talk.run(export_curl, generation=generation, shows_address=True)
    for_others = await talk.run(export_curl, generation=generation, shows_address=False)

    assert f"{gateway.base_url}/chat/completions" in for_staff
    assert '"$BASE_URL/chat/completions"' in for_others
    assert "127.0.0.1" not in for_others


async def test_what_has_changed_since_is_not_passed_off_as_what_was_sent(
    talk: Talk,
) -> None:
    generation = await generation_of(talk, await talk.ask())
    await talk.run(PromptRevision.objects.update, text="Something else.")
    generation = await generation_of(talk, generation.message)

    exact = await talk.run(read_request, generation=generation)

    assert not exact.matches
    assert exact.problem
    assert exact.readable == ""
    with pytest.raises(RefusedError, match="cannot be made again"):
        await talk.run(export_json, generation=generation)
    with pytest.raises(RefusedError, match="cannot be made again"):
        await talk.run(export_curl, generation=generation, shows_address=True)
