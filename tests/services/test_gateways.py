from __future__ import annotations

import pytest

from conversations.models import Gateway, LanguageModel
from conversations.services import gateways
from conversations.services.errors import RefusedError
from conversations.services.keys import set_key
from tests.factories import make_model

pytestmark = pytest.mark.django_db

KEY = "sk-canary-0123456789"


def make_demo() -> LanguageModel:
    gateway = Gateway.objects.create(name="Demo", preset=Gateway.Preset.DEMO)
    gateway.endpoints.create(base_url="http://demo.invalid/v1")
    return gateway.models.create(name="demo", label="Demo")


def test_the_demo_is_the_default_only_if_nothing_else_is() -> None:
    demo = make_demo()
    assert gateways.find_default_model() == demo

    real = make_model()

    assert gateways.find_default_model() == real


def test_there_is_one_default_model() -> None:
    make_model(is_default=True)
    second = make_model()

    gateways.choose_default_model(model=second)

    assert list(LanguageModel.objects.filter(is_default=True)) == [second]
    assert gateways.find_default_model() == second


def test_the_default_falls_back_while_its_gateway_is_disabled() -> None:
    demo, chosen = make_demo(), make_model(is_default=True)

    Gateway.objects.filter(pk=chosen.gateway_id).update(enabled=False)

    assert gateways.find_default_model() == demo
    assert chosen not in gateways.list_models()


def test_a_disabled_model_cannot_become_the_default() -> None:
    model = make_model()
    LanguageModel.objects.update(enabled=False)

    with pytest.raises(RefusedError):
        gateways.choose_default_model(model=model)


def test_nothing_is_the_default_where_there_is_nothing() -> None:
    assert gateways.find_default_model() is None


def test_a_route_has_the_address_and_the_key() -> None:
    model = make_model(base_url="https://gateway.example/v1")
    set_key(gateway=model.gateway, key=KEY)

    route = gateways.reach(model).route

    assert (route.base_url, route.key) == ("https://gateway.example/v1", KEY)
    assert route.preset == Gateway.Preset.COMPATIBLE
    assert KEY not in repr(route)


def test_a_route_to_the_demo_says_so() -> None:
    assert gateways.reach(make_demo()).route.preset == Gateway.Preset.DEMO


def test_a_local_gateway_needs_no_key() -> None:
    assert gateways.reach(make_model()).route.key == ""


def test_a_gateway_without_the_key_it_needs_is_refused() -> None:
    model = make_model()
    model.gateway.preset = Gateway.Preset.OPENAI

    with pytest.raises(RefusedError, match="has no key"):
        gateways.reach(model)


def test_a_gateway_without_an_address_is_refused() -> None:
    model = make_model()
    model.gateway.endpoints.all().delete()

    with pytest.raises(RefusedError, match="has no address"):
        gateways.reach(model)


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        (" https://gateway.example/v1/ ", "https://gateway.example/v1"),
        ("http://ollama:11434/v1", "http://ollama:11434/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ],
)
def test_an_address_is_cleaned(url: str, cleaned: str) -> None:
    assert gateways.clean_base_url(url) == cleaned


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.example/v1",
        "ftp://gateway.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user:pass@gateway.example/v1",
        "https://gateway.example/v1?key=1",
        "https://gateway.example/#x",
        "http://[::1",
        "http://host:port/",
        "http://host:99999/",
        "http://ho st/",
        "http://",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|port|Port|IPv6"):
        gateways.clean_base_url(url)
