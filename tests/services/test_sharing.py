"""A conversation is private until its owner shares it, and the page always says so."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from conversations import limits
from conversations.models import (
    Access,
    Conversation,
    Epoch,
    Membership,
    Message,
    Share,
    Team,
    UsageRecord,
    User,
)
from conversations.services.articles import read_articles
from conversations.services.audience import (
    OWN,
    READ,
    WRITE,
    describe_audience,
    name_some,
    read_audience,
    read_rights,
)
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.expenses import add_up, list_expenses
from conversations.services.sharing import (
    find_sharable_people,
    list_sharable_people,
    set_talk,
    share_with_person,
    share_with_team,
)
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_generation,
    make_message,
    make_team,
    make_user,
)

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team("Support team", alice, bob)


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(alice)


def join(team: Team, name: str, role: Role = Role.MEMBER) -> User:
    user = make_user(name)
    Membership.objects.create(team=team, user=user, role=role)
    return user


def with_team(
    conversation: Conversation, team: Team | None, access: str = Access.WRITE
) -> Conversation:
    owner = conversation.owner
    share_with_team(conversation=conversation, user=owner, team=team, access=access)
    return Conversation.objects.get(pk=conversation.pk)


def with_person(
    conversation: Conversation, person: User, access: str | None = Access.WRITE
) -> None:
    owner = conversation.owner
    share_with_person(
        conversation=conversation, user=owner, person=person, access=access
    )


def sees(user: User, conversation: Conversation) -> bool:
    return conversation in Conversation.objects.visible_to(user)


def writes(user: User, conversation: Conversation) -> bool:
    return conversation in Conversation.objects.writable_by(user)


def test_a_team_takes_part_or_only_reads_or_neither(
    conversation: Conversation, team: Team, bob: User, charlie: User
) -> None:
    gus = join(team, "gus", Role.GUEST)
    assert not sees(bob, conversation)

    with_team(conversation, team)
    assert writes(bob, conversation)
    with_team(conversation, team, Access.READ)
    assert sees(bob, conversation)
    assert not writes(bob, conversation)
    assert not sees(gus, conversation)
    assert not sees(charlie, conversation)

    with_team(conversation, None)
    assert not sees(bob, conversation)


def test_one_person_reads_then_takes_part_then_sees_nothing(
    conversation: Conversation, team: Team, bob: User
) -> None:
    with_person(conversation, bob, Access.READ)
    assert sees(bob, conversation)
    assert not writes(bob, conversation)

    with_person(conversation, bob, Access.WRITE)
    assert writes(bob, conversation)
    with_person(conversation, bob, None)
    assert not sees(bob, conversation)


def test_each_change_is_a_version_of_the_sharing(
    conversation: Conversation, team: Team, bob: User
) -> None:
    with_team(conversation, team)
    with_person(conversation, bob)
    set_talk(
        conversation=conversation, user=bob, names_authors=True, asks_when_named=False
    )

    changed = Conversation.objects.get(pk=conversation.pk)
    assert changed.sharing_version == 3
    assert changed.version == conversation.version + 3
    assert changed.names_authors


def test_only_the_owner_shares(
    conversation: Conversation, team: Team, bob: User
) -> None:
    with_team(conversation, team)

    with pytest.raises(NotAllowedError):
        share_with_team(conversation=conversation, user=bob, team=None)
    with pytest.raises(NotAllowedError):
        share_with_person(
            conversation=conversation, user=bob, person=bob, access=Access.WRITE
        )
    changed = Conversation.objects.get(pk=conversation.pk)
    assert changed.team == team
    assert changed.sharing_version == 1


def test_a_team_that_one_is_not_in_or_a_guest_of_gains_nothing(
    conversation: Conversation, alice: User, bob: User
) -> None:
    foreign = make_team("Design", bob)
    visited = make_team("Sales", bob)
    Membership.objects.create(team=visited, user=alice, role=Role.GUEST)

    for team in (foreign, visited):
        with pytest.raises(RefusedError):
            with_team(conversation, team)

    assert not sees(bob, conversation)


def test_only_people_in_a_team_with_the_owner_can_be_picked(
    conversation: Conversation, team: Team, alice: User, bob: User, charlie: User
) -> None:
    gus = join(team, "gus", Role.GUEST)
    emil = join(team, "emil")
    User.objects.filter(pk=emil.pk).update(is_active=False)
    # Whom she meets as a guest she is not told of.
    visited = make_team("Sales", charlie)
    Membership.objects.create(team=visited, user=alice, role=Role.GUEST)

    assert list(list_sharable_people(conversation=conversation)) == [bob, gus]
    for stranger in (charlie, User.objects.get(pk=emil.pk)):
        with pytest.raises(RefusedError):
            with_person(conversation, stranger)
    assert not Share.objects.exists()


def test_people_are_found_by_parts_of_their_names_few_at_a_time(
    conversation: Conversation, team: Team, bob: User
) -> None:
    for number in range(10):
        join(team, f"person{number}")
    mia = join(team, "mia")
    User.objects.filter(pk=mia.pk).update(first_name="Mia", last_name="100% Sure")
    with_person(conversation, bob)

    found, is_more = find_sharable_people(conversation=conversation)
    assert is_more
    assert bob not in found
    assert find_sharable_people(conversation=conversation, query="sure MI") == (
        [mia],
        False,
    )
    assert find_sharable_people(conversation=conversation, query="0%") == ([mia], False)


def test_readers_do_not_set_how_it_is_talked(
    conversation: Conversation, team: Team, bob: User
) -> None:
    with_team(conversation, team, Access.READ)

    with pytest.raises(NotAllowedError):
        set_talk(
            conversation=conversation,
            user=bob,
            names_authors=True,
            asks_when_named=True,
        )

    assert not Conversation.objects.get(pk=conversation.pk).names_authors


def test_rights_are_those_of_the_moment(
    conversation: Conversation, team: Team, alice: User, bob: User
) -> None:
    shared = with_team(conversation, team, Access.READ)
    assert read_rights(conversation=shared, user=alice) == OWN
    assert read_rights(conversation=shared, user=bob) == READ

    with_person(conversation, bob)
    assert read_rights(conversation=shared, user=bob) == WRITE


def said(conversation: Conversation, reader: User) -> str:
    fresh = Conversation.objects.get(pk=conversation.pk)
    return describe_audience(conversation=fresh, reader=reader)


def test_the_sentence_of_a_team(
    conversation: Conversation, team: Team, alice: User, bob: User
) -> None:
    assert said(conversation, alice) == "Only you can read and write"

    with_team(conversation, team)
    assert said(conversation, alice) == "Support team can read and write"
    assert (
        said(conversation, bob)
        == "alice’s conversation: Support team can read and write"
    )
    with_team(conversation, team, Access.READ)
    assert said(conversation, bob) == "alice’s conversation: Support team can read"

    Membership.objects.filter(user=alice).delete()
    with_team(conversation, team)
    assert said(conversation, alice) == "You and Support team can read and write"


def test_the_sentence_of_single_people(
    conversation: Conversation, team: Team, alice: User, bob: User
) -> None:
    dora = join(team, "dora")
    with_person(conversation, bob, Access.READ)
    assert said(conversation, alice) == "bob can read. Only you can write."
    assert said(conversation, bob) == "alice’s conversation: you can read"

    with_person(conversation, bob)
    assert said(conversation, alice) == "You and bob can read and write"
    with_person(conversation, dora, Access.READ)
    assert said(conversation, alice) == "You and bob can read and write. dora can read."
    assert (
        said(conversation, dora)
        == "alice’s conversation: bob can take part. You can read."
    )


def test_the_sentence_of_a_team_and_people(
    conversation: Conversation, team: Team, alice: User, bob: User
) -> None:
    gus = join(team, "gus", Role.GUEST)
    with_team(conversation, team, Access.READ)
    with_person(conversation, bob)
    assert said(conversation, alice) == "Support team can read. bob can take part."
    assert (
        said(conversation, bob)
        == "alice’s conversation: Support team can read. You can take part."
    )

    # What bob has of the team is not said twice.
    with_team(conversation, team)
    assert said(conversation, alice) == "Support team can read and write"
    with_person(conversation, gus, Access.READ)
    assert said(conversation, alice) == "Support team can read and write. gus can read."
    with_person(conversation, gus)
    assert said(conversation, alice) == "Support team and gus can read and write"


def test_people_who_are_switched_off_are_not_said_to_see_it(
    conversation: Conversation, team: Team, alice: User, bob: User
) -> None:
    with_person(conversation, bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    assert said(conversation, alice) == "Only you can read and write"


def test_where_admins_may_read_everyone_is_told(
    conversation: Conversation, alice: User, settings: Settings
) -> None:
    settings.ADMINS_MAY_READ = True

    assert said(conversation, alice) == (
        "Only you can read and write. Admins of this server may read it, which you "
        "would see here."
    )


def test_of_many_names_two_are_said() -> None:
    assert name_some(["a", "b", "c"]) == "a, b and c"
    assert name_some(["a", "b", "c", "d", "e", "f"]) == "a, b and 4 others"


def test_a_guest_is_not_told_who_is_in_the_team(
    conversation: Conversation, team: Team, alice: User, bob: User
) -> None:
    gus = join(team, "gus", Role.GUEST)
    shared = with_team(conversation, team)
    with_person(conversation, gus)

    assert read_audience(conversation=shared, reader=alice).members == (bob,)
    seen = read_audience(conversation=shared, reader=gus)
    assert seen.members is None
    assert [share.user for share in seen.shares] == [gus]


def spend(reply: Message, user: User | None, **values: object) -> UsageRecord:
    generation = make_generation(reply, asked_by=user) if user else None
    return UsageRecord.objects.create(
        generation=generation,
        user=user,
        **{"input_tokens": 100, "output_tokens": 10, "cost": Decimal("0.01"), **values},
    )


def test_what_each_person_has_spent_is_added_up_and_unknown_stays_unknown(
    conversation: Conversation, alice: User, bob: User
) -> None:
    for user, values in (
        (bob, {}),
        (bob, {"cost": None}),
        (alice, {"cost": None, "output_tokens": None}),
    ):
        reply = make_answered_turn(conversation)
        reply.generations.all().delete()
        spend(reply, user, **values)
    spend(make_answered_turn(make_conversation(bob)), None)

    hers, his = list_expenses(conversation=conversation)
    assert (hers.person, his.person) == (alice, bob)
    assert (his.answers, his.input_tokens, his.output_tokens) == (2, 200, 20)
    assert his.words == "$0.01, and 1 request of unknown cost"
    assert hers.output_tokens is None
    assert hers.words == "cost unknown"
    assert add_up([hers, his]).words == "$0.01, and 2 requests of unknown cost"
    assert add_up([hers, his]).output_tokens is None


def test_summaries_and_facts_count_as_spent_here(
    conversation: Conversation, alice: User
) -> None:
    reply = make_answered_turn(conversation)
    purposes = UsageRecord.Purpose
    summary = spend(reply, None, purpose=purposes.SUMMARY)
    facts = spend(reply, None, purpose=purposes.FACTS)
    UsageRecord.objects.update(user=alice)
    conversation.summaries.create(until=reply, text="So.", tokens=1, usage=summary)
    Epoch.objects.create(conversation=conversation, message=reply, facts_usage=facts)

    (hers,) = list_expenses(conversation=conversation)

    assert (hers.person, hers.answers, hers.others) == (alice, 0, 2)
    assert hers.words == "$0.02"


def note_of_waiting(conversation: Conversation, asked_by: User) -> str:
    """What is said beside a question that waits for its answer to begin."""
    question = make_message(conversation, author=asked_by)
    reply = make_message(conversation, "", role=Message.Role.ASSISTANT, parent=question)
    make_generation(reply, State.QUEUED, asked_by=asked_by)
    path = [reply.pk, question.pk]
    return read_articles(conversation=conversation, path=path)[0].note


def test_whose_answers_a_question_waits_for_is_said_by_name(
    conversation: Conversation, team: Team, bob: User
) -> None:
    for _ in range(limits.RUNNING_PER_USER):
        reply = make_answered_turn(make_conversation(bob), state=State.RUNNING)
        assert reply.generations.get().asked_by == bob

    note = note_of_waiting(with_team(conversation, team), bob)

    assert note == "waits for bob’s other answers to end"


def test_where_the_server_is_full_nobody_is_named(
    conversation: Conversation, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RUNNING_PER_PROCESS", 1)
    make_answered_turn(make_conversation(bob), state=State.RUNNING)

    note = note_of_waiting(conversation, conversation.owner)

    assert note == "waits for other answers to end"
