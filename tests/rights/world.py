"""Two teams, and everyone who can stand in some relation to a conversation of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.test import Client
from django.utils import timezone

from conversations.models import (
    Access,
    Attachment,
    Conversation,
    Fact,
    Folder,
    LanguageModel,
    Membership,
    Message,
    OneTimeLink,
    Share,
    Summary,
    SystemPrompt,
    Team,
    User,
    View,
)
from conversations.services.accounts import hash_token
from conversations.services.departures import leave_team, remove_member
from conversations.services.invitations import withdraw_invitation
from tests.factories import (
    bring_in,
    make_answered_turn,
    make_attachment,
    make_conversation,
    make_generation,
    make_mention,
    make_message,
    make_model,
    make_prompt,
    make_user,
)

Role = Membership.Role
# Whose page of a conversation of alice's team it is.
ROLES = (
    "anonymous",
    "outsider",
    "guest",
    "reader",
    "participant",
    "owner",
    "team_admin",
    "removed",
    "deactivated",
    "staff",
    # The same where the operator lets admins read.
    "reading_staff",
)
ACCOUNTS = {
    "outsider": "charlie",
    "guest": "gus",
    "reader": "rita",
    "participant": "bob",
    "owner": "alice",
    "team_admin": "dora",
    "removed": "frida",
    "deactivated": "emil",
    "staff": "staff",
    "reading_staff": "staff",
}


@dataclass
class Things:
    """A team, a conversation of it, and whatever else an address may name."""

    team: Team
    member: User
    model: LanguageModel
    conversation: Conversation
    question: Message
    reply: Message
    removed: Message
    summary: Summary
    fact: Fact
    deleted_fact: Fact
    invitation: OneTimeLink
    withdrawn: OneTimeLink
    password_link: OneTimeLink
    # Of the question, and of what the owner is writing.
    attachment: Attachment
    draft_file: Attachment
    # Of what the owner is writing on the first page.
    first_file: Attachment
    tokens: Mapping[str, str]
    deleted: Conversation
    folder: Folder
    deleted_folder: Folder
    # Taken out of the team.
    departed: User

    @property
    def ids(self) -> dict[str, object]:
        """The values of the arguments of routes, by their names."""
        return {
            "pk": self.conversation.pk,
            "message_pk": self.reply.pk,
            "summary_pk": self.summary.pk,
            "fact_pk": self.fact.pk,
            "team_pk": self.team.pk,
            "user_pk": self.member.pk,
            "link_pk": self.invitation.pk,
            "folder_pk": self.folder.pk,
            "file_pk": self.attachment.pk,
            "token": self.tokens["invite"],
        }


@dataclass
class World:
    """`own` is alice's and shared with her team; `other` too is hers alone.

    `foreign` is charlie's and his team's, to whom nobody here has any relation.
    """

    own: Things
    other: Things
    foreign: Things
    people: Mapping[str, User]
    model: LanguageModel
    prompt: SystemPrompt
    sessions: dict[str, str] = field(default_factory=dict)

    def client(self, role: str, *, checks_csrf: bool = False) -> Client:
        """A browser of somebody who signed in before the world was as it is."""
        client = Client(enforce_csrf_checks=checks_csrf)
        if role in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role]
        return client


def make_world() -> World:
    """Everyone signs in, then one of them is removed and one is deactivated."""
    people = {
        name: make_user(name) for name in sorted({*ACCOUNTS.values()} - {"staff"})
    }
    people["staff"] = make_user("staff", is_staff=True)
    alice, charlie = people["alice"], people["charlie"]
    model, prompt = make_model(), make_prompt()
    own = make_things(alice, make_user("tom"), "Support")
    in_team: tuple[tuple[str, Role], ...] = (
        ("bob", Role.MEMBER),
        ("dora", Role.ADMIN),
        ("emil", Role.MEMBER),
        ("frida", Role.MEMBER),
        ("gus", Role.GUEST),
        ("rita", Role.GUEST),
    )
    for name, role in in_team:
        Membership.objects.create(team=own.team, user=people[name], role=role)
    Share.objects.create(
        conversation=own.conversation, user=people["rita"], access=Access.READ
    )
    others_talk(own, people)
    world = World(
        own=own,
        other=make_things(alice, make_user("tina"), "Sales"),
        foreign=make_things(charlie, make_user("zoe"), "Design"),
        people={role: people[name] for role, name in ACCOUNTS.items()},
        model=model,
        prompt=prompt,
    )
    for whose, person in world.people.items():
        client = Client()
        client.force_login(person)
        world.sessions[whose] = client.cookies[settings.SESSION_COOKIE_NAME].value
    leave_team(team=own.team, user=people["frida"])
    User.objects.filter(username="emil").update(is_active=False)
    return world


def make_things(owner: User, member: User, name: str) -> Things:
    """A team of an owner and a member, and a conversation that it shares."""
    team = Team.objects.create(name=name)
    Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    Membership.objects.create(team=team, user=member, role=Role.MEMBER)
    # Only then may the team's leaders help with a new password.
    bring_in(team, member)
    # Which only this team can choose.
    model = make_model(f"{name} model")
    model.teams.add(team)
    conversation = make_conversation(owner, title=f"The {name} plan", model=model)
    conversation.team = team
    conversation.save()
    reply = make_answered_turn(conversation, f"A question on {name}", "An answer.")
    assert reply.parent is not None
    tokens = {
        kind: f"token-{kind}-{name}-{'x' * 30}" for kind in ("invite", "password")
    }
    return Things(
        team=team,
        member=member,
        model=model,
        conversation=conversation,
        question=reply.parent,
        reply=reply,
        removed=_remove(make_message(conversation, "Deleted.", parent=reply)),
        summary=conversation.summaries.create(until=reply, text="A sum.", tokens=4),
        fact=conversation.facts.create(text="A fact.", tokens=4, source=reply),
        deleted_fact=conversation.facts.create(
            text="Forgotten.", tokens=4, source=reply, deleted_at=timezone.now()
        ),
        invitation=_link(
            tokens["invite"], OneTimeLink.Kind.INVITATION, owner, team=team
        ),
        withdrawn=_withdraw(team, owner),
        password_link=_link(
            tokens["password"], OneTimeLink.Kind.PASSWORD, owner, user=member
        ),
        attachment=make_attachment(owner, conversation, message=reply.parent),
        draft_file=make_attachment(owner, conversation),
        first_file=make_attachment(owner),
        tokens=tokens,
        deleted=_make_deleted(owner, team),
        folder=Folder.objects.create(user=owner, name=f"{name} folder"),
        deleted_folder=Folder.objects.create(
            user=owner, name=f"{name} old folder", deleted_at=timezone.now()
        ),
        departed=_take_somebody_out(team, owner),
    )


def _make_deleted(owner: User, team: Team) -> Conversation:
    conversation = make_conversation(owner, title="Deleted")
    make_answered_turn(conversation, "A question of then", "An answer of then.")
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(team=team, deleted_at=timezone.now())
    return rows.get()


def _remove(message: Message) -> Message:
    rows = Message.objects.filter(pk=message.pk)
    rows.update(removed_at=timezone.now(), removed_by=message.author)
    return message


def _link(
    token: str, kind: OneTimeLink.Kind, made_by: User, **of: object
) -> OneTimeLink:
    return OneTimeLink.objects.create(
        kind=kind,
        token_hash=hash_token(token),
        made_by=made_by,
        expires_at=timezone.now() + timedelta(days=1),
        **of,
    )


def _withdraw(team: Team, owner: User) -> OneTimeLink:
    token = f"token-withdrawn-{team.name}-{'x' * 30}"
    link = _link(token, OneTimeLink.Kind.INVITATION, owner, team=team)
    withdraw_invitation(link=link, by=owner)
    return link


def _take_somebody_out(team: Team, owner: User) -> User:
    somebody = make_user(f"from-{team.name}")
    Membership.objects.create(team=team, user=somebody, role=Role.MEMBER)
    remove_member(team=team, by=owner, user_id=somebody.pk)
    return somebody


def others_talk(things: Things, people: Mapping[str, User]) -> None:
    """What others than the owner have written and left in a conversation."""
    posted = make_message(
        things.conversation, "Look, @bob.", parent=things.reply, author=people["frida"]
    )
    Message.objects.filter(pk=posted.pk).update(meant_for=Message.MeantFor.PEOPLE)
    # The branch that is gone on with where nobody says which.
    anew = make_message(things.conversation, "Put anew.", author=people["bob"])
    reply = make_message(
        things.conversation, "Anew.", role=Message.Role.ASSISTANT, parent=anew
    )
    make_generation(reply)
    for name in ("alice", "bob", "frida", "emil"):
        make_mention(posted, people[name])
        View.objects.create(
            conversation=things.conversation, user=people[name], draft="Not sent yet."
        )
