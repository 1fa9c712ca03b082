"""Files of older messages leave where all would be more than one request takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from conversations.context.assembly import assemble
from conversations.context.withholding import withhold_files
from conversations.wire import (
    AttachedFile,
    Context,
    ContextSettings,
    ContextState,
    Dialect,
    Form,
    History,
    HistoryMessage,
    ModelFacts,
    Role,
    RollReason,
    Turn,
)
from conversations.wire.files import form_of

MODEL = ModelFacts("any", 100_000, endpoint="here")
# Room for three pictures: each takes 12 bytes in a body.
SETTINGS = ContextSettings(file_bytes=40)
PICTURE = AttachedFile("", "image", "a.png", "image/png", 255, size=9)
DOCUMENT = AttachedFile(
    "", "pdf", "a.pdf", "application/pdf", 3_010, pages=2, has_text=True, size=9
)
DIALECT = Dialect(files=True)


def asked(number: int, *files: AttachedFile) -> HistoryMessage:
    tokens = 5 + sum(file.tokens for file in files)
    return HistoryMessage(f"u{number}", Role.USER, "Look.", tokens, files=files)


def talk(*asking: HistoryMessage) -> History:
    """Turns with these messages, of which the last one is to be answered."""
    turns = tuple(
        Turn((one,), HistoryMessage(f"a{one.id}", Role.ASSISTANT, "I see.", 2))
        for one in asking[:-1]
    )
    return History(turns, asking[-1:])


def shown(context: Context) -> list[str]:
    """The messages whose files go as they are."""
    return [
        one.id
        for one in context.messages
        if any(form_of(file, DIALECT) in (Form.IMAGE, Form.FILE) for file in one.files)
    ]


def carry_on(many: int) -> list[Context]:
    """A talk in which each message has a picture, and every third has none."""
    said = [asked(n, *(() if n % 3 == 2 else (PICTURE,))) for n in range(many)]
    contexts: list[Context] = []
    state = ContextState()
    for n in range(many):
        context = assemble(talk(*said[: n + 1]), SETTINGS, MODEL, state)
        contexts.append(context)
        epoch = context.epoch if context.epoch.id else replace(context.epoch, id=str(n))
        state = ContextState(epoch)
    return contexts


def test_files_leave_seldom_and_until_then_requests_begin_alike() -> None:
    contexts = carry_on(12)

    begun = [(n, one.epoch.reason) for n, one in enumerate(contexts) if one.is_new]
    assert begun == [
        (0, RollReason.START),
        (4, RollReason.FILES),
        (9, RollReason.FILES),
    ]
    assert [shown(one) for one in contexts[3:7]] == [
        ["u0", "u1", "u3"],
        ["u4"],
        ["u4"],
        ["u4", "u6"],
    ]
    assert shown(contexts[9]) == ["u9"]
    for before, after in pairwise(contexts):
        if not after.is_new:
            assert after.messages[: len(before.messages)] == before.messages


def test_nothing_but_files_leaves_and_what_they_took_is_not_counted() -> None:
    before, after = carry_on(5)[3:]

    assert [one.id for one in after.messages[: len(before.messages)]] == [
        one.id for one in before.messages
    ]
    # Three pictures by name, and one more turn with its own.
    assert after.tokens == before.tokens - 3 * (255 - 24) + 255 + 2 + 5 + 2 * 4


def test_a_document_without_room_goes_as_its_text() -> None:
    context = assemble(
        talk(asked(0, DOCUMENT), asked(1, *[PICTURE] * 3)), SETTINGS, MODEL
    )

    [file] = context.messages[0].files
    assert (form_of(file, DIALECT), file.tokens) == (Form.TEXT, 10)


def test_of_a_message_all_files_go_or_none() -> None:
    pair = (PICTURE, PICTURE)

    context = assemble(talk(asked(0, *pair), asked(1, *pair)), SETTINGS, MODEL)

    assert shown(context) == ["u1"]


def test_what_a_gateway_found_too_large_is_tried_with_the_questions_own() -> None:
    history = talk(asked(0, PICTURE), asked(1), asked(2, PICTURE))
    begun = replace(assemble(history, SETTINGS, MODEL).epoch, id="1")

    again = assemble(history, SETTINGS, MODEL, ContextState(begun, spares_files=True))
    once_more = ContextState(replace(again.epoch, id="2"), spares_files=True)

    assert (shown(again), again.is_new) == (["u2"], True)
    assert not assemble(history, SETTINGS, MODEL, once_more).is_new


def test_an_epoch_of_which_they_are_known_is_made_again_without_a_bound() -> None:
    history = talk(asked(0, PICTURE), asked(1, PICTURE))
    epoch = replace(assemble(history, SETTINGS, MODEL).epoch, id="1", files_since="u1")

    again, since = withhold_files(
        history, ContextSettings(), MODEL, ContextState(epoch)
    )

    assert since == "u1"
    assert again.turns[0].messages[0].files[0].is_withheld
    assert not again.asking[0].files[0].is_withheld
