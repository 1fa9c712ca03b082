from __future__ import annotations

import uuid

import pytest
from django.http import QueryDict

from conversations import limits
from conversations.forms import (
    MessageForm,
    ModelForm,
    NewConversationForm,
    RenameForm,
    SetUpForm,
)
from conversations.models import User
from tests.factories import make_model, make_prompt, make_team

PASSWORD = "a long enough sentence"


def message(content: str, **more: str) -> dict[str, str]:
    return {"content": content, "client_id": str(uuid.uuid4()), **more}


def first_error(form: MessageForm | ModelForm | RenameForm, field: str) -> str:
    return str(form.errors[field][0])


def test_a_message_keeps_its_shape() -> None:
    form = MessageForm(message("  def f():\r\n    pass\n"))

    assert form.is_valid()
    assert form.cleaned_data["content"] == "  def f():\n    pass\n"
    assert isinstance(form.cleaned_data["client_id"], uuid.UUID)


@pytest.mark.parametrize("content", ["", "   ", "\r\n\t\n"])
def test_a_blank_message_is_not_sent(content: str) -> None:
    form = MessageForm(message(content))

    assert first_error(form, "content") == "Write something first."


def test_what_no_database_takes_is_replaced() -> None:
    form = MessageForm(message("a\x00b\ud800c"))

    assert form.is_valid()
    assert form.cleaned_data["content"] == "a�b�c"


def test_hostile_bytes_of_a_browser_are_replaced_too() -> None:
    form = MessageForm(
        QueryDict(f"content=a%00b%ED%A0%80&client_id={uuid.uuid4()}".encode())
    )

    assert form.is_valid()
    assert form.cleaned_data["content"].startswith("a�b�")


def test_a_message_is_measured_in_bytes_after_cleaning() -> None:
    fits = MessageForm(message("\r\n" + "é" * (limits.MESSAGE_BYTES // 2 - 1)))
    too_long = MessageForm(message("é" * (limits.MESSAGE_BYTES // 2) + "x"))

    assert fits.is_valid()
    assert "100,001 bytes" in first_error(too_long, "content")


@pytest.mark.parametrize("client_id", ["", "not-a-uuid", "1" * 5000])
def test_a_message_needs_the_page_s_own_id(client_id: str) -> None:
    form = MessageForm({"content": "Hello", "client_id": client_id})

    assert "load this page anew" in first_error(form, "client_id")


def test_a_new_conversation_may_leave_the_choices_open(alice: User) -> None:
    form = NewConversationForm(message("Hello", model="", prompt=""), user=alice)

    assert form.is_valid()
    assert form.cleaned_data["model"] is None
    assert form.cleaned_data["prompt"] is None


def test_a_new_conversation_has_what_was_chosen(alice: User) -> None:
    model, prompt = make_model(), make_prompt()

    form = NewConversationForm(
        message("Hello", model=str(model.pk), prompt=str(prompt.pk)), user=alice
    )

    assert form.is_valid()
    assert form.cleaned_data["model"] == model
    assert form.cleaned_data["prompt"] == prompt


def test_what_cannot_be_used_any_more_cannot_be_chosen(alice: User) -> None:
    model, prompt = make_model(), make_prompt()
    model.enabled, prompt.is_archived = False, True
    model.save()
    prompt.save()

    form = NewConversationForm(
        message("Hello", model=str(model.pk), prompt=str(prompt.pk)), user=alice
    )

    assert "choose another" in first_error(form, "model")
    assert "choose another" in first_error(form, "prompt")


@pytest.mark.parametrize("choice", ["x", "-1", "9" * 40, "\x00"])
def test_nonsense_is_no_choice(alice: User, choice: str) -> None:
    form = NewConversationForm(
        message("Hello", model=choice, prompt=choice), user=alice
    )

    assert set(form.errors) == {"model", "prompt"}


def test_a_model_of_another_team_is_as_good_as_gone(alice: User, bob: User) -> None:
    model = make_model()
    model.teams.add(make_team("Kitchen", bob))
    data = message("Hello", model=str(model.pk))

    mine, theirs = (NewConversationForm(data, user=user) for user in (alice, bob))

    assert "choose another" in first_error(mine, "model")
    assert theirs.is_valid()


def test_a_model_has_to_be_named_where_there_is_a_conversation(alice: User) -> None:
    assert first_error(ModelForm({}, user=alice), "model") == "Please choose a model."


def test_an_empty_form_is_not_wrong(alice: User) -> None:
    assert not NewConversationForm(user=alice).errors


def test_a_title_is_one_line() -> None:
    form = RenameForm({"title": "  A\x00\r\n title "})

    assert form.is_valid()
    assert form.cleaned_data["title"] == "A� title"


@pytest.mark.parametrize("title", ["", " \n ", "x" * (limits.TITLE_CHARACTERS + 1)])
def test_a_title_has_some_letters_and_not_too_many(title: str) -> None:
    assert not RenameForm({"title": title}).is_valid()


def set_up(password: str, again: str = "", username: str = "ada") -> SetUpForm:
    return SetUpForm(
        {"username": username, "password1": password, "password2": again or password}
    )


def test_a_good_password_is_taken_as_it_is(db: None) -> None:
    form = set_up(f" {PASSWORD} ")

    assert form.is_valid()
    assert form.cleaned_data["password1"] == f" {PASSWORD} "


@pytest.mark.parametrize("password", ["short", "passwordpassword"[:11], "x" * 5000])
def test_a_bad_password_is_refused(db: None, password: str) -> None:
    assert not set_up(password).is_valid()


def test_a_password_is_entered_twice_alike(db: None) -> None:
    assert not set_up(PASSWORD, PASSWORD + "x").is_valid()


@pytest.mark.parametrize("username", ["", "with space", "a\x00b", "x" * 151])
def test_a_username_follows_django_s_rules(db: None, username: str) -> None:
    assert not set_up(PASSWORD, username=username).is_valid()
