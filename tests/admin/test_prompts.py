from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from conversations import limits
from conversations.admin.revisions import compare
from conversations.models import SystemPrompt
from conversations.services.prompts import save_revision
from tests.factories import make_conversation, make_prompt

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

    from conversations.models import User


@pytest.fixture
def prompt(staff: User) -> SystemPrompt:
    return make_prompt("Be kind.", name="House")


def url(page: str, *arguments: object) -> str:
    return reverse(f"admin:conversations_systemprompt_{page}", args=arguments)


def save(admin: Client, prompt: SystemPrompt, text: str, **more: object) -> Response:
    values = {"name": prompt.name, "text": text, "note": "", "seen": "1", **more}
    return admin.post(url("change", prompt.pk), values, follow=True)


def texts(prompt: SystemPrompt) -> list[str]:
    return list(prompt.revisions.order_by("number").values_list("text", flat=True))


def test_a_new_prompt_has_a_first_revision(admin: Client, staff: User) -> None:
    admin.post(
        url("add"),
        {"name": "House", "text": "Be kind.", "note": "Start", "make_default": "on"},
    )

    prompt = SystemPrompt.objects.get()
    revision = prompt.revisions.get()
    assert prompt.is_default
    assert (revision.number, revision.text) == (1, "Be kind.")
    assert (revision.author, revision.note) == (staff, "Start")


def test_the_form_shows_the_newest_text(admin: Client, prompt: SystemPrompt) -> None:
    response = admin.get(url("change", prompt.pk))

    assert "Be kind.</textarea>" in response.content.decode()


def test_every_save_with_another_text_makes_a_revision(
    admin: Client, prompt: SystemPrompt, staff: User
) -> None:
    save(admin, prompt, "Be brief.", note="Shorter")
    unchanged = save(admin, prompt, "Be brief.", seen="2", note="Why?")

    assert texts(prompt) == ["Be kind.", "Be brief."]
    assert "as it was" in unchanged.content.decode()


def test_of_two_who_save_at_once_neither_loses_anything(
    admin: Client, prompt: SystemPrompt
) -> None:
    save(admin, prompt, "The first one's.", seen="1")
    second = save(admin, prompt, "The second one's.", seen="1")

    assert texts(prompt) == ["Be kind.", "The first one's.", "The second one's."]
    assert "While you were writing" in second.content.decode()


def test_an_old_page_does_not_bring_an_old_text_back(
    admin: Client, prompt: SystemPrompt
) -> None:
    save(admin, prompt, "Newer.", seen="1")
    save(admin, prompt, "Be kind.", seen="1", make_default="on")

    prompt.refresh_from_db()
    assert texts(prompt) == ["Be kind.", "Newer."]
    assert prompt.is_default


def test_choosing_another_default_ends_the_one_before(
    admin: Client, prompt: SystemPrompt
) -> None:
    before = make_prompt(is_default=True)

    save(admin, prompt, "Be kind.", make_default="on")
    one = list(SystemPrompt.objects.filter(is_default=True))
    save(admin, prompt, "Be kind.")

    assert one == [prompt]
    assert before != prompt
    assert not SystemPrompt.objects.filter(is_default=True).exists()


def test_an_archived_prompt_cannot_be_the_default(
    admin: Client, prompt: SystemPrompt
) -> None:
    refused = save(admin, prompt, "Be kind.", make_default="on", archived="on")
    save(admin, prompt, "Be kind.", archived="on")

    prompt.refresh_from_db()
    assert "cannot be the default" in refused.content.decode()
    assert prompt.is_archived
    assert not prompt.is_default


def test_a_prompt_has_a_limit_in_bytes(admin: Client, prompt: SystemPrompt) -> None:
    response = save(admin, prompt, "é" * limits.SYSTEM_PROMPT_BYTES)

    assert "Please shorten it" in response.content.decode()
    assert texts(prompt) == ["Be kind."]


def test_a_key_in_a_prompt_is_pointed_out(admin: Client, prompt: SystemPrompt) -> None:
    response = save(admin, prompt, "Use sk-proj-Abcdef0123456789abcdef")

    assert "seems to hold a key" in response.content.decode()
    assert prompt.revisions.count() == 2


def test_the_history_names_who_when_and_why(
    admin: Client, prompt: SystemPrompt, staff: User
) -> None:
    save_revision(prompt=prompt, text="<b>Two</b>", note="<i>Why</i>", author=staff)

    body = admin.get(url("history", prompt.pk)).content.decode()

    assert "v2 · newest" in body
    assert "&lt;b&gt;Two&lt;/b&gt;" in body
    assert "&lt;i&gt;Why&lt;/i&gt;" in body
    assert "staff" in body
    assert f"{url('diff', prompt.pk)}?from=1&amp;to=2" in body


def test_any_two_revisions_can_be_compared(
    admin: Client, prompt: SystemPrompt, staff: User
) -> None:
    save_revision(prompt=prompt, text="Be kind.\n<script>", note="", author=staff)

    body = admin.get(url("diff", prompt.pk), {"from": "1", "to": "2"}).content.decode()

    assert '<tr class="diff-same">' in body
    assert '<tr class="diff-added">' in body
    assert "&lt;script&gt;" in body


@pytest.mark.parametrize("number", ["", "0", "9", "x", "²", "1" * 30])
def test_a_revision_that_is_not_there_is_not_found(
    admin: Client, prompt: SystemPrompt, number: str
) -> None:
    response = admin.get(url("diff", prompt.pk), {"from": "1", "to": number})

    assert response.status_code == 404


def test_a_revision_of_another_prompt_is_not_found(
    admin: Client, prompt: SystemPrompt, staff: User
) -> None:
    other = make_prompt("Other")
    save_revision(prompt=other, text="Other two", note="", author=staff)

    assert admin.post(url("restore", prompt.pk, 2)).status_code == 404


def test_restoring_is_a_post_and_a_new_revision(
    admin: Client, prompt: SystemPrompt, staff: User
) -> None:
    save_revision(prompt=prompt, text="Two", note="", author=staff)

    got = admin.get(url("restore", prompt.pk, 1))
    admin.post(url("restore", prompt.pk, 1))
    again = admin.post(url("restore", prompt.pk, 3), follow=True)

    assert got.status_code == 405
    assert texts(prompt) == ["Be kind.", "Two", "Be kind."]
    assert "already" in again.content.decode()
    assert LogEntry.objects.get().change_message == "Restored v1."


def test_a_prompt_that_is_used_can_only_be_archived(
    admin: Client, prompt: SystemPrompt, alice: User
) -> None:
    make_conversation(alice, prompt=prompt)

    assert admin.post(url("delete", prompt.pk), {"post": "yes"}).status_code == 403
    assert SystemPrompt.objects.exists()


def test_the_list_shows_the_newest_revision(
    admin: Client, prompt: SystemPrompt, staff: User
) -> None:
    save_revision(prompt=prompt, text="Two", note="", author=staff)
    SystemPrompt.objects.create(name="Empty")

    body = admin.get(url("changelist")).content.decode()

    assert "v2" in body
    assert "–" in body


def test_a_diff_has_every_line_of_both_texts() -> None:
    lines = [(line.sign, line.text) for line in compare("a\nb\nc", "a\nB\nc\nd")]

    assert lines == [("", "a"), ("−", "b"), ("+", "B"), ("", "c"), ("+", "d")]
