from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.db.models import Q

from conversations import limits
from conversations.forms.fields import CleanLineField, choice
from conversations.models import LanguageModel, Membership, SystemPrompt, User
from conversations.services.gateways import list_models_for
from conversations.services.prompts import list_prompts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from conversations.models import Team

    PersonChoiceField = forms.ModelChoiceField[User]
else:
    PersonChoiceField = forms.ModelChoiceField

SEARCH_CHARACTERS = 200
AS_FOR_EVERYONE = "As for everyone"


class TeamForm(forms.Form):
    name = CleanLineField(
        max_length=limits.TEAM_CHARACTERS,
        error_messages={
            "required": "A team needs a name.",
            "max_length": "A name has at most %(limit_value)d characters.",
        },
    )


class TeamSettingsForm(TeamForm):
    """What a team is called, and what its conversations begin with."""

    def __init__(
        self, data: Mapping[str, str] | None = None, *, user: User, team: Team
    ) -> None:
        start = {"name": team.name, "model": team.model_id, "prompt": team.prompt_id}
        super().__init__(data, initial=start)
        # What is chosen already may stay, whoever may choose it.
        models = list_models_for(user).values("pk")
        models_or_now = LanguageModel.objects.filter(
            Q(pk__in=models) | Q(pk=team.model_id)
        ).select_related("gateway")
        prompts_or_now = SystemPrompt.objects.filter(
            Q(pk__in=list_prompts().values("pk")) | Q(pk=team.prompt_id)
        )
        self.fields["model"] = choice(
            models_or_now, "This model", empty=AS_FOR_EVERYONE
        )
        self.fields["prompt"] = choice(
            prompts_or_now, "This system prompt", empty=AS_FOR_EVERYONE
        )
        self.fields["model"].label = "Model to begin with"
        self.fields["prompt"].label = "System prompt to begin with"


class MemberForm(forms.Form):
    """One of two things to do with a member; only the first needs a role."""

    do = forms.ChoiceField(
        choices=[("role", "role"), ("remove", "remove")],
        error_messages={
            "required": "Choose what to do.",
            "invalid_choice": "Choose to change a role, or to remove somebody.",
        },
    )
    role = forms.ChoiceField(
        choices=Membership.Role.choices,
        required=False,
        error_messages={"invalid_choice": "There is no such role. Choose another."},
    )

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        if not role and self.cleaned_data.get("do") == "role":
            raise forms.ValidationError("Choose a role.")
        return role


class PersonField(PersonChoiceField):
    """Somebody, by the name that people see."""

    def label_from_instance(self, obj: User) -> str:
        return obj.name


class TeamListForm(forms.Form):
    """What of a team's conversations somebody wants to see; in the address."""

    q = CleanLineField(
        required=False,
        max_length=SEARCH_CHARACTERS,
        error_messages={
            "max_length": "At most %(limit_value)d characters can be searched for."
        },
    )
    unread = forms.BooleanField(required=False)

    def __init__(
        self,
        data: Mapping[str, str] | None = None,
        *,
        people: QuerySet[User],
        models: QuerySet[LanguageModel],
    ) -> None:
        super().__init__(data)
        self.fields["person"] = PersonField(
            people, required=False, empty_label="Everyone"
        )
        self.fields["model"] = choice(models, "This model", empty="Every model")
        self.fields["person"].error_messages["invalid_choice"] = (
            "This person is not in the team. Please choose another."
        )
        self.fields["model"].error_messages["invalid_choice"] = (
            "This model has no conversation here. Please choose another."
        )
