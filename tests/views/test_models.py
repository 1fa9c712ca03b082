"""The model menu: what it offers to whom, and what a choice does."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conversations.models import (
    Conversation,
    Gateway,
    LanguageModel,
    Price,
    User,
)
from tests.factories import (
    make_conversation,
    make_model,
    make_prompt,
    make_team,
)
from tests.services.transactions import count_calls

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
ROW = re.compile(
    r'<label class="model( missing)?"><input type="radio" name="model" value="(\d+)"'
    r'( checked)?><span class="names">(.*?)</span><span class="facts">(.*?)</span>'
)
GATEWAYS = re.compile(r"<legend>(.*?)</legend>")
EFFORTS = {"efforts": ["low", "high"]}
# As many as the largest gateways list.
MANY = 500
# 520 for each model; together they were measured to take 35 ms.
MOST_CALLS = 300_000


@pytest.fixture
def alice_client(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(alice, model=make_model("first"))


def make_models(gateway: Gateway, number: int) -> list[LanguageModel]:
    models = LanguageModel.objects.bulk_create(
        LanguageModel(gateway=gateway, name=f"maker/model-{index}", listed_window=8192)
        for index in range(number)
    )
    Price.objects.bulk_create(
        Price(model=model, input=Decimal(2), output=Decimal(10)) for model in models
    )
    return models


def menu(client: Client, conversation: Conversation | None = None) -> str:
    asked = {"conversation": str(conversation.pk)} if conversation else {}
    response = client.get(reverse("models"), asked, headers=HTMX)
    assert response.status_code == 200
    return response.content.decode()


def offered(page: str) -> list[str]:
    return [re.sub("<.*?>", "", names) for _, _, _, names, _ in ROW.findall(page)]


def facts(page: str) -> str:
    (row,) = ROW.findall(page)
    return unescape(row[4])


def checked(page: str) -> list[int]:
    return [int(pk) for _, pk, mark, _, _ in ROW.findall(page) if mark]


def choose(
    client: Client, conversation: Conversation, **chosen: object
) -> tuple[int, str]:
    url = reverse("model", args=[conversation.pk])
    response = client.post(url, chosen, headers=HTMX)
    return response.status_code, response.content.decode()


def test_the_menu_says_what_helps_to_choose(alice_client: Client) -> None:
    model = make_model("m", window=128_000)
    model.abilities = {"reasoning": True, "vision": True, "tools": False}
    model.save()
    Price.objects.create(model=model, input=Decimal("0.15"), output=Decimal(10))

    page = menu(alice_client)

    assert facts(page) == "128k · $0.15 / $10 per million · reasoning · images"
    assert GATEWAYS.findall(page) == [model.gateway.name]


def test_what_nobody_knows_is_called_unknown(alice_client: Client) -> None:
    make_model("nobody-knows", window=None)

    assert facts(menu(alice_client)) == "window unknown · price unknown"


def test_a_price_of_tomorrow_is_not_shown_today(alice_client: Client) -> None:
    model, now = make_model("m"), timezone.now()
    for price, days in ((2, -1), (7, 1)):
        Price.objects.create(
            model=model,
            input=price,
            output=price,
            effective_from=now + timedelta(days=days),
        )

    assert "$2 / $2 per million" in facts(menu(alice_client))


def test_a_model_its_gateway_lists_no_longer_says_so(alice_client: Client) -> None:
    model, now = make_model("m"), timezone.now()
    Gateway.objects.update(synced_at=now)
    model.listed_at = now - timedelta(days=1)
    model.save()

    page = menu(alice_client)

    assert facts(page).endswith("no longer listed")
    assert ROW.findall(page)[0][0] == " missing"


def test_the_gateway_of_now_comes_first_and_in_it_the_model_of_now(
    alice_client: Client, alice: User
) -> None:
    one = make_model("b")
    Gateway.objects.filter(pk=one.gateway_id).update(name="Later")
    now = LanguageModel.objects.create(gateway=one.gateway, name="c")
    other = make_model("a")
    Gateway.objects.filter(pk=other.gateway_id).update(name="Earlier")
    talk = make_conversation(alice, model=now)

    page = menu(alice_client, talk)

    assert GATEWAYS.findall(page) == ["Later", "Earlier"]
    assert offered(page) == ["c", "b", "a"]
    assert checked(page) == [now.pk]


def test_one_chooses_among_what_one_s_teams_see(
    client: Client, alice: User, bob: User
) -> None:
    make_model("everyone's")
    make_model("kitchen").teams.add(make_team("Kitchen", bob))
    make_model("off").gateway.models.update(enabled=False)

    seen = {}
    for user in (alice, bob):
        client.force_login(user)
        seen[user.username] = offered(unescape(menu(client)))

    assert seen == {"alice": ["everyone's"], "bob": ["everyone's", "kitchen"]}


def test_a_name_that_looks_like_markup_stays_a_name(alice_client: Client) -> None:
    model = make_model("<script>alert(1)</script>")
    model.label = "<b>bold</b>"
    model.save()

    page = menu(alice_client) + alice_client.get("/").content.decode()

    assert "<script>alert" not in page
    assert "<b>bold" not in page


@pytest.mark.parametrize(
    "asked", ["nonsense", "0b9d3c1e-6f5a-4d27-9c0e-3f1a2b4c5d6e", "\x00"]
)
def test_there_is_no_menu_for_a_conversation_that_is_not_one_s_own(
    alice_client: Client, asked: str
) -> None:
    response = alice_client.get(reverse("models"), {"conversation": asked})

    assert response.status_code == 404


def test_without_htmx_the_menu_is_a_page_with_a_button(
    alice_client: Client, conversation: Conversation
) -> None:
    model = conversation.model
    assert model is not None
    model.abilities = EFFORTS
    model.save()

    response = alice_client.get(
        reverse("models"), {"conversation": str(conversation.pk)}
    )

    page = response.content.decode()
    assert "<html" in page
    assert f'action="{reverse("model", args=[conversation.pk])}"' in page
    assert offered(page) == ["first"]
    assert "Use this model" in page
    assert "<option>high</option>" in page


def test_without_htmx_a_choice_leads_back_to_the_conversation(
    alice_client: Client, conversation: Conversation
) -> None:
    model = make_model("second")
    url = reverse("model", args=[conversation.pk])

    response = alice_client.post(url, {"model": model.pk})

    assert response["Location"] == conversation.get_absolute_url()
    conversation.refresh_from_db()
    assert conversation.model == model


def test_a_choice_is_kept_and_shown(
    alice_client: Client, conversation: Conversation
) -> None:
    model = make_model("second")
    model.abilities = EFFORTS
    model.save()

    _, page = choose(alice_client, conversation, model=model.pk, effort="high")

    conversation.refresh_from_db()
    assert (conversation.model, conversation.effort) == (model, "high")
    assert 'aria-label="Model: second"' in page
    assert "<option selected>high</option>" in page
    assert f'data-choice="{model.pk} high"' in page
    shown = alice_client.get(conversation.get_absolute_url()).content.decode()
    assert "<option selected>high</option>" in shown


def test_an_effort_the_model_does_not_have_gives_way_to_its_default(
    alice_client: Client, conversation: Conversation
) -> None:
    conversation.effort = "high"
    conversation.save()
    plain = make_model("plain")

    _, page = choose(alice_client, conversation, model=plain.pk, effort="high")

    conversation.refresh_from_db()
    assert (conversation.model, conversation.effort) == (plain, "")
    assert "Thinking" not in page


@pytest.mark.parametrize("who", ["unknown", "another team's", "disabled", "nobody"])
def test_what_one_may_not_choose_is_refused_alike(
    alice_client: Client, conversation: Conversation, bob: User, who: str
) -> None:
    model = make_model("not yours")
    if who == "another team's":
        model.teams.add(make_team("Kitchen", bob))
    if who == "disabled":
        model.gateway.models.update(enabled=False)
    asked = {"unknown": 0, "nobody": "x"}.get(who, model.pk)

    status, page = choose(alice_client, conversation, model=asked)

    assert status == 422
    assert "This model cannot be used any more." in page
    before = conversation.model
    conversation.refresh_from_db()
    assert conversation.model == before


def test_a_choice_makes_a_version_that_open_pages_hear_of(
    alice_client: Client, conversation: Conversation
) -> None:
    version = conversation.version

    choose(alice_client, conversation, model=make_model("second").pk)

    conversation.refresh_from_db()
    assert conversation.version == version + 1


def test_a_page_asks_for_what_is_chosen_now(
    alice_client: Client, conversation: Conversation
) -> None:
    url = reverse("model", args=[conversation.pk])

    page = alice_client.get(url, headers=HTMX).content.decode()

    assert 'aria-label="Model: first"' in page
    assert "<html" not in page


def test_a_new_conversation_can_begin_with_a_choice(alice_client: Client) -> None:
    make_model("first", is_default=True)
    model = make_model("second")
    model.abilities = EFFORTS
    model.save()

    response = alice_client.get(f"/?model={model.pk}&effort=low")

    page = response.content.decode()
    assert response.status_code == 200
    assert f'name="model" value="{model.pk}"' in page
    assert "<option selected>low</option>" in page


def test_a_link_to_a_model_that_is_gone_says_so_and_offers_the_default(
    alice_client: Client,
) -> None:
    default = make_model("first", is_default=True)

    response = alice_client.get("/?model=0&content=Not+from+a+link.")

    page = response.content.decode()
    assert response.status_code == 422
    assert "This model cannot be used any more." in page
    assert f'name="model" value="{default.pk}"' in page
    assert "Not from a link." not in page


def test_a_new_conversation_keeps_the_effort(alice_client: Client) -> None:
    model = make_model("second")
    model.abilities = EFFORTS
    model.save()
    prompt = make_prompt()
    form = {"content": "Hello", "client_id": uuid4(), "prompt": prompt.pk}

    alice_client.post("/", {**form, "model": model.pk, "effort": "high"})

    conversation = Conversation.objects.get()
    assert (conversation.model, conversation.effort) == (model, "high")


def test_the_pages_are_small_and_the_menu_is_quick_with_500_models(
    alice_client: Client, conversation: Conversation
) -> None:
    gateway = Gateway.objects.create(name="Large", preset=Gateway.Preset.OPENROUTER)
    make_models(gateway, MANY)
    for url in ("/", conversation.get_absolute_url()):
        assert "model-499" not in alice_client.get(url).content.decode(), url
    page = menu(alice_client, conversation)

    calls = count_calls(lambda: menu(alice_client, conversation))

    assert len(offered(page)) == MANY + 1
    assert calls <= MOST_CALLS


def test_the_menu_takes_no_more_queries_for_more_models(
    alice_client: Client, conversation: Conversation
) -> None:
    gateway = Gateway.objects.create(name="Large", preset=Gateway.Preset.OPENROUTER)
    taken = []
    for number in (1, 30):
        LanguageModel.objects.filter(gateway=gateway).delete()
        make_models(gateway, number)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            menu(alice_client, conversation)
        taken.append(len(queries))

    assert taken[0] == taken[1]
