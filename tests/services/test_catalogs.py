from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from conversations.gateways.catalog.known import Sizes
from conversations.models import Gateway, LanguageModel
from conversations.services.catalogs import ensure_gateways
from conversations.services.gateways import choose_default_model, find_default_model
from conversations.services.keys import read_key, set_key
from conversations.services.prices import sizes_of

pytestmark = pytest.mark.django_db

KEY = "sk-canary-0123456789"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return KEY


def default_name() -> str | None:
    model = find_default_model()
    return model.name if model else None


def openai() -> Gateway:
    return Gateway.objects.get(key_variable="OPENAI_API_KEY")


def addresses(gateway: Gateway) -> set[tuple[str, str, str]]:
    return set(gateway.endpoints.values_list("protocol", "base_url", "auth"))


def test_without_any_key_there_is_the_demo_and_it_is_the_default() -> None:
    ensure_gateways()
    ensure_gateways()

    model = LanguageModel.objects.get()
    assert (model.title, model.window) == ("Demo", 32_000)
    assert model.gateway.is_demo
    assert find_default_model() == model


def test_a_key_brings_openai_which_is_the_default(key: str) -> None:
    ensure_gateways()
    ensure_gateways()

    gateway = openai()
    assert (gateway.name, gateway.preset) == ("OpenAI", Gateway.Preset.OPENAI)
    assert addresses(gateway) == {
        ("responses", "https://api.openai.com/v1", "bearer"),
        ("chat_completions", "https://api.openai.com/v1", "bearer"),
    }
    assert read_key(gateway) == key
    assert gateway.key_encrypted is None
    model = gateway.models.get()
    assert (model.name, model.window) == ("gpt-5-mini", None)
    assert sizes_of(model) == Sizes(272_000, 128_000)
    assert find_default_model() == model


@pytest.mark.parametrize(
    ("variable", "name", "expected"),
    [
        (
            "EZROUTER_API_KEY",
            "EZRouter",
            {
                ("chat_completions", "https://www.ezrouter.dev/v1", "bearer"),
                ("messages", "https://www.ezrouter.dev/anthropic/v1", "bearer"),
            },
        ),
        (
            "OPENROUTER_API_KEY",
            "OpenRouter",
            {
                ("chat_completions", "https://openrouter.ai/api/v1", "bearer"),
                ("responses", "https://openrouter.ai/api/v1", "bearer"),
                ("messages", "https://openrouter.ai/api/v1", "bearer"),
            },
        ),
        (
            "OPPER_API_KEY",
            "Opper",
            {
                ("chat_completions", "https://api.opper.ai/v3/compat", "bearer"),
                ("responses", "https://api.opper.ai/v3/compat", "bearer"),
                ("messages", "https://api.opper.ai/v3/compat/v1", "bearer"),
            },
        ),
        (
            "ANTHROPIC_API_KEY",
            "Anthropic",
            {("messages", "https://api.anthropic.com/v1", "x-api-key")},
        ),
    ],
)
def test_each_key_brings_its_gateway_with_every_protocol_it_speaks(
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    name: str,
    expected: set[tuple[str, str, str]],
) -> None:
    monkeypatch.setenv(variable, KEY)

    ensure_gateways()
    ensure_gateways()

    gateway = Gateway.objects.exclude(preset="demo").get()
    assert (gateway.name, gateway.key_variable) == (name, variable)
    assert gateway.get_preset_display() == name
    assert addresses(gateway) == expected
    assert read_key(gateway) == KEY


def test_each_key_that_is_missing_disables_its_own_gateway(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPPER_API_KEY", KEY)
    ensure_gateways()

    monkeypatch.delenv("OPPER_API_KEY")
    ensure_gateways()

    enabled = dict(Gateway.objects.values_list("name", "enabled"))
    assert enabled == {"Demo": True, "OpenAI": True, "Opper": False}


def test_a_gateway_from_before_gains_the_protocols_it_lacks(key: str) -> None:
    gateway = Gateway.objects.create(name="OpenAI", key_variable="OPENAI_API_KEY")
    endpoint = gateway.endpoints.create(base_url="https://api.openai.com/v1")
    set_key(gateway=gateway, key="another-key")

    ensure_gateways()

    gateway.refresh_from_db()
    assert gateway.endpoints.get(protocol="chat_completions") == endpoint
    assert gateway.endpoints.count() == 2
    assert gateway.key_encrypted is not None


def test_a_key_for_another_address_is_forgotten_with_it(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_gateways()
    set_key(gateway=openai(), key="another-key")

    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9000/v1")
    ensure_gateways()

    assert openai().key_encrypted is None
    assert addresses(openai()) == {
        ("chat_completions", "http://127.0.0.1:9000/v1", "bearer")
    }


def test_another_base_url_is_a_compatible_gateway_of_unknown_size(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9000/v1/")
    monkeypatch.setenv("OPENAI_MODEL", "house-model")

    ensure_gateways()

    gateway = openai()
    assert gateway.preset == Gateway.Preset.COMPATIBLE
    assert addresses(gateway) == {
        ("chat_completions", "http://127.0.0.1:9000/v1", "bearer")
    }
    assert not sizes_of(gateway.models.get()).is_known
    assert default_name() == "house-model"


def test_a_base_url_without_a_model_names_none(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9000/v1")

    ensure_gateways()

    assert not openai().models.exists()
    assert default_name() == "demo"


def test_a_missing_key_disables_the_gateway_until_it_is_back(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_gateways()

    monkeypatch.delenv("OPENAI_API_KEY")
    ensure_gateways()
    without = (openai().enabled, default_name())
    monkeypatch.setenv("OPENAI_API_KEY", key)
    ensure_gateways()

    assert without == (False, "demo")
    assert (openai().enabled, default_name()) == (True, "gpt-5-mini")


def test_a_gateway_that_a_person_disabled_stays_disabled(key: str) -> None:
    ensure_gateways()
    Gateway.objects.filter(key_variable="OPENAI_API_KEY").update(enabled=False)

    ensure_gateways()

    assert not openai().enabled
    assert default_name() == "demo"


def test_a_stored_key_stands_in_for_the_missing_one(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_gateways()
    set_key(gateway=openai(), key="another-key")

    monkeypatch.delenv("OPENAI_API_KEY")
    ensure_gateways()

    assert openai().enabled
    assert read_key(openai()) == "another-key"


def test_what_a_person_chose_stays_the_default(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_gateways()
    other = openai().models.create(name="other")
    choose_default_model(model=other)

    ensure_gateways()
    chosen = default_name()
    monkeypatch.setenv("OPENAI_MODEL", "newer")
    ensure_gateways()

    assert chosen == "other"
    assert default_name() == "newer"


def test_a_demo_that_a_person_disabled_stays_disabled() -> None:
    ensure_gateways()
    Gateway.objects.update(enabled=False)

    ensure_gateways()

    assert not Gateway.objects.get().enabled
    assert find_default_model() is None


def test_a_name_that_is_taken_is_no_obstacle(key: str) -> None:
    Gateway.objects.create(name="OpenAI")

    ensure_gateways()

    assert openai().name == "OpenAI (environment)"


@pytest.mark.parametrize("url", ["gateway.example", "ftp://gateway.example"])
def test_a_base_url_that_is_none_is_refused_loudly(
    key: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", url)

    with pytest.raises(ImproperlyConfigured, match="OPENAI_BASE_URL must look like"):
        ensure_gateways()
