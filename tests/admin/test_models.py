from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from django.utils import timezone

from conversations.models import Gateway, LanguageModel, LearnedFact, Price
from conversations.services.catalogs import ensure_gateways
from conversations.services.gateways import find_default_model, list_models_for
from conversations.services.learning import learn_rejected, learn_window
from conversations.services.prices import find_prices, set_listed_prices
from conversations.wire import Prices, Rates, Tier
from tests.factories import make_model, make_team

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response
    from pytest_django import DjangoAssertNumQueries

    from conversations.models import User

LIST_QUERIES = 10


@pytest.fixture
def model(db: None) -> LanguageModel:
    return make_model("house-model", window=None)


def url(page: str, *arguments: object) -> str:
    return reverse(f"admin:conversations_languagemodel_{page}", args=arguments)


def shown(admin: Client, **filters: str) -> str:
    return admin.get(url("changelist"), filters).content.decode()


def page_of(admin: Client, model: LanguageModel) -> str:
    return admin.get(url("change", model.pk)).content.decode()


def save(admin: Client, model: LanguageModel, **more: object) -> Response:
    """Send what the browser sends for a model as it is."""
    rows: dict[str, object] = {
        "name": model.name,
        "label": model.label,
        "enabled": "on" if model.enabled else "",
        "make_default": "on" if model.is_default else "",
        "window": model.window or "",
        "max_output": model.max_output or "",
        "protocol": model.protocol,
        "prices-TOTAL_FORMS": 0,
        "prices-INITIAL_FORMS": 0,
    }
    sent = {key: value for key, value in {**rows, **more}.items() if value != ""}
    response = admin.post(url("change", model.pk), sent, follow=True)
    model.refresh_from_db()
    return response


def add_price(admin: Client, model: LanguageModel, **rates: object) -> Response:
    """Fill in the empty row below those that are there."""
    number = model.prices.count()
    now = timezone.now()
    row = {"effective_from_0": now.date(), "effective_from_1": now.time(), **rates}
    sent: dict[str, object] = {
        f"prices-{number}-{name}": value for name, value in row.items()
    }
    sent |= {"prices-TOTAL_FORMS": number + 1, "prices-INITIAL_FORMS": number}
    for position, price in enumerate(model.prices.all()):
        sent[f"prices-{position}-id"] = price.pk
        sent[f"prices-{position}-model"] = model.pk
        sent[f"prices-{position}-input"] = "0.01"
    return save(admin, model, **sent)


def test_a_model_is_added_by_name(admin: Client, model: LanguageModel) -> None:
    form = {"gateway": model.gateway_id, "name": "openai/gpt-4o", "enabled": "on"}

    admin.post(url("add"), form)

    added = LanguageModel.objects.get(name="openai/gpt-4o")
    assert added.gateway == model.gateway
    assert "128,000, as its maker published it" in page_of(admin, added)


def test_a_gateway_s_page_leads_to_adding_a_model_of_its_own(
    admin: Client, model: LanguageModel
) -> None:
    body = admin.get(f"{url('add')}?gateway={model.gateway_id}").content.decode()

    assert f'<option value="{model.gateway_id}" selected>' in body


def test_nobody_adds_a_model_to_the_demo(admin: Client) -> None:
    ensure_gateways()
    demo = Gateway.objects.get()

    admin.post(url("add"), {"gateway": demo.pk, "name": "gpt-x", "enabled": "on"})
    deleted = admin.post(url("delete", demo.models.get().pk), {"post": "yes"})

    assert deleted.status_code == 403
    assert demo.models.count() == 1


def test_what_a_gateway_lists_keeps_its_name(
    admin: Client, model: LanguageModel
) -> None:
    LanguageModel.objects.update(listed_at=timezone.now())

    save(admin, model, name="another", label="Ours")

    assert (model.name, model.label) == ("house-model", "Ours")


def test_there_is_one_default_among_all_models(
    admin: Client, model: LanguageModel
) -> None:
    make_model(is_default=True)

    save(admin, model, make_default="on")
    chosen = list(LanguageModel.objects.filter(is_default=True))
    save(admin, model, make_default="")

    assert chosen == [model]
    assert not LanguageModel.objects.filter(is_default=True).exists()


def test_saving_the_default_leaves_it_the_default(
    admin: Client, model: LanguageModel
) -> None:
    save(admin, model, make_default="on")
    save(admin, model, label="Ours")

    assert find_default_model() == model
    assert model.is_default


@pytest.mark.parametrize("of", ["model", "gateway"])
def test_what_is_disabled_cannot_be_the_default(
    admin: Client, model: LanguageModel, of: str
) -> None:
    Gateway.objects.update(enabled=of != "gateway")
    enabled = "" if of == "model" else "on"

    response = save(admin, model, make_default="on", enabled=enabled)

    assert "cannot be the default" in response.content.decode()
    assert not model.is_default


def test_a_window_of_nothing_is_unknown_and_never_zero(
    admin: Client, model: LanguageModel
) -> None:
    zero = save(admin, model, window="0")
    save(admin, model, window="5000")
    entered = model.window
    save(admin, model, window="")

    assert "greater than or equal to 1" in zero.content.decode()
    assert (entered, model.window) == (5000, None)


def test_an_empty_window_says_what_holds_and_who_says_so(
    admin: Client, model: LanguageModel
) -> None:
    nobody = page_of(admin, model)
    LanguageModel.objects.update(listed_window=200_000)
    listed = page_of(admin, model)
    endpoint = model.gateway.endpoints.get()
    learn_window(endpoint_id=endpoint.pk, model_name=model.name, window=100_000)
    learned = page_of(admin, model)

    assert "8,192, which is assumed" in nobody
    assert "200,000, as the gateway lists it" in listed
    assert "100,000, as it said when it was too much" in learned


def test_a_model_speaks_only_what_its_gateway_does(
    admin: Client, model: LanguageModel
) -> None:
    model.gateway.endpoints.create(protocol="messages", base_url="http://a.invalid")

    refused = save(admin, model, protocol="responses")
    save(admin, model, protocol="messages")

    assert "not one of the available choices" in refused.content.decode()
    assert "Chosen by Roundtable: Chat completions" in refused.content.decode()
    assert model.protocol == "messages"


def test_a_team_s_model_is_seen_by_that_team_alone(
    admin: Client, model: LanguageModel, alice: User, charlie: User
) -> None:
    team = make_team("House", alice)

    everyone = list_models_for(charlie).count()
    save(admin, model, teams=[team.pk])

    assert everyone == 1
    assert list(list_models_for(alice)) == [model]
    assert not list_models_for(charlie).exists()


def test_a_price_is_added_and_holds_from_then_on(
    admin: Client, model: LanguageModel
) -> None:
    unknown = page_of(admin, model)

    add_price(admin, model, input="0.25", output="2")

    prices = find_prices(model=model, at=timezone.now())
    assert "Unknown: costs are shown as unknown." in unknown
    assert prices == Prices(Rates(input=Decimal("0.25"), output=Decimal(2)))
    assert "$0.25 in, $2 out (entered by an admin, from" in page_of(admin, model)


def test_a_price_that_was_saved_is_not_changed(
    admin: Client, model: LanguageModel
) -> None:
    add_price(admin, model, input="0.25")
    body = page_of(admin, model)

    add_price(admin, model, input="0.5")

    assert 'name="prices-0-input"' not in body
    rates = list(Price.objects.order_by("pk").values_list("input", flat=True))
    assert rates == [Decimal("0.25"), Decimal("0.5")]


@pytest.mark.parametrize("rates", [{}, {"input": "-1"}, {"input": "1000000"}])
def test_a_price_has_to_be_one(
    admin: Client, model: LanguageModel, rates: dict[str, str]
) -> None:
    response = add_price(admin, model, **rates)

    assert "errorlist" in response.content.decode()
    assert not Price.objects.exists()


def test_zero_is_free_and_an_empty_price_unknown(
    admin: Client, model: LanguageModel
) -> None:
    add_price(admin, model, input="0")

    assert "free / unknown" in shown(admin)


def test_what_the_gateway_lists_is_said_with_its_tiers(
    admin: Client, model: LanguageModel
) -> None:
    base = Rates(input=Decimal("1.5"), output=Decimal(10))
    above = Tier(272_000, Rates(input=Decimal(3)))
    set_listed_prices(prices={model.pk: Prices(base, (above,))})

    body = page_of(admin, model)

    assert "above 272,000 tokens $3 in (listed by the gateway on" in body
    assert "Listed by the gateway" in body


def test_a_maker_s_price_is_said_to_be_that(admin: Client) -> None:
    gateway = Gateway.objects.create(name="OpenAI", preset="openai")
    model = gateway.models.create(name="gpt-5-mini")

    assert "(the maker&#x27;s price, November 2026)" in page_of(admin, model)


def test_what_costs_nothing_has_no_prices_to_enter(admin: Client) -> None:
    gateway = Gateway.objects.create(name="Here", preset="ollama")
    body = page_of(admin, gateway.models.create(name="qwen"))

    assert "Free, as everything at this gateway." in body
    assert "prices-TOTAL_FORMS" not in body


def test_what_was_learned_can_be_forgotten(admin: Client, model: LanguageModel) -> None:
    untaught = page_of(admin, model)
    endpoint = model.gateway.endpoints.get()
    for parameter in ("temperature", "effort"):
        learn_rejected(
            endpoint_id=endpoint.pk, model_name=model.name, parameter=parameter
        )
    taught = page_of(admin, model)

    save(admin, model, forget=[LearnedFact.objects.get(value="effort").pk])

    assert "What it has taught us" not in untaught
    assert "does not take the parameter temperature" in taught
    assert [fact.value for fact in LearnedFact.objects.all()] == ["temperature"]


def test_nothing_of_another_model_is_forgotten(
    admin: Client, model: LanguageModel
) -> None:
    other = make_model("other")
    endpoint = other.gateway.endpoints.get()
    learn_window(endpoint_id=endpoint.pk, model_name="other", window=5)

    save(admin, model, forget=[LearnedFact.objects.get().pk])

    assert LearnedFact.objects.exists()


@pytest.mark.parametrize(("action", "enabled"), [("enable", True), ("disable", False)])
def test_many_models_are_enabled_and_disabled_at_once(
    admin: Client, model: LanguageModel, action: str, enabled: bool
) -> None:
    others = [make_model(f"model-{number}") for number in range(2)]
    LanguageModel.objects.update(enabled=not enabled)
    ticked = [model.pk, others[0].pk]

    chosen = {"action": action, ACTION_CHECKBOX_NAME: ticked}
    response = admin.post(url("changelist"), chosen, follow=True)

    changed = LanguageModel.objects.filter(enabled=enabled)
    assert set(changed.values_list("pk", flat=True)) == set(ticked)
    assert f"2 models are {action}d now." in response.content.decode()


def test_many_models_are_deleted_at_once_but_never_the_demo_s(
    admin: Client, model: LanguageModel
) -> None:
    ensure_gateways()
    Price.objects.create(model=model, input=1)
    chosen: dict[str, object] = {"action": "delete_selected", "post": "yes"}

    def delete(**gateway: str) -> None:
        rows = LanguageModel.objects.filter(**gateway)
        ticked = {ACTION_CHECKBOX_NAME: [row.pk for row in rows]}
        admin.post(url("changelist"), {**chosen, **ticked})

    delete()
    before = LanguageModel.objects.count()
    delete(gateway__preset="compatible")

    assert before == 2
    assert LanguageModel.objects.get().gateway.is_demo


def test_models_are_searched_and_filtered(admin: Client, alice: User) -> None:
    now = timezone.now()
    team = make_team("House", alice)
    fresh, gone, own = (make_model(name, window=None) for name in ("aa", "bb", "cc"))
    Gateway.objects.update(synced_at=now)
    LanguageModel.objects.filter(pk=fresh.pk).update(listed_at=now)
    LanguageModel.objects.filter(pk=gone.pk).update(listed_at=now - timedelta(days=2))
    own.teams.add(team)

    def found(**filters: str) -> set[str]:
        rows = admin.get(url("changelist"), filters).context["cl"].result_list
        return {row.name for row in rows}

    assert found(q="bb") == {"bb"}
    assert found(gateway__id__exact=str(own.gateway_id)) == {"cc"}
    assert found(listed="yes") == {"aa"}
    assert found(listed="no-longer") == {"bb"}
    assert found(listed="never") == {"cc"}
    assert found(team="everyone") == {"aa", "bb"}
    assert found(team=str(team.pk)) == {"cc"}
    assert found(team="nonsense") == {"aa", "bb", "cc"}
    assert "no longer listed" in shown(admin, q="bb")


def test_a_list_of_hundreds_takes_no_query_a_model(
    admin: Client,
    model: LanguageModel,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    model.teams.add(make_team("House"))
    shown(admin)
    with django_assert_num_queries(LIST_QUERIES):
        shown(admin)
    LanguageModel.objects.bulk_create(
        LanguageModel(gateway=model.gateway, name=f"model-{number}")
        for number in range(300)
    )

    with django_assert_num_queries(LIST_QUERIES):
        body = shown(admin)

    assert body.count('<th class="field-name">') == 100


def test_a_model_s_abilities_are_told_as_far_as_they_are_known(
    admin: Client, model: LanguageModel
) -> None:
    nobody = shown(admin)
    LanguageModel.objects.update(
        abilities={"reasoning": True, "vision": False, "tools": True}
    )

    assert '<td class="field-able_to">unknown</td>' in nobody
    assert '<td class="field-able_to">reasoning, tools</td>' in shown(admin)


def test_a_window_nobody_knows_is_not_a_number(
    admin: Client, model: LanguageModel
) -> None:
    assert '<td class="field-window_shown">unknown</td>' in shown(admin)
    assert '<td class="field-price">unknown</td>' in shown(admin)
