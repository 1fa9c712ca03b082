from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone

from conversations.forms.fields import CleanLineField, choice
from conversations.forms.teams import SEARCH_CHARACTERS, PersonField
from conversations.models import User
from conversations.services.gateways import list_models_for
from conversations.services.search.finding import Filters
from conversations.services.search.words import read_query
from conversations.services.teams import list_full_teams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet


# Nothing was written before; and no calendar goes further back than it.
IN_OUR_TIMES = MinValueValidator(date(1970, 1, 1), "Choose a day of 1970 or later.")


class WordsForm(forms.Form):
    """What is searched for."""

    q = CleanLineField(
        required=False,
        max_length=SEARCH_CHARACTERS,
        error_messages={
            "max_length": "At most %(limit_value)d characters can be searched for."
        },
    )


class SearchForm(WordsForm):
    """What is searched for, and where; in the address."""

    conversation = forms.UUIDField(
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid": "There is no such conversation."},
    )
    since = forms.DateField(
        required=False,
        validators=[IN_OUR_TIMES],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Give the first day as year-month-day."},
    )
    until = forms.DateField(
        required=False,
        validators=[IN_OUR_TIMES],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Give the last day as year-month-day."},
    )

    def __init__(self, data: Mapping[str, str] | None = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["person"] = PersonField(
            list_people_around(user), required=False, empty_label="Everyone"
        )
        self.fields["person"].error_messages["invalid_choice"] = (
            "This person is in no team of yours. Please choose another."
        )
        self.fields["team"] = choice(
            list_full_teams(user=user), "This team", empty="Every team"
        )
        self.fields["model"] = choice(
            list_models_for(user), "This model", empty="Every model"
        )

    def clean_q(self) -> str:
        q: str = self.cleaned_data["q"]
        if q and not read_query(q):
            raise forms.ValidationError("Type a word or a number to search for.")
        return q

    @property
    def is_narrowed(self) -> bool:
        """Whether more than words is given, right or wrong, in fields that are seen."""
        seen = (field for field in self.visible_fields() if field.name != "q")
        return any(field.value() for field in seen)

    @property
    def filters(self) -> Filters:
        """What the search is narrowed to; days are those of the reader."""
        chosen = dict(self.cleaned_data)
        chosen.pop("q")
        since, until = chosen.pop("since"), chosen.pop("until")
        return Filters(**chosen, since=_begin(since), until=_begin(until, after=1))


def list_people_around(user: User) -> QuerySet[User]:
    """Return the person, and who is in a team with them."""
    teams = list_full_teams(user=user)
    around = User.objects.filter(memberships__team__in=teams)
    return (around | User.objects.filter(pk=user.pk)).distinct().order_by("username")


def _begin(day: date | None, *, after: int = 0) -> datetime | None:
    """Return when a day begins, or the one after it; at the end of time nothing does."""
    if day is None:
        return None
    try:
        begin = datetime.combine(day, time()) + timedelta(days=after)
        return timezone.make_aware(begin).astimezone(timezone.get_default_timezone())
    except OverflowError:
        return None
