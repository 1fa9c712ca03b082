"""The OpenID provider of this server, as allauth is to speak to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import (
    OpenIDConnectProvider,
)
from django.conf import settings

from conversations.services.newcomers import make_newcomer
from conversations.views.exchange import Exchange
from conversations.views.refusals import refuse, refuse_sign_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from conversations.models import User


def offers_sign_on() -> bool:
    """Tell whether this server has single sign-on."""
    return bool(
        settings.OIDC_ISSUER_URL
        and settings.OIDC_CLIENT_ID
        and settings.OIDC_CLIENT_SECRET
    )


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # ships no types
    """Of what it tells, only what an account needs is kept."""

    oauth2_adapter_class = Exchange
    pkce_enabled_default = True

    def extract_uid(self, data: Any) -> str:
        return str(data.uid)

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        return {}

    def extract_common_fields(self, data: Any) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: Any) -> list[Any]:
        return []


class Callback(OAuth2CallbackView):  # type: ignore[misc]  # ships no types
    """Coming back from the provider, with what was begun in this browser."""

    def _get_state(self, request: HttpRequest, provider: Provider) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, response


class SocialAccounts(DefaultSocialAccountAdapter):  # type: ignore[misc]  # no types
    """One provider, from the environment; an account for everyone it vouches for."""

    def list_apps(
        self, request: HttpRequest, provider: Any = None, client_id: Any = None
    ) -> list[SocialApp]:
        if not offers_sign_on():
            return []
        app = SocialApp(
            provider=Provider.id,
            # People of another provider are other people, whatever they are called.
            provider_id=settings.OIDC_ISSUER_URL,
            name="Single sign-on",
            client_id=settings.OIDC_CLIENT_ID,
            secret=settings.OIDC_CLIENT_SECRET,
        )
        return [app]

    def get_provider(
        self, request: HttpRequest, provider: Any, client_id: Any = None
    ) -> Provider:
        return Provider(request, app=self.get_app(request, provider, client_id))

    def get_requests_session(self) -> Any:
        session = super().get_requests_session()
        # Nowhere but where it was said; a secret is on the way.
        session.max_redirects = 0
        return session

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        begun = "state" in (extra_context or {})
        raise ImmediateHttpResponse(
            refuse_sign_in(request, error=error, exception=exception, begun=begun)
        )

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing:
            _refuse_deactivated(request, sociallogin.user)

    def save_user(
        self, request: HttpRequest, sociallogin: Any, form: Any = None
    ) -> Any:
        account = make_newcomer(
            provider=sociallogin.account.provider, identity=sociallogin.identity
        )
        _refuse_deactivated(request, account.user)
        sociallogin.account, sociallogin.user = account, account.user
        return account.user


def _refuse_deactivated(request: HttpRequest, user: User) -> None:
    if user.is_active:
        return
    sentence = (
        "Your account here has been deactivated. "
        "If it should not be, ask the people who run this server."
    )
    response: HttpResponse = refuse(request, sentence, status=403)
    raise ImmediateHttpResponse(response)
