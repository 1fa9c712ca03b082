"""Rows for tests: plain functions with the fewest possible arguments."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction

from conversations.models import (
    Attachment,
    Conversation,
    Endpoint,
    File,
    Gateway,
    Generation,
    LanguageModel,
    Membership,
    Mention,
    Message,
    OneTimeLink,
    PromptRevision,
    SystemPrompt,
    Team,
    User,
)
from conversations.wire import State

PASSWORD = "correct horse battery"


def make_user(username: str, *, is_staff: bool = False) -> User:
    """A person who signs in with PASSWORD; staff are superusers too."""
    make = User.objects.create_superuser if is_staff else User.objects.create_user
    return make(username, password=PASSWORD)


def make_team(name: str, *members: User) -> Team:
    """A team whose first member owns it."""
    team = Team.objects.create(name=name)
    roles = [Membership.Role.OWNER, *[Membership.Role.MEMBER] * len(members)]
    Membership.objects.bulk_create(
        Membership(team=team, user=user, role=role)
        for user, role in zip(members, roles, strict=False)
    )
    return team


def bring_in(team: Team, user: User) -> None:
    """Say that an invitation to the team made this account."""
    OneTimeLink.objects.create(
        kind=OneTimeLink.Kind.INVITATION,
        token_hash=uuid4().hex,
        team=team,
        expires_at=user.date_joined,
        used_at=user.date_joined,
        used_by=user,
    )


def make_model(
    name: str = "ok",
    *,
    base_url: str = "http://gateway.invalid/v1",
    window: int | None = 8192,
    is_default: bool = False,
) -> LanguageModel:
    """A model of a gateway of its own, reached at `base_url`."""
    gateway = Gateway.objects.create(name=f"Gateway {uuid4().hex[:8]}")
    Endpoint.objects.create(gateway=gateway, base_url=base_url)
    return LanguageModel.objects.create(
        gateway=gateway, name=name, window=window, is_default=is_default
    )


def make_prompt(
    text: str = "You are kind.", *, name: str = "", is_default: bool = False
) -> SystemPrompt:
    """A system prompt with one revision."""
    prompt = SystemPrompt.objects.create(
        name=name or f"Prompt {uuid4().hex[:8]}", is_default=is_default
    )
    PromptRevision.objects.create(prompt=prompt, number=1, text=text)
    return prompt


def make_conversation(
    owner: User,
    *,
    title: str = "A conversation",
    model: LanguageModel | None = None,
    prompt: SystemPrompt | None = None,
) -> Conversation:
    return Conversation.objects.create(
        owner=owner, title=title, model=model, prompt=prompt
    )


def make_message(
    conversation: Conversation,
    content: str = "Hello",
    *,
    role: Message.Role = Message.Role.USER,
    parent: Message | None = None,
    author: User | None = None,
) -> Message:
    """A message that follows all others of its conversation."""
    seq = Message.everything.filter(conversation=conversation).count() + 1
    conversation.version += 1
    conversation.save(update_fields=["version"])
    by = conversation.owner if role == Message.Role.USER else None
    is_reply = parent is not None and parent.role == Message.Role.ASSISTANT
    above = parent if is_reply or parent is None else parent.previous_reply
    return Message.objects.create(
        conversation=conversation,
        parent=parent,
        previous_reply=above,
        seq=seq,
        role=role,
        author=author or by,
        content=content,
        tokens=max(1, len(content) // 4),
        attempt=0 if role == Message.Role.USER else 1,
        changed=conversation.version,
    )


def make_generation(
    reply: Message, state: State = State.COMPLETE, **values: object
) -> Generation:
    """The newest attempt at `reply`, in the given state."""
    conversation = reply.conversation
    fields = {"asked_by": conversation.owner, "model": conversation.model, **values}
    return Generation.objects.create(
        conversation=conversation,
        message=reply,
        attempt=reply.attempt,
        state=state,
        **fields,
    )


def make_mention(message: Message, user: User) -> Mention:
    """A message names somebody, who has not read it."""
    return Mention.objects.create(
        conversation=message.conversation, message=message, user=user
    )


def make_answered_turn(
    conversation: Conversation,
    question: str = "Hello",
    answer: str = "Hello to you.",
    *,
    state: State = State.COMPLETE,
) -> Message:
    """A question after the newest message, and its reply, which is returned."""
    newest = conversation.messages.order_by("-seq").first()
    asked = make_message(conversation, question, parent=newest)
    reply = make_message(
        conversation, answer, role=Message.Role.ASSISTANT, parent=asked
    )
    make_generation(reply, state)
    return reply


def make_attachment(
    owner: User,
    conversation: Conversation | None = None,
    *,
    message: Message | None = None,
    data: bytes = b"Some text.",
    name: str = "note.txt",
) -> Attachment:
    """A file of text: of a message, or of what its owner is writing."""
    # What no attachment names is swept away, by a server that runs beside the test.
    with transaction.atomic():
        return Attachment.objects.create(
            owner=owner,
            conversation=conversation,
            message=message,
            file=File.objects.create(data=data, text=data.decode()),
            kind=Attachment.Kind.TEXT,
            name=name,
            media_type="text/plain",
            size=len(data),
            text_size=len(data),
            tokens=len(data),
        )
