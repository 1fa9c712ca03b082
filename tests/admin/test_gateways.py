from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from conversations.models import Gateway, LanguageModel
from conversations.services.catalogs import ensure_gateways
from conversations.services.gateways import find_default_model
from conversations.services.keys import read_key, set_key
from tests.factories import make_model

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response
    from pytest_django.fixtures import Settings

    from conversations.models import User

CANARY = "sk-canary-0123456789abcdefWXYZ"
BASE_URL = "https://gateway.example/v1"


@pytest.fixture
def admin(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def model(db: None) -> LanguageModel:
    return make_model("ok", base_url=BASE_URL)


def url(page: str, *arguments: object) -> str:
    return reverse(f"admin:conversations_gateway_{page}", args=arguments)


def values(gateway: Gateway | None = None, **more: object) -> dict[str, object]:
    """What the browser sends for a gateway and its models as they are."""
    models = list(gateway.models.all()) if gateway else []
    rows: dict[str, object] = {
        "name": gateway.name if gateway else "House",
        "preset": "compatible",
        "base_url": BASE_URL,
        "enabled": "on",
        "models-TOTAL_FORMS": len(models) + 1,
        "models-INITIAL_FORMS": len(models),
        f"models-{len(models)}-enabled": "on",
    }
    for number, model in enumerate(models):
        rows |= {
            f"models-{number}-id": model.pk,
            f"models-{number}-gateway": model.gateway_id,
            f"models-{number}-name": model.name,
            f"models-{number}-window": model.window or "",
            f"models-{number}-enabled": "on" if model.enabled else "",
            f"models-{number}-make_default": "on" if model.is_default else "",
        }
    return {key: value for key, value in {**rows, **more}.items() if value != ""}


def save(admin: Client, gateway: Gateway, **more: object) -> Response:
    address = url("change", gateway.pk)
    return admin.post(address, values(gateway, **more), follow=True)


def test_a_gateway_is_added_with_its_key_and_models(admin: Client) -> None:
    added = {
        **values(key=CANARY),
        "models-0-name": "openai/gpt-4o",
        "models-0-make_default": "on",
    }

    response = admin.post(url("add"), added, follow=True)

    gateway = Gateway.objects.get()
    assert CANARY not in response.content.decode()
    assert read_key(gateway) == CANARY
    assert gateway.endpoints.get().base_url == BASE_URL
    assert gateway.models.get().window == 128_000
    assert find_default_model() == gateway.models.get()


def test_a_key_goes_in_and_never_comes_out(admin: Client, model: LanguageModel) -> None:
    save(admin, model.gateway, key=CANARY)

    body = admin.get(url("change", model.gateway_id)).content.decode()

    assert "Key ends in …WXYZ" in body
    assert CANARY not in body
    assert CANARY not in str(list(LogEntry.objects.values()))


def test_a_form_with_a_mistake_does_not_send_the_key_back(
    admin: Client, model: LanguageModel
) -> None:
    response = save(admin, model.gateway, key=CANARY, base_url="nonsense")

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


def test_another_address_makes_the_key_forgotten_and_says_so(
    admin: Client, model: LanguageModel
) -> None:
    set_key(gateway=model.gateway, key=CANARY)

    response = save(admin, model.gateway, base_url="https://evil.example/v1")

    model.gateway.refresh_from_db()
    assert read_key(model.gateway) is None
    assert "the key was forgotten" in response.content.decode()


def test_another_address_with_a_key_of_its_own_has_that_key(
    admin: Client, model: LanguageModel
) -> None:
    set_key(gateway=model.gateway, key=CANARY)

    save(admin, model.gateway, base_url="https://new.example/v1", key="the-new-key")

    model.gateway.refresh_from_db()
    assert read_key(model.gateway) == "the-new-key"


def test_the_environment_s_key_goes_to_no_address_typed_in_here(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    ensure_gateways()
    gateway = Gateway.objects.get(name="OpenAI")

    save(admin, gateway, base_url="https://evil.example/v1")

    body = admin.get(url("change", gateway.pk)).content.decode()
    assert gateway.endpoints.get().base_url == "https://api.openai.com/v1"
    assert "From the environment variable OPENAI_API_KEY" in body
    assert CANARY not in body


def test_openai_s_own_address_need_not_be_typed(admin: Client) -> None:
    admin.post(url("add"), values(preset="openai", base_url=""))

    address = Gateway.objects.get().endpoints.get().base_url
    assert address == "https://api.openai.com/v1"


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


def test_there_is_one_default_among_all_models(
    admin: Client, model: LanguageModel
) -> None:
    other = make_model(is_default=True)

    save(admin, model.gateway, **{"models-0-make_default": "on"})
    chosen = list(LanguageModel.objects.filter(is_default=True))
    save(admin, model.gateway, **{"models-0-make_default": ""})

    assert chosen == [model]
    assert other != model
    assert not LanguageModel.objects.filter(is_default=True).exists()


def test_two_defaults_at_once_are_refused(admin: Client, model: LanguageModel) -> None:
    model.gateway.models.create(name="second")
    ticks = {f"models-{number}-make_default": "on" for number in range(2)}

    response = save(admin, model.gateway, **ticks)

    assert "Only one model can be the default" in response.content.decode()


@pytest.mark.parametrize("field", ["enabled", "models-0-enabled"])
def test_what_is_disabled_cannot_be_the_default(
    admin: Client, model: LanguageModel, field: str
) -> None:
    ticks = {"models-0-make_default": "on", field: ""}

    response = save(admin, model.gateway, **ticks)

    assert "cannot be the default" in response.content.decode()
    assert not LanguageModel.objects.filter(is_default=True).exists()


def test_a_window_of_nothing_is_unknown_and_never_zero(
    admin: Client, model: LanguageModel
) -> None:
    zero = save(admin, model.gateway, **{"models-0-window": "0"})
    save(admin, model.gateway, **{"models-0-window": ""})

    model.refresh_from_db()
    assert "greater than or equal to 1" in zero.content.decode()
    assert model.window is None


def test_the_demo_is_labelled_and_can_be_disabled_but_not_deleted(
    admin: Client,
) -> None:
    ensure_gateways()
    demo = Gateway.objects.get()

    body = admin.get(url("changelist")).content.decode()
    deleted = admin.post(url("delete", demo.pk), {"post": "yes"})
    save(admin, demo, enabled="", base_url="https://evil.example/", preset="openai")

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
    admin: Client, model: LanguageModel
) -> None:
    admin.post(url("delete", model.gateway_id), {"post": "yes"})

    assert not LanguageModel.objects.exists()
