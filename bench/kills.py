"""SIGKILL in the middle of answers: is anything gone that somebody has seen?"""

from __future__ import annotations

import asyncio
import random
import re
import uuid
from dataclasses import dataclass, replace

import httpx2

from bench.children import fresh_server, make_people, running_upstream, start
from bench.figures import NONE_AT_ALL, Figure
from bench.options import Options
from bench.pages import ARTICLE, ATTRIBUTE, TOKEN, Page
from bench.people import Person, message_form
from tests.servers import Server

MODEL = "timed:5000@100"
SEEN_TOKENS = 5
FURTHER_SECONDS = 0.6
PATIENCE_SECONDS = 30.0
TELL_EVERY = 50
_SPLIT = re.compile(r"(?=<article )")


@dataclass(frozen=True, slots=True)
class Loss:
    """What became of one answer."""

    seen: int
    lost: int
    state: str


def measure(options: Options) -> list[Figure]:
    """Kill, start, look; each start also serves the next kill."""
    losses: list[Loss] = []
    with running_upstream() as upstream, fresh_server(upstream, MODEL) as server:
        start(server)
        person = make_people(server, 1)[0]
        for number in range(options.kills):
            if number and number % TELL_EVERY == 0:
                print(f"  {number} of {options.kills} kills", flush=True)
            seen = asyncio.run(_kill(server, person, options.streams_per_kill))
            start(server)
            losses += [_look(person, *answer) for answer in seen.items()]
    wrong = sum(loss.state != "interrupted" for loss in losses)
    seen_letters = sum(loss.seen for loss in losses)
    note = f"{options.kills} kills, {len(losses)} answers, {seen_letters:,} characters"
    most = max(loss.lost for loss in losses)
    total = sum(loss.lost for loss in losses)
    return [
        Figure(
            "kills", "seen and lost, at most", most, "characters", NONE_AT_ALL, note
        ),
        Figure("kills", "seen and lost, in all", total, "characters", NONE_AT_ALL),
        Figure("kills", "answers not marked interrupted", wrong, "", NONE_AT_ALL),
    ]


async def _kill(server: Server, person: Person, count: int) -> dict[str, list[str]]:
    """Start answers, kill the server; return what each page showed by then."""
    pages: dict[str, Page] = {}
    async with httpx2.AsyncClient(base_url=person.origin, timeout=60) as client:
        for _ in range(count):
            asker = replace(person, conversation=str(uuid.uuid4()))
            form = message_form(client_id=asker.conversation)
            answer = await client.post("/", content=form, headers=person.headers)
            answer.raise_for_status()
            pages[asker.conversation] = Page()
            await pages[asker.conversation].open(asker)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(_see(page) for page in pages.values()))
    await asyncio.sleep(random.uniform(0, FURTHER_SECONDS))  # noqa: S311 - no secret
    server.kill()
    await asyncio.gather(*(page.closed() for page in pages.values()))
    return {key: page.tally.tokens for key, page in pages.items()}


async def _see(page: Page) -> None:
    enough = asyncio.Event()

    def look() -> None:
        if len(page.tally.tokens) >= SEEN_TOKENS:
            enough.set()

    page.changed = look
    await enough.wait()


def _look(person: Person, conversation: str, seen: list[str]) -> Loss:
    html = person.get(f"/c/{conversation}/")
    article = next(
        part for part in _SPLIT.split(html) if 'data-role="assistant"' in part
    )
    opening = ARTICLE.search(article)
    assert opening is not None
    state = dict(ATTRIBUTE.findall(opening[0]))["state"]
    kept = ["@".join(token) for token in TOKEN.findall(article)]
    same = next(
        (at for at, token in enumerate(seen) if kept[at : at + 1] != [token]), len(seen)
    )
    lost = sum(len(token) + 1 for token in seen[same:])
    return Loss(sum(len(token) + 1 for token in seen), lost, state)
