"""What a team has shows nowhere to those whom it is not for: no word, and no number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from conversations.models import (
    Conversation,
    Message,
    UsageRecord,
    User,
    View,
)
from tests.factories import (
    make_answered_turn,
    make_mention,
    make_message,
)
from tests.rights import canaries
from tests.rights.answers import text_of
from tests.rights.canaries import Where, found_in
from tests.rights.looking import shown
from tests.rights.routes import all_routes
from tests.rights.rows import our_models
from tests.rights.undoing import undone
from tests.rights.world import World, make_world

pytestmark = pytest.mark.django_db

Known = dict[str, Where]


@pytest.fixture(scope="module")
def planted(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[World, Known]]:
    """The world with a word in every text but those of charlie's own team."""
    with django_db_blocker.unblock(), undone():
        world, known = make_world(), Known()
        for things in (world.own, world.other):
            canaries.furnish(things, world)
        foreign = canaries.members_of(world.foreign)
        beside = canaries.rows_beside(
            world.foreign,
            *foreign,
            world.people["staff"],
            world.model,
            world.model.gateway,
        )
        canaries.plant(beside, known)
        canaries.index(known)
        yield world, known


def test_every_text_has_a_word(planted: tuple[World, Known]) -> None:
    _, known = planted
    columns = {
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in canaries.text_fields(model)
    }

    assert columns - canaries.NO_TEXT == {where.column for where in known.values()}
    assert columns >= canaries.NO_TEXT


NAMES = {"User.username", "User.first_name", "User.last_name"}
OF_A_TEAM = {"Team.name", "LanguageModel.name", "LanguageModel.label", "Gateway.name"}


def expect_no_word(
    planted: tuple[World, Known], role: str, may_see: Callable[[Where], bool]
) -> set[str]:
    """Nothing is shown but what they may see; return which columns that was."""
    world, known = planted
    seen = words_in(shown(world, role), known)

    assert {where: seen[where] for where in seen if not may_see(where)} == {}
    return {where.column for where in seen}


def words_in(answers: Iterable[tuple[str, str]], known: Known) -> dict[Where, str]:
    """What is shown, with an address that shows it."""
    return {where: path for path, text in answers for where in found_in(text, known)}


@pytest.mark.parametrize("role", ["anonymous", "deactivated"])
def test_no_word_is_shown_to_who_has_not_signed_in(
    planted: tuple[World, Known], role: str
) -> None:
    expect_no_word(planted, role, lambda _: False)


@pytest.mark.parametrize("role", ["outsider", "removed", "guest", "staff"])
def test_others_see_no_word_of_a_team_and_not_that_it_is_busy(
    planted: tuple[World, Known], role: str
) -> None:
    """Whatever is said, asked, spent and shared there: their pages stay as they are.

    A guest knows what the team is called and which models it has.
    """
    world, known = planted
    before = dict(shown(world, role, posts=False))
    with undone():
        make_busy(world)
        after = dict(shown(world, role))
    words = words_in(after.items(), known)

    assert {path for path in before if before[path] != after[path]} == set()
    assert {
        where: words[where]
        for where in words
        if not is_oneself(world, role, where)
        and not (role == "guest" and is_of_team(world, where))
    } == {}


def is_of_team(world: World, where: Where) -> bool:
    own = world.own
    ours = {own.team.pk, own.model.pk, own.model.gateway_id}
    return where.column in OF_A_TEAM and where.row in ours


def is_oneself(world: World, role: str, where: Where) -> bool:
    user = world.people.get(role)
    return (
        user is not None and where.user == user.pk and where.column.startswith("User.")
    )


OF_A_CONVERSATION = {
    "Attachment.name",
    "Conversation.title",
    "Fact.text",
    "Generation.error_detail",
    "Generation.reasoning",
    "Message.content",
    "Opening.name",
    "Summary.text",
}


def test_a_reader_sees_their_conversation_and_who_spoke_in_it(
    planted: tuple[World, Known],
) -> None:
    """Not who else is in the team, no addresses, no drafts, nothing of other teams."""
    world, _ = planted
    spoke = {world.people[role].pk for role in ("owner", "participant", "removed")}

    def may_see(where: Where) -> bool:
        is_name = where.column in NAMES and where.user in spoke
        return is_name or is_here(world, where) or is_oneself(world, "reader", where)

    assert expect_no_word(planted, "reader", may_see) >= OF_A_CONVERSATION


def test_a_member_sees_who_is_in_the_team_and_no_address(
    planted: tuple[World, Known],
) -> None:
    world, _ = planted

    def may_see(where: Where) -> bool:
        is_name = where.column in NAMES and where.user != world.other.member.pk
        return (
            is_name
            or is_here(world, where)
            or is_own_draft(world, "participant", where)
            or is_oneself(world, "participant", where)
        )

    assert expect_no_word(planted, "participant", may_see) >= OF_A_CONVERSATION


@pytest.mark.parametrize("path", ["/search/", "/search/palette/"])
def test_what_shows_others_nothing_finds_for_a_member(
    planted: tuple[World, Known], path: str
) -> None:
    world, known = planted
    with undone():
        page = world.client("participant").get(path, {"q": canaries.BEGINNING})
    found = {where for where in found_in(text_of(page), known) if where.conversation}

    assert {one.column for one in found} == {"Message.content", "Conversation.title"}
    assert all(is_here(world, where) for where in found)


def is_here(world: World, where: Where) -> bool:
    """Whether it is of the shared conversation, or of what its team has.

    Not what somebody is writing there, what was deleted, or what only the search reads.
    """
    own = world.own
    of_it = where.conversation == own.conversation.pk
    kept_back = where.column in {"View.draft", "SearchEntry.words"} or where.row in {
        own.draft_file.pk,
        own.removed.pk,
    }
    if where.column == "File.text":
        kept_back = where.row == own.draft_file.file_id
    return (of_it and not kept_back) or is_of_team(world, where)


def is_own_draft(world: World, role: str, where: Where) -> bool:
    of_it = where.conversation == world.own.conversation.pk
    is_own = where.user == world.people[role].pk
    return of_it and is_own and where.column == "View.draft"


def test_the_admin_shows_nothing_of_conversations(planted: tuple[World, Known]) -> None:
    """Who administers people, teams and models reads nothing that was said."""
    world, known = planted
    client, seen = world.client("staff"), dict[Where, str]()
    rows = {
        model._meta.model_name: model._default_manager.order_by("pk")[:2]
        for model in our_models()
    }
    for route in all_routes():
        found = re.fullmatch(r"admin:conversations_([a-z]+)_(\w+)", route.name)
        if not found:
            continue
        paths = [route.path({})] if not route.arguments else []
        if set(route.arguments) in ({"object_id"}, {"pk"}, {"id"}):
            paths = [
                route.path(dict.fromkeys(route.arguments, row.pk))
                for row in rows[found[1]]
            ]
        for path in paths:
            for query in ("", f"?q={canaries.BEGINNING}"):
                with undone():
                    text = text_of(client.get(path + query))
                seen |= dict.fromkeys(found_in(text, known), path)

    assert {
        where: seen[where] for where in seen if where.conversation is not None
    } == {}
    assert {where.column for where in seen} >= {
        "Team.name",
        "User.email",
        "Gateway.name",
    }


def test_no_list_shows_an_admin_what_they_may_read(
    planted: tuple[World, Known], settings: Settings
) -> None:
    """They read it at its own address, where it is noted, and are led to none."""
    settings.ADMINS_MAY_READ = True
    world, known = planted
    answers = shown(world, "staff", posts=False)
    # The menu of models can be asked for that of a conversation.
    read = ("/c/", "/files/", "/models/")
    lists = (one for one in answers if not one[0].startswith(read))

    assert words_in(lists, known) == {}


def make_busy(world: World) -> None:
    """Everyone is named in what is new to them, in old conversations and in new ones."""
    for things in (world.own, world.other):
        conversation = things.conversation
        new = Conversation.objects.create(
            owner=conversation.owner, team=things.team, title="New"
        )
        for place in (conversation, new):
            reply = make_answered_turn(place, "Busy", "Very busy.")
            said = make_message(place, "Look.", parent=reply, author=things.member)
            for user in User.objects.all():
                make_mention(said, user)
                View.objects.get_or_create(conversation=place, user=user)
            Message.objects.filter(pk=said.pk).update(
                meant_for=Message.MeantFor.EVERYONE
            )
            UsageRecord.objects.create(user=things.member, model=things.model, cost=5)
        Conversation.objects.filter(pk=conversation.pk).update(active_at=timezone.now())
