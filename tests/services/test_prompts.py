from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from django.db import connections

from conversations.models import PromptRevision, SystemPrompt
from conversations.services import prompts
from conversations.services.errors import RefusedError
from tests.factories import make_conversation, make_prompt, make_user

if TYPE_CHECKING:
    from conversations.models import User


def save(prompt: SystemPrompt, text: str, author: User) -> PromptRevision | None:
    return prompts.save_revision(prompt=prompt, text=text, note="", author=author)


def test_every_save_is_a_new_revision_and_the_old_ones_stay(staff: User) -> None:
    prompt = make_prompt("One")

    second = prompts.save_revision(
        prompt=prompt, text="Two", note="  Was\nwrong ", author=staff
    )

    assert second is not None
    assert (second.number, second.author, second.note) == (2, staff, "Was wrong")
    assert [each.text for each in prompt.revisions.all()] == ["Two", "One"]


def test_saving_the_same_text_makes_no_revision(staff: User) -> None:
    prompt = make_prompt("One\nline")

    assert save(prompt, "One\r\nline", staff) is None
    assert prompt.revisions.count() == 1


def test_what_no_database_takes_is_replaced(staff: User) -> None:
    revision = save(make_prompt(), "a\x00b\ud800", staff)

    assert revision is not None
    assert revision.text == "a�b�"


@pytest.mark.django_db(transaction=True)
def test_many_who_save_at_once_each_get_a_number() -> None:
    prompt = make_prompt("Start")
    author = make_user("writer")

    def write(number: int) -> None:
        try:
            save(prompt, f"Text {number}", author)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))

    numbers = prompt.revisions.values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, 10))


def test_restoring_makes_a_new_revision_that_says_so(staff: User) -> None:
    prompt = make_prompt("One")
    save(prompt, "Two", staff)

    restored = prompts.restore_revision(
        revision=prompt.revisions.get(number=1), author=staff
    )

    assert restored is not None
    assert (restored.number, restored.text) == (3, "One")
    assert restored.note == "Restored from v1"


def test_there_is_one_default_prompt(db: None) -> None:
    first, second = make_prompt(is_default=True), make_prompt()

    prompts.choose_default_prompt(prompt=second)

    assert prompts.find_default_prompt() == second
    assert list(SystemPrompt.objects.filter(is_default=True)) == [second]
    assert first in prompts.list_prompts()


def test_an_archived_prompt_is_neither_offered_nor_the_default(db: None) -> None:
    prompt = make_prompt(is_default=True)

    prompts.archive_prompt(prompt=prompt, archived=True)

    assert prompts.find_default_prompt() is None
    assert not prompts.list_prompts().exists()
    with pytest.raises(RefusedError):
        prompts.choose_default_prompt(prompt=prompt)


def test_a_prompt_is_used_once_a_conversation_has_it(alice: User) -> None:
    prompt = make_prompt()
    assert not prompts.is_used(prompt)

    make_conversation(alice, prompt=prompt)

    assert prompts.is_used(prompt)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use sk-proj-Abcdef0123456789abcdef", True),
        ("ghp_0123456789abcdefABCDEF0123456789abcd", True),
        ("Be task-oriented and risk-averse.", False),
    ],
)
def test_a_key_in_a_prompt_is_noticed(text: str, expected: bool) -> None:
    assert prompts.looks_like_key(text) is expected
