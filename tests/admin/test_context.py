from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from conversations.models import ContextPolicy, LanguageModel, Price
from conversations.services.memory.policy import find_summary_model, get_policy
from tests.admin.test_models import page_of, save
from tests.factories import make_model

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

FORM = "admin:conversations_contextpolicy_change"
UNUSABLE = "cannot be asked just now"
UNPRICED = "is unknown: while a limit on spending holds"


@pytest.fixture
def model(db: None) -> LanguageModel:
    model = make_model("cheap-model", window=100_000)
    Price.objects.create(
        model=model, effective_from=timezone.now(), input="0.05", output="0.4"
    )
    return model


def shown(admin: Client) -> str:
    return admin.get(reverse(FORM, args=[1])).content.decode()


def change(admin: Client, **values: object) -> str:
    """Save the form, and return the words of the page that follows."""
    response = admin.post(reverse(FORM, args=[1]), values, follow=True)
    return response.content.decode()


def test_without_a_word_of_an_admin_nothing_is_summarised(db: None) -> None:
    policy = get_policy()

    assert find_summary_model(policy=policy) is None
    assert policy.warn_above is None
    assert not ContextPolicy.objects.exists()


def test_what_admins_decide_is_one_form(admin: Client) -> None:
    listed = reverse("admin:conversations_contextpolicy_changelist")

    response = admin.get(listed, follow=True)

    assert response.redirect_chain == [(reverse(FORM, args=[1]), 302)]
    assert "None: nothing is summarised" in response.content.decode()


def test_an_admin_chooses_who_writes_summaries(
    admin: Client, model: LanguageModel
) -> None:
    words = change(
        admin, summary_model=model.pk, extracts_facts="on", warn_above="0.25"
    )

    policy = get_policy()
    assert find_summary_model(policy=policy) == model
    assert policy.extracts_facts
    assert policy.warn_above == Decimal("0.25")
    assert UNUSABLE not in words
    assert UNPRICED not in words


def test_an_admin_takes_it_back(admin: Client, model: LanguageModel) -> None:
    ContextPolicy.objects.create(summary_model=model, warn_above=1)

    change(admin)

    policy = get_policy()
    assert (policy.summary_model, policy.warn_above) == (None, None)
    assert not policy.extracts_facts


def test_models_are_offered_with_their_prices(
    admin: Client, model: LanguageModel
) -> None:
    make_model("a-mystery")
    disabled = make_model("a-disabled-one")
    LanguageModel.objects.filter(pk=disabled.pk).update(enabled=False)

    page = shown(admin)

    assert f"cheap-model · {model.gateway} · $0.05 / $0.40" in page
    assert "price unknown" in page
    assert "a-disabled-one" not in page


def test_many_models_take_no_query_each(
    admin: Client,
    model: LanguageModel,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(20):
        make_model(f"model-{number}")
    shown(admin)

    with django_assert_max_num_queries(12):
        shown(admin)


def test_a_model_that_was_disabled_stays_chosen_and_is_named(
    admin: Client, model: LanguageModel
) -> None:
    ContextPolicy.objects.create(summary_model=model)
    LanguageModel.objects.filter(pk=model.pk).update(enabled=False)

    words = change(admin, summary_model=model.pk)

    assert UNUSABLE in words
    assert get_policy().summary_model == model
    assert find_summary_model(policy=get_policy()) is None


def test_an_admin_is_told_where_nobody_knows_what_it_costs(admin: Client) -> None:
    mystery = make_model("a-mystery")

    assert UNPRICED in change(admin, summary_model=mystery.pk)


def test_a_warning_is_not_below_nothing(admin: Client) -> None:
    words = change(admin, warn_above="-1")

    assert "greater than or equal to 0" in words
    assert get_policy().warn_above is None


def test_there_is_always_just_one(admin: Client) -> None:
    ContextPolicy.objects.create()
    delete = reverse("admin:conversations_contextpolicy_delete", args=[1])

    add = admin.get(reverse("admin:conversations_contextpolicy_add"))

    assert add.status_code == admin.post(delete, {"post": "yes"}).status_code == 403


def test_how_much_of_a_model_is_used_can_be_set(
    admin: Client, model: LanguageModel
) -> None:
    save(admin, model, context_cap="32000", context_keep="40", context_turns="20")

    model.refresh_from_db()
    assert (model.context_cap, model.context_keep, model.context_turns) == (
        32_000,
        40,
        20,
    )


def test_the_page_of_a_model_says_what_is_used_otherwise(
    admin: Client, model: LanguageModel
) -> None:
    page = page_of(admin, model)

    assert "80,000, as its window and its prices suggest" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("context_cap", "999"),
        ("context_keep", "29"),
        ("context_keep", "81"),
        ("context_turns", "0"),
        ("context_turns", "many"),
    ],
)
def test_what_makes_no_sense_is_not_saved(
    admin: Client, model: LanguageModel, field: str, value: str
) -> None:
    response = save(admin, model, **{field: value})

    assert "errorlist" in response.content.decode()
    model.refresh_from_db()
    assert getattr(model, field) is None
