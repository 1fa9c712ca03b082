from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib.auth.forms import SetPasswordForm

from conversations.forms.accounts import SetUpForm, bound_passwords
from conversations.forms.fields import CleanLineField
from conversations.models import Membership, User

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    SetPasswordBase = SetPasswordForm[User]
else:
    SetPasswordBase = SetPasswordForm

NAME_CHARACTERS = 150
# As long as an address can be (RFC 5321), and the column.
ADDRESS_CHARACTERS = 254


class AddressForm(forms.Form):
    """Whom an invitation is for; without an address, whoever has the link."""

    address = forms.EmailField(
        required=False,
        max_length=ADDRESS_CHARACTERS,
        label="E-mail address, if only they may use it",
        error_messages={
            "invalid": "That is not an e-mail address.",
            "max_length": "An e-mail address has at most %(limit_value)d characters.",
        },
    )


class InvitationForm(AddressForm):
    """An invitation to a team, in one of the roles that a person may give."""

    def __init__(
        self,
        data: Mapping[str, str] | None = None,
        *,
        roles: Sequence[Membership.Role],
    ) -> None:
        super().__init__(data, auto_id="invitation_%s")
        self.fields["role"] = forms.ChoiceField(
            choices=[(role.value, role.label) for role in roles],
            error_messages={
                "required": "Please choose a role.",
                "invalid_choice": "You cannot invite in this role.",
            },
        )
        self.order_fields(["role", "address"])


class NewAccountForm(SetUpForm):
    """An account that an invitation makes."""

    name = CleanLineField(
        required=False,
        max_length=NAME_CHARACTERS,
        label="Your name",
        help_text="What others see. Without one, that is your username.",
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )

    def __init__(
        self, data: Mapping[str, str] | None = None, *, address: str = ""
    ) -> None:
        super().__init__(data)
        # A password must not resemble it.
        self.instance.email = address
        self.fields["username"].widget.attrs.pop("autofocus", None)
        self.order_fields(["name", "username", "password1", "password2"])


class NewPasswordForm(SetPasswordBase):
    """A new password, twice, by Django's own rules."""

    def __init__(self, user: User, data: Mapping[str, str] | None = None) -> None:
        super().__init__(user, data)
        bound_passwords(self, "new_password1", "new_password2")
