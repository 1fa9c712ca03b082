"""What is asked of the OpenID provider over HTTP, and what is believed of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.openid_connect.views import (
    OpenIDConnectOAuth2Adapter,
)
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse

from conversations.services.identities import (
    IdentityError,
    merge_claims,
    read_identity,
    verify_claims,
)

if TYPE_CHECKING:
    from django.http import HttpRequest

WELL_KNOWN = "/.well-known/openid-configuration"
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
KNOWN_SECONDS = 300
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Client(OAuth2Client):  # type: ignore[misc]  # ships no types
    """Some providers' address to go to has a query already."""

    def get_redirect_url(
        self, authorization_url: str, scope: list[str], extra_params: dict[str, str]
    ) -> str:
        asked: str = super().get_redirect_url("", scope, extra_params)
        mark = "&" if "?" in authorization_url else "?"
        return authorization_url + mark + asked.removeprefix("?")


class Exchange(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # ships no types
    """One sign-in's conversation with the provider."""

    client_class = Client
    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        key = f"openid:{settings.OIDC_ISSUER_URL}"
        config: dict[str, Any] | None = cache.get(key)
        if config is None:
            config = self._discover()
            cache.set(key, config, KNOWN_SECONDS)
        return config

    def _discover(self) -> dict[str, Any]:
        config = self._get(settings.OIDC_ISSUER_URL.rstrip("/") + WELL_KNOWN)
        addresses = [config.get(name) for name in NEEDED]
        if profile := config.get("userinfo_endpoint"):
            addresses.append(profile)
        if not all(_is_safe(address) for address in addresses):
            raise IdentityError("An address of the provider is missing or not safe.")
        issuer = config.get("issuer")
        ours = settings.OIDC_ISSUER_URL.rstrip("/")
        if not isinstance(issuer, str) or issuer.rstrip("/") != ours:
            raise IdentityError("The provider has another name than OIDC_ISSUER_URL.")
        return config

    def _get(self, address: str, token: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with get_adapter().get_requests_session() as session:
            response = session.get(address, headers=headers)
            response.raise_for_status()
            found = response.json()
        if not isinstance(found, dict):
            raise IdentityError("The provider gave an answer of another form.")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("sign_on_callback"))

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            data = super().get_access_token_data(*args, **kwargs)
        except (KeyError, TypeError, ValueError) as error:
            raise IdentityError("The provider gave no token.") from error
        if not isinstance(data, dict):
            raise IdentityError("The provider gave no token.")
        return data

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        # Used once, just now, and never kept.
        return SocialToken(token=str(data["access_token"]))

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> Any:
        config = self.openid_config
        claims = verify_claims(
            id_token=kwargs["response"].get("id_token"),
            keys=self._get(config["jwks_uri"]),
            issuer=config["issuer"],
            client_id=app.client_id,
            nonce=self.nonce,
        )
        if address := config.get("userinfo_endpoint"):
            profile = self._get(address, token.token)
            claims = merge_claims(claims=claims, profile=profile)
        identity = read_identity(claims=claims)
        login = self.get_provider().sociallogin_from_response(request, identity)
        login.identity = identity
        return login


def _is_safe(address: object) -> bool:
    try:
        parts = urlsplit(address) if isinstance(address, str) else None
    except ValueError:
        return False
    if parts is None or not parts.hostname:
        return False
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    return local or parts.scheme == "https"
