"""The test of a gateway, and its list of models, over real HTTP."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from conversations.live.hub import get_hub, renew_hub
from conversations.models import (
    Gateway,
    LanguageModel,
    LearnedFact,
    Price,
    Spending,
    SpendingLimits,
    UsageRecord,
)
from conversations.services import connections, waiting
from conversations.services.catalogs import ensure_gateways
from conversations.services.connections import find_test_model
from conversations.services.keys import read_key, set_key
from tests.factories import make_model
from tests.gateway import TestGateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

    from conversations.models import User

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "sk-canary-0123456789abcdefWXYZ"
NOWHERE = "http://127.0.0.1:9/v1"
FINDING = re.compile(r'<section class="module finding .*?</section>', re.DOTALL)
TAGS = re.compile(r"<[^>]+>")


@pytest.fixture(autouse=True)
def _hub() -> Iterator[None]:
    yield
    asyncio.run(get_hub().close())
    renew_hub()


@pytest.fixture(scope="module")
def _server() -> Iterator[TestGateway]:
    with TestGateway() as server:
        yield server


@pytest.fixture
def server(_server: TestGateway) -> TestGateway:
    _server.clear()
    return _server


@pytest.fixture
def model(server: TestGateway) -> LanguageModel:
    """A model of a gateway that speaks every protocol and has a key."""
    model = make_model("ok:10", base_url=server.base_url)
    for protocol in ("responses", "messages"):
        model.gateway.endpoints.create(protocol=protocol, base_url=server.base_url)
    set_key(gateway=model.gateway, key=CANARY)
    return model


def url(page: str, gateway: Gateway) -> str:
    return reverse(f"admin:conversations_gateway_{page}", args=[gateway.pk])


def ask(admin: Client, gateway: Gateway, **chosen: object) -> str:
    """Press “Test connection”."""
    body = admin.post(url("test", gateway), chosen).content.decode()
    assert CANARY not in body
    assert CANARY[:-4] not in body
    return body


def findings(body: str) -> dict[str, str]:
    """What the page says of each part of the test, by its heading."""
    texts = (unescape(TAGS.sub(" ", part)) for part in FINDING.findall(body))
    words = (" ".join(text.split()) for text in texts)
    return dict(text.split(": ", 1) for text in words)


def posted(server: TestGateway) -> set[str]:
    return {each.path for each in server.requests if each.method == "POST"}


def asked(server: TestGateway) -> set[str]:
    return {each.model for each in server.requests if each.method == "POST"}


def use(model: LanguageModel, scenario: str) -> None:
    model.name = scenario
    model.save()


def sync(admin: Client, gateway: Gateway) -> str:
    """Press “Sync models”."""
    body = admin.post(url("sync", gateway), follow=True).content.decode()
    assert CANARY not in body
    return unescape(body)


def test_every_protocol_is_tried_and_its_answer_told(
    admin: Client, model: LanguageModel, server: TestGateway
) -> None:
    found = findings(ask(admin, model.gateway))

    assert list(found) == [
        "List of models",
        "Chat completions",
        "Responses",
        "Messages",
    ]
    assert re.match(r"works \d+ models in (less than )?\d", found["List of models"])
    for protocol in ("Chat completions", "Responses", "Messages"):
        words = found[protocol]
        assert re.match(
            r"works It answered in .* s, the first word after .* s\.", words
        )
        assert "It streams." in words
        assert "10 tokens out; cost unknown." in words
    assert posted(server) == {
        "/v1/chat/completions",
        "/v1/responses",
        "/v1/messages",
    }


def test_a_test_is_paid_for_like_any_other_request(
    admin: Client, model: LanguageModel, staff: User
) -> None:
    Price.objects.create(model=model, input=1, output=1_000)

    found = findings(ask(admin, model.gateway))

    records = list(UsageRecord.objects.all())
    assert {(each.purpose, each.user_id) for each in records} == {("test", staff.pk)}
    assert len(records) == 3
    spending = Spending.objects.get(user=staff)
    assert spending.spent == sum(each.cost or 0 for each in records) > 0
    assert spending.reserved == 0
    assert "10 tokens out; $0.0101." in found["Chat completions"]


def test_a_limit_on_money_is_said_and_nothing_is_asked(
    admin: Client, model: LanguageModel, server: TestGateway
) -> None:
    SpendingLimits.objects.create(each_person=0, allows_unknown=True)

    found = findings(ask(admin, model.gateway))

    assert "limit for this month is reached" in found["Messages"]
    assert found["List of models"].startswith("works")
    assert posted(server) == set()


def test_a_protocol_that_is_not_there_is_named(
    admin: Client, model: LanguageModel, server: TestGateway
) -> None:
    elsewhere = f"{server.root_url}/nowhere"
    model.gateway.endpoints.filter(protocol="messages").update(base_url=elsewhere)
    server.flavour = "openai"

    found = findings(ask(admin, model.gateway))

    server.flavour = "compatible"
    assert found["Chat completions"].startswith("works")
    words = "This gateway does not offer the Messages protocol at that address."
    assert found["Messages"].startswith(f"does not work {words}")


def test_a_model_that_is_listed_elsewhere_is_said_to_be(
    admin: Client, server: TestGateway
) -> None:
    model = make_model("no-such-model", base_url=server.base_url)
    model.listed_protocols = ["messages"]
    model.save()

    found = findings(ask(admin, model.gateway))

    words = "It lists no-such-model for other protocols only."
    assert "It does not know this address or this model." in found["Chat completions"]
    assert words in found["Chat completions"]


def test_a_wrong_key_is_said_and_never_shown(
    admin: Client, model: LanguageModel
) -> None:
    use(model, "echo-key")

    found = findings(ask(admin, model.gateway))

    assert "It did not accept the key. Enter the key once more" in found["Responses"]
    assert "[key removed]" in found["Responses"]


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("html", "What it sent is not the answer of a model."),
        ("redirect", "The address leads somewhere else."),
        ("quota", "Top up the account at the gateway."),
        ("error:500", "The gateway has a problem of its own."),
        ("cut", "It began to answer, and ended without saying why."),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(
    admin: Client, model: LanguageModel, scenario: str, words: str
) -> None:
    use(model, scenario)

    found = findings(ask(admin, model.gateway))

    assert found["Chat completions"].startswith("does not work")
    assert words in found["Chat completions"]


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("length", "It came to the limit of this short test, which is fine."),
        ("json", "It came in one piece, so it may not stream."),
        ("no-usage", "The gateway did not report them."),
    ],
)
def test_what_is_odd_works_and_is_said(
    admin: Client, model: LanguageModel, scenario: str, words: str
) -> None:
    use(model, scenario)

    found = findings(ask(admin, model.gateway))

    assert found["Chat completions"].startswith("works")
    assert words in found["Chat completions"]


def test_a_gateway_that_is_not_there_is_said_to_be_out_of_reach(
    admin: Client, staff: User
) -> None:
    model = make_model(base_url=NOWHERE)

    found = findings(ask(admin, model.gateway))

    for words in found.values():
        assert words.startswith("does not work It could not be reached.")


def test_a_silent_gateway_is_given_up(
    admin: Client, model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SECONDS", 0.5)
    use(model, "stall")

    found = findings(ask(admin, model.gateway))

    assert found["List of models"].startswith("works")
    assert "It took too long to answer." in found["Messages"]
    assert Spending.objects.filter(reserved=0).count() == Spending.objects.count()


def test_a_limit_in_tokens_that_is_refused_is_left_out(
    admin: Client, server: TestGateway
) -> None:
    base_url = f"{server.root_url}/ezrouter/v1"
    model = make_model("ok:10", base_url=base_url)

    found = findings(ask(admin, model.gateway))

    assert found["Chat completions"].startswith("works")
    assert LearnedFact.objects.get().value == "max_completion_tokens"


def test_another_model_can_be_asked(
    admin: Client, model: LanguageModel, server: TestGateway
) -> None:
    other = model.gateway.models.create(name="ok:2")

    ask(admin, model.gateway, model=other.pk)

    assert asked(server) == {"ok:2"}


def test_a_model_of_another_gateway_is_not_asked(
    admin: Client, model: LanguageModel, server: TestGateway
) -> None:
    other = make_model("ok:2", base_url=server.base_url)

    ask(admin, model.gateway, model=other.pk)

    assert asked(server) == {"ok:10"}


def test_without_a_model_the_list_alone_is_tried(
    admin: Client, model: LanguageModel
) -> None:
    LanguageModel.objects.all().delete()

    assert list(findings(ask(admin, model.gateway))) == ["List of models"]


def test_the_demo_answers_too(admin: Client) -> None:
    ensure_gateways()

    found = findings(ask(admin, Gateway.objects.get()))

    assert found["List of models"].startswith("works 1 model in")
    assert "It streams." in found["Chat completions"]
    assert "free." in found["Chat completions"]


def test_the_least_dear_model_is_tried_unless_the_gateway_has_the_default(
    model: LanguageModel,
) -> None:
    dear, cheap, odd = (model.gateway.models.create(name=name) for name in "abc")
    for each, output in ((dear, 10), (cheap, 1), (odd, -1)):
        Price.objects.create(model=each, output=output)

    before = find_test_model(model.gateway)
    LanguageModel.objects.filter(pk=dear.pk).update(is_default=True)

    assert before == cheap
    assert find_test_model(model.gateway) == dear


def test_models_are_listed_at_once_when_a_gateway_is_added(
    admin: Client, server: TestGateway
) -> None:
    form = {"preset": "compatible", "base_url": server.base_url, "key": CANARY}

    body = admin.post(reverse("admin:conversations_gateway_add"), form, follow=True)

    count = LanguageModel.objects.count()
    assert count > 1
    assert f"{count} models found." in body.content.decode()
    sent = server.requests[0].headers
    assert sent["authorization"] == f"Bearer {CANARY}"


def test_a_gateway_that_lists_nothing_is_added_all_the_same(admin: Client) -> None:
    form = {"preset": "compatible", "base_url": NOWHERE, "key": CANARY}

    response = admin.post(reverse("admin:conversations_gateway_add"), form, follow=True)

    body = unescape(response.content.decode())
    assert "No list of models: The gateway could not be reached." in body
    assert read_key(Gateway.objects.get()) == CANARY
    assert CANARY not in body


def test_a_new_key_goes_to_the_address_that_is_saved_with_it(
    admin: Client, server: TestGateway
) -> None:
    model = make_model(base_url=NOWHERE)
    set_key(gateway=model.gateway, key="the-old-key")

    admin.post(
        url("change", model.gateway),
        {
            "name": "House",
            "preset": "compatible",
            "enabled": "on",
            "chat_completions_url": server.base_url,
            "chat_completions_auth": "bearer",
            "key": CANARY,
        },
    )

    sent = {request.headers["authorization"] for request in server.requests}
    assert sent == {f"Bearer {CANARY}"}


def test_syncing_says_what_it_has_brought(admin: Client, model: LanguageModel) -> None:
    LanguageModel.objects.update(listed_at="2026-01-01T00:00Z")

    body = sync(admin, model.gateway)

    count = LanguageModel.objects.count() - 1
    assert f"{count} models found, 1 no longer listed." in body


def test_syncing_says_which_model_new_conversations_use(
    admin: Client, model: LanguageModel
) -> None:
    body = sync(admin, model.gateway)

    assert "New conversations use “" in body


def test_syncing_says_what_is_wrong(admin: Client, staff: User) -> None:
    model = make_model(base_url=NOWHERE)

    body = sync(admin, model.gateway)

    assert "No list of models: The gateway could not be reached." in body


def test_syncing_takes_no_longer_than_it_may(
    admin: Client, model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.admin.gateway_pages.SYNC_SECONDS", 0.0)

    body = sync(admin, model.gateway)

    assert "The gateway took too long to list its models." in body


def test_gateways_do_not_take_every_thread_that_answers_people(
    admin: Client, model: LanguageModel, server: TestGateway
) -> None:
    for _ in range(waiting.MOST_AT_ONCE):
        waiting._places.acquire()
    try:
        tested = ask(admin, model.gateway)
        synced = sync(admin, model.gateway)
    finally:
        for _ in range(waiting.MOST_AT_ONCE):
            waiting._places.release()

    words = "Gateways are being asked for others just now."
    assert words in tested
    assert words in synced
    assert server.requests == []


def test_no_key_is_in_the_admin_s_history(admin: Client, model: LanguageModel) -> None:
    use(model, "echo-key")
    ask(admin, model.gateway)
    sync(admin, model.gateway)

    assert CANARY not in str(list(LogEntry.objects.values()))
