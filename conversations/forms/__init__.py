"""What people may send us, cleaned and bounded."""

from __future__ import annotations

from conversations.forms.accounts import PASSWORD_CHARACTERS, SetUpForm
from conversations.forms.conversations import (
    FirstChoiceForm,
    ModelForm,
    NewConversationForm,
    RenameForm,
)
from conversations.forms.fields import CleanLineField, CleanTextField
from conversations.forms.links import (
    AddressForm,
    InvitationForm,
    NewAccountForm,
    NewPasswordForm,
)
from conversations.forms.memory import (
    FactChangeForm,
    FactForm,
    PinForm,
    SummaryForm,
    SwitchForm,
)
from conversations.forms.messages import (
    DraftForm,
    EditForm,
    FirstDraftForm,
    KeepForm,
    KeptDraftForm,
    MessageForm,
    NextMessageForm,
    RetryForm,
)
from conversations.forms.order import FolderForm, PlaceForm
from conversations.forms.search import SearchForm, WordsForm
from conversations.forms.sharing import (
    PersonSearchForm,
    PersonShareForm,
    TalkForm,
    TeamShareForm,
)
from conversations.forms.teams import (
    MemberForm,
    TeamForm,
    TeamListForm,
    TeamSettingsForm,
)
from conversations.forms.themes import ThemeForm

__all__ = [
    "PASSWORD_CHARACTERS",
    "AddressForm",
    "CleanLineField",
    "CleanTextField",
    "DraftForm",
    "EditForm",
    "FactChangeForm",
    "FactForm",
    "FirstChoiceForm",
    "FirstDraftForm",
    "FolderForm",
    "InvitationForm",
    "KeepForm",
    "KeptDraftForm",
    "MemberForm",
    "MessageForm",
    "ModelForm",
    "NewAccountForm",
    "NewConversationForm",
    "NewPasswordForm",
    "NextMessageForm",
    "PersonSearchForm",
    "PersonShareForm",
    "PinForm",
    "PlaceForm",
    "RenameForm",
    "RetryForm",
    "SearchForm",
    "SetUpForm",
    "SummaryForm",
    "SwitchForm",
    "TalkForm",
    "TeamForm",
    "TeamListForm",
    "TeamSettingsForm",
    "TeamShareForm",
    "ThemeForm",
    "WordsForm",
]
