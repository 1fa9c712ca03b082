from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from conversations.gateways.presets import PRESETS
from conversations.models import Endpoint, Gateway, LanguageModel, Price
from conversations.services.catalogs import ensure_gateways
from conversations.services.keys import read_key, set_key
from tests.factories import make_model

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response
    from pytest_django import DjangoAssertNumQueries
    from pytest_django.fixtures import Settings

    from conversations.models import User

CANARY = "sk-canary-0123456789abcdefWXYZ"
BASE_URL = "https://gateway.example/v1"
PROTOCOLS = ("chat_completions", "responses", "messages")
PAGE_QUERIES = 10
WITH_KEYS = [name for name, preset in PRESETS.items() if preset.needs_key]


@pytest.fixture
def model(db: None) -> LanguageModel:
    return make_model("ok", base_url=BASE_URL)


def url(page: str, *arguments: object) -> str:
    return reverse(f"admin:conversations_gateway_{page}", args=arguments)


def values(gateway: Gateway, **more: object) -> dict[str, object]:
    """What the browser sends for a gateway as it is."""
    rows: dict[str, object] = {
        "name": gateway.name,
        "preset": gateway.preset,
        "enabled": "on" if gateway.enabled else "",
    }
    for endpoint in gateway.endpoints.all():
        rows[f"{endpoint.protocol}_url"] = endpoint.base_url
        rows[f"{endpoint.protocol}_auth"] = endpoint.auth
    return {key: value for key, value in {**rows, **more}.items() if value != ""}


def save(admin: Client, gateway: Gateway, **more: object) -> Response:
    address = url("change", gateway.pk)
    return admin.post(address, values(gateway, **more), follow=True)


def add(admin: Client, preset: str, **more: object) -> Response:
    return admin.post(url("add"), {"preset": preset, **more}, follow=True)


def addresses(gateway: Gateway) -> dict[str, tuple[str, str]]:
    rows = gateway.endpoints.values_list("protocol", "base_url", "auth")
    return {protocol: (base_url, auth) for protocol, base_url, auth in rows}


@pytest.mark.parametrize("preset", WITH_KEYS)
def test_adding_a_gateway_takes_a_preset_and_a_key(admin: Client, preset: str) -> None:
    response = add(admin, preset, key=CANARY)

    gateway = Gateway.objects.get()
    assert response.redirect_chain == [(url("change", gateway.pk), 302)]
    assert (gateway.name, gateway.enabled) == (PRESETS[preset].label, True)
    assert read_key(gateway) == CANARY
    assert CANARY not in response.content.decode()
    assert addresses(gateway) == {
        protocol: (surface.base_url, surface.auth)
        for protocol, surface in PRESETS[preset].surfaces.items()
    }


def test_a_second_gateway_of_a_kind_has_a_name_of_its_own(admin: Client) -> None:
    add(admin, "opper", key=CANARY)
    add(admin, "opper", key=CANARY)
    add(admin, "opper", key=CANARY, name="Opper of the house")

    names = list(Gateway.objects.values_list("name", flat=True))
    assert names == ["Opper", "Opper 2", "Opper of the house"]


def test_a_gateway_that_needs_a_key_is_not_added_without_one(admin: Client) -> None:
    response = add(admin, "anthropic")

    assert "Anthropic answers nobody without a key." in response.content.decode()
    assert not Gateway.objects.exists()


def test_a_compatible_server_needs_an_address_and_no_key(admin: Client) -> None:
    refused = add(admin, "compatible")
    add(admin, "compatible", base_url=f"{BASE_URL}/")

    gateway = Gateway.objects.get()
    assert "where this server&#x27;s API begins" in refused.content.decode()
    assert addresses(gateway) == {"chat_completions": (BASE_URL, "bearer")}
    assert read_key(gateway) is None


def test_ollama_has_an_address_unless_another_is_typed(admin: Client) -> None:
    add(admin, "ollama", name="Here")
    add(admin, "ollama", name="There", base_url="http://ollama:11434/v1")

    here = addresses(Gateway.objects.get(name="Here"))
    there = addresses(Gateway.objects.get(name="There"))
    assert {base_url for base_url, _ in here.values()} == {"http://127.0.0.1:11434/v1"}
    assert {base_url for base_url, _ in there.values()} == {"http://ollama:11434/v1"}
    assert len(there) == 3


def test_a_known_gateway_s_key_goes_to_no_other_address(admin: Client) -> None:
    response = add(admin, "openai", key=CANARY, base_url=BASE_URL)

    assert "OpenAI has addresses of its own" in response.content.decode()
    assert CANARY not in response.content.decode()
    assert not Gateway.objects.exists()


def test_nobody_adds_a_demo(admin: Client) -> None:
    response = add(admin, "demo")

    assert "not one of the available choices" in response.content.decode()
    assert not Gateway.objects.exists()


def test_a_key_goes_in_and_never_comes_out(admin: Client, model: LanguageModel) -> None:
    save(admin, model.gateway, key=CANARY)

    body = admin.get(url("change", model.gateway_id)).content.decode()

    assert "Key ends in …WXYZ" in body
    assert CANARY not in body
    assert CANARY not in str(list(LogEntry.objects.values()))


def test_a_form_with_a_mistake_does_not_send_the_key_back(
    admin: Client, model: LanguageModel
) -> None:
    response = save(admin, model.gateway, key=CANARY, messages_url="nonsense")

    body = response.content.decode()
    assert "Please enter an address" in body
    assert CANARY not in body
    model.gateway.refresh_from_db()
    assert read_key(model.gateway) is None


def test_an_empty_key_keeps_the_one_there_is(
    admin: Client, model: LanguageModel
) -> None:
    set_key(gateway=model.gateway, key=CANARY)

    save(admin, model.gateway)

    model.gateway.refresh_from_db()
    assert read_key(model.gateway) == CANARY


def test_a_key_can_be_forgotten(admin: Client, model: LanguageModel) -> None:
    set_key(gateway=model.gateway, key=CANARY)

    save(admin, model.gateway, forget_key="on")

    model.gateway.refresh_from_db()
    assert read_key(model.gateway) is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_another_address_makes_the_key_forgotten_and_says_so(
    admin: Client, model: LanguageModel, protocol: str
) -> None:
    set_key(gateway=model.gateway, key=CANARY)

    changed = {f"{protocol}_url": "https://evil.example/v1"}
    response = save(admin, model.gateway, **changed)

    model.gateway.refresh_from_db()
    assert read_key(model.gateway) is None
    assert "the key was forgotten" in response.content.decode()


def test_another_protocol_at_the_same_server_keeps_the_key(
    admin: Client, model: LanguageModel
) -> None:
    set_key(gateway=model.gateway, key=CANARY)

    save(
        admin,
        model.gateway,
        messages_url="https://gateway.example/anthropic/v1",
        messages_auth="x-api-key",
    )

    model.gateway.refresh_from_db()
    assert read_key(model.gateway) == CANARY
    assert addresses(model.gateway) == {
        "chat_completions": (BASE_URL, "bearer"),
        "messages": ("https://gateway.example/anthropic/v1", "x-api-key"),
    }


def test_another_address_with_a_key_of_its_own_has_that_key(
    admin: Client, model: LanguageModel
) -> None:
    set_key(gateway=model.gateway, key=CANARY)

    changed = {"chat_completions_url": "https://new.example/v1"}
    save(admin, model.gateway, key="the-new-key", **changed)

    model.gateway.refresh_from_db()
    assert read_key(model.gateway) == "the-new-key"
    assert addresses(model.gateway)["chat_completions"][0] == "https://new.example/v1"


def test_a_protocol_without_an_address_is_not_offered(
    admin: Client, model: LanguageModel
) -> None:
    model.gateway.endpoints.create(protocol="responses", base_url=BASE_URL)

    save(admin, model.gateway, responses_url="")

    assert list(addresses(model.gateway)) == ["chat_completions"]


def test_a_gateway_keeps_one_address_at_least(
    admin: Client, model: LanguageModel
) -> None:
    response = save(admin, model.gateway, chat_completions_url="")

    assert "an address for one at least" in response.content.decode()
    assert Endpoint.objects.count() == 1


def test_another_preset_leaves_the_addresses_and_the_key(
    admin: Client, model: LanguageModel
) -> None:
    set_key(gateway=model.gateway, key=CANARY)

    save(admin, model.gateway, preset="openrouter")

    model.gateway.refresh_from_db()
    assert model.gateway.preset == "openrouter"
    assert addresses(model.gateway) == {"chat_completions": (BASE_URL, "bearer")}
    assert read_key(model.gateway) == CANARY


def test_the_environment_s_key_goes_to_no_address_typed_in_here(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    ensure_gateways()
    gateway = Gateway.objects.get(name="OpenAI")

    evil = {f"{name}_url": "https://evil.example/v1" for name in PROTOCOLS}
    save(admin, gateway, **evil, preset="compatible")

    body = admin.get(url("change", gateway.pk)).content.decode()
    gateway.refresh_from_db()
    assert gateway.preset == "openai"
    assert {base_url for base_url, _ in addresses(gateway).values()} == {
        "https://api.openai.com/v1"
    }
    assert "From the environment variable OPENAI_API_KEY" in body
    assert CANARY not in body


def test_a_lost_field_key_is_said_in_words(
    admin: Client, model: LanguageModel, settings: Settings
) -> None:
    set_key(gateway=model.gateway, key=CANARY)
    settings.FIELD_KEY = Fernet.generate_key().decode()

    for page in (url("changelist"), url("change", model.gateway_id)):
        assert "FIELD_KEY has changed" in admin.get(page).content.decode()


def test_a_key_that_no_header_could_carry_is_refused(
    admin: Client, model: LanguageModel
) -> None:
    response = save(admin, model.gateway, key="two words")

    assert "without spaces" in response.content.decode()


def test_the_demo_is_labelled_and_can_be_disabled_but_not_deleted(
    admin: Client,
) -> None:
    ensure_gateways()
    demo = Gateway.objects.get()

    body = admin.get(url("changelist")).content.decode()
    deleted = admin.post(url("delete", demo.pk), {"post": "yes"})
    evil = {"chat_completions_url": "https://evil.example/"}
    save(admin, demo, enabled="", preset="openai", **evil)

    demo.refresh_from_db()
    assert "Demo" in body
    assert deleted.status_code == 403
    assert (demo.enabled, demo.is_demo) == (False, True)
    assert demo.endpoints.get().base_url == "http://demo.invalid/v1"


def test_no_other_gateway_can_pass_for_the_demo(
    admin: Client, model: LanguageModel
) -> None:
    save(admin, model.gateway, preset="demo")

    model.gateway.refresh_from_db()
    assert not model.gateway.is_demo


def test_a_gateway_can_be_deleted_with_its_models(
    admin: Client,
    model: LanguageModel,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rows = LanguageModel.objects.bulk_create(
        LanguageModel(gateway=model.gateway, name=f"model-{number}")
        for number in range(200)
    )
    Price.objects.bulk_create(Price(model=row, input=1) for row in rows)
    page = url("delete", model.gateway_id)

    with django_assert_max_num_queries(PAGE_QUERIES):
        asked = admin.get(page).content.decode()
    admin.post(page, {"post": "yes"})

    assert "Models: 201" in asked
    assert "Prices: 200" in asked
    assert not LanguageModel.objects.exists()


def test_a_gateway_s_page_is_as_fast_with_hundreds_of_models(
    admin: Client,
    model: LanguageModel,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    page = url("change", model.gateway_id)
    admin.get(page)
    with django_assert_num_queries(PAGE_QUERIES):
        admin.get(page)
    LanguageModel.objects.bulk_create(
        LanguageModel(gateway=model.gateway, name=f"model-{number}")
        for number in range(500)
    )

    with django_assert_num_queries(PAGE_QUERIES):
        body = admin.get(page).content.decode()

    assert "501 models</a>" in body


def test_who_may_only_look_sees_neither_form_nor_key(
    client: Client, bob: User, model: LanguageModel
) -> None:
    set_key(gateway=model.gateway, key=CANARY)
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_gateway"))
    client.force_login(bob)

    response = client.get(url("change", model.gateway_id))

    assert response.status_code == 200
    assert "Test connection" not in response.content.decode()
    assert CANARY[:-4] not in response.content.decode()
