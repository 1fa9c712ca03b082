"""Every end an answer can come to, reached for real, with its words and actions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.page import Shown
from tests.faults.people import Person, ended
from tests.faults.rows import KEY
from tests.gateway.server import TestGateway

# Longer than a busy machine is silent by itself.
IMPATIENT = {
    "GATEWAY_FIRST_BYTE_SECONDS": "3",
    "GATEWAY_IDLE_SECONDS": "3",
    "ANSWER_BYTES": "20000",
}


@dataclass(frozen=True)
class End:
    """What an answer should look like; `words` of None: as many as there are."""

    model: str
    state: str
    words: int | None
    note: str = ""
    detail: str = ""

    @property
    def can_continue(self) -> bool:
        return self.state in ("length", "cut", "failed") and self.words != 0


ENDS = [
    End("ok", "complete", 5),
    End("no-usage", "complete", 3),
    End("json", "complete", 2),
    End("odd-lines", "complete", 2),
    End("drop-after-finish", "complete", 2),
    End("length", "length", 3, "length limit"),
    End("endless", "length", None, "length limit"),
    End("filtered", "filtered", 3, "guard changed or ended"),
    End("overflow", "context_full", 0, "too long", "maximum context"),
    End("error", "failed", 2, "problem of its own", "fails in the middle"),
    End("error:500", "failed", 0, "problem of its own", "says 500"),
    End("error:429", "failed", 0, "more requests than it allows", "says 429"),
    End("error:404", "failed", 0, "does not know this model", "says 404"),
    End("quota", "failed", 0, "run out of credit", "exceeded your quota"),
    End("echo-key", "failed", 0, "did not accept its key", "Incorrect API key"),
    End("echo-key-late", "failed", 1, "", "Bad header"),
    End("html", "failed", 0, "not an answer of a model"),
    End("json-error", "failed", 0, "", "Something went wrong"),
    End("json-other", "failed", 0, "not an answer of a model"),
    End("redirect", "failed", 0, "leads somewhere else"),
    End("empty", "failed", 0),
    End("tool-calls", "failed", 0, "asked for a tool"),
    End("stall", "failed", 0, "took too long"),
    End("reset:0", "failed", 0, "could not be reached"),
    End("cut", "cut", None, "broke off"),
    End("reset:4", "cut", None, "broke off"),
    End("drop:4", "cut", 4, "broke off"),
    End("garbage", "cut", 1, "could not be understood"),
    End("stall:4", "cut", 4, "fell silent"),
]
# Whether a turn that waits for such an answer goes on by itself.
AWAITED = {"length": True, "filtered": True, "error": False}


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("ends")
    models = tuple(end.model for end in ENDS)
    with place_with(directory, gateway, models, IMPATIENT) as place:
        yield place


@pytest.fixture(scope="module")
def patient(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    """A server that waits for answers as long as it takes."""
    with place_with(
        tmp_path_factory.mktemp("patient"), gateway, tuple(AWAITED)
    ) as place:
        yield place


async def reach(place: Place, alice: Person, end: End) -> tuple[str, Shown]:
    """Ask, and watch the answer come to its end; return it as a tab shows it."""
    pk = await alice.begin(place.models[end.model], "What I typed.")
    async with alice.open(pk) as tab:
        page = await tab.watch(ended)
    assert [one.text.strip() for one in page.questions] == ["What I typed."]
    return pk, page.reply


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.model)
async def test_every_end_has_its_state_words_and_actions(
    place: Place, people: People, end: End
) -> None:
    alice = await people(place, "alice")
    pk, live = await reach(place, alice, end)
    reloaded = (await alice.page(pk)).reply

    ((state, text),) = place.replies(pk)
    assert state == live.state == reloaded.state == end.state, live.html
    assert live.words == reloaded.words == text.split()
    if end.words is not None:
        assert len(live.words) == end.words
    for shown in (live, reloaded):
        assert end.note in shown.html
        assert end.detail in shown.html
        assert f"/m/{shown.id}/retry/" in shown.html
        assert (f"/m/{shown.id}/continue/" in shown.html) == end.can_continue
        assert f"/m/{shown.id}/stop/" not in shown.html
    await check_key_stays_secret(place, alice, pk)


async def check_key_stays_secret(place: Place, alice: Person, pk: str) -> None:
    assert KEY not in await alice.read(pk)
    assert KEY not in place.server.log
    for file in place.directory.glob("db.sqlite3*"):
        assert KEY.encode() not in file.read_bytes(), file


async def test_the_prompt_and_the_key_do_not_follow_a_redirect(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    place.gateway.clear()
    await reach(place, alice, End("redirect", "failed", 0))

    assert [one.path for one in place.gateway.requests] == ["/v1/chat/completions"]


@pytest.mark.parametrize(("model", "goes_on"), AWAITED.items())
async def test_what_waits_goes_on_by_itself_or_waits_for_a_person(
    patient: Place, people: People, model: str, goes_on: bool
) -> None:
    alice = await people(patient, "alice")
    with patient.gateway.holding(model):
        pk = await alice.begin(patient.models[model], "first")
        await alice.send(pk, "second")
    async with alice.open(pk) as tab:
        if not goes_on:
            await tab.watch(lambda page: "start/" in page.questions[-1].html)
            assert tab.page.states == ["failed", "queued"]
            question = tab.page.questions[-1]
            assert "waits for you" in question.html
            assert await alice.act(pk, question.id, "start") == 302
        page = await tab.watch(lambda page: len(page.replies) == 2 and ended(page))

    assert page.states[0] == page.states[1]
    assert patient.questions(pk) == ["first", "second"]


async def test_a_failed_answer_is_tried_again_beside_the_old_one(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk, failed = await reach(place, alice, End("error:500", "failed", 0))
    async with alice.open(pk) as tab:
        assert await alice.act(pk, failed.id, "retry") == 302
        page = await tab.watch(lambda page: page.reply.id != failed.id and ended(page))

    assert page.states == ["failed"]
    assert [state for state, _ in place.replies(pk)] == ["failed", "failed"]
    assert place.questions(pk) == ["What I typed."]


async def test_a_broken_off_answer_is_continued(place: Place, people: People) -> None:
    alice = await people(place, "alice")
    pk, broken = await reach(place, alice, End("drop:4", "cut", 4))
    place.gateway.clear()
    async with alice.open(pk) as tab:
        assert await alice.act(pk, broken.id, "continue") == 302
        page = await tab.watch(lambda page: page.reply.attempt == 2 and ended(page))

    assert page.reply.words == ["t0", "t1", "t2", "t3"] * 2
    assert place.gateway.requests[0].messages[-2]["content"] == "t0 t1 t2 t3 "


async def test_a_gateway_that_is_down_is_named_within_six_seconds(
    tmp_path: Path, people: People
) -> None:
    with TestGateway() as gone:
        pass
    with place_with(tmp_path, gone, ("ok",)) as place:
        alice = await people(place, "alice")
        asked_at = time.monotonic()
        pk = await alice.begin(place.models["ok"])
        async with alice.open(pk) as tab:
            await tab.watch(ended)
            assert time.monotonic() - asked_at < 6
        live = tab.page.reply
        assert live.state == "failed"
        assert "could not be reached" in live.html
        assert f"/m/{live.id}/retry/" in live.html
        assert "Traceback" not in place.server.log


async def test_all_ends_at_once_leave_a_healthy_server(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    await asyncio.gather(*(reach(place, alice, end) for end in ENDS))

    assert (await alice.http.get("/readyz")).status_code == 200
    assert place.rows("SELECT count(*) FROM conversations_delta") == [(0,)]
    assert place.rows("PRAGMA integrity_check") == [("ok",)]
    assert "Traceback" not in place.server.log
