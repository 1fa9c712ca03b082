from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from chatsite.env import (
    LOOPBACK,
    read_bool,
    read_choice,
    read_database,
    read_hosts,
    read_integer,
    read_or_make_secret,
    read_site_url,
    read_time_zone,
)
from chatsite.mail import read_mail, read_sender
from chatsite.sign_on import read_credential, read_issuer
from conversations import limits

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var")

DEBUG = read_bool("DEBUG")
HOST = os.environ.get("HOST", "").strip() or "127.0.0.1"
PORT = read_integer("PORT", default=8000, low=1, high=65535)
LOG_LEVEL = read_choice(
    "LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO"
)
if DEBUG and HOST not in LOOPBACK:
    raise ImproperlyConfigured(
        "DEBUG shows the program's insides to everyone who can reach HOST. "
        "Unset DEBUG, or serve on 127.0.0.1 only."
    )

SITE_URL, ALLOWED_ORIGINS = read_site_url(HOST, PORT)
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = read_hosts("ALLOWED_HOSTS", ALLOWED_ORIGINS, debug=DEBUG)
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
TRUSTED_PROXY_COUNT = read_integer("TRUSTED_PROXY_COUNT", default=0, low=0, high=10)

SECRET_KEY = read_or_make_secret("SECRET_KEY", VAR_DIR / "secret_key")
FIELD_KEY = read_or_make_secret("FIELD_KEY", VAR_DIR / "field_key", field=True)

# Whether admins may read what is not shared with them. Everyone is told of it.
ADMINS_MAY_READ = read_bool("ADMINS_MAY_READ")

_mail = read_mail("EMAIL_URL")
SENDS_MAIL = bool(_mail)
EMAIL_HOST = _mail.get("EMAIL_HOST", "")
EMAIL_PORT = _mail.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = read_integer("EMAIL_TIMEOUT", default=3, low=1, high=5)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = read_sender("EMAIL_FROM", site_url=SITE_URL)

# Single sign-on, where all three are set.
OIDC_ISSUER_URL = read_issuer("OIDC_ISSUER_URL")
OIDC_CLIENT_ID = read_credential("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = read_credential("OIDC_CLIENT_SECRET")

INSTALLED_APPS = [
    "daphne",
    "conversations.apps.ConversationsConfig",
    "conversations.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
]

MIDDLEWARE = [
    "conversations.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "conversations.middleware.CompressedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "conversations.middleware.ReaderTimeZone",
]

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {
    "default": read_database("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/db.sqlite3")
}
DATABASES["default"]["CONN_MAX_AGE"] = None
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # DEFERRED transactions fail at once under concurrent writes; WAL with NORMAL
    # survives the death of the process, FULL also that of the machine.
    _synchronous = read_choice(
        "SQLITE_SYNCHRONOUS", ("NORMAL", "FULL"), default="NORMAL"
    )
    DATABASES["default"]["OPTIONS"] = {
        # Below the lease of an answer (LEASE_SECONDS).
        "timeout": 10,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL;"
            f"PRAGMA synchronous={_synchronous};"
            "PRAGMA temp_store=MEMORY;"
            "PRAGMA journal_size_limit=67108864;"
        ),
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    _given = DATABASES["default"].get("OPTIONS", {})
    # To compile a statement takes longer than any of them. What the URL says counts.
    _options = f"-c statement_timeout=15000 -c jit=off {_given.get('options', '')}"
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        **_given,
        "options": _options.rstrip(),
    }

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "conversations.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation"
        ".UserAttributeSimilarityValidator"
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/h/ip,5/5m/key",
    "unreadable_file": f"{limits.UNREADABLE_FILES_PER_HOUR}/h/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
SOCIALACCOUNT_ADAPTER = "conversations.views.identity_provider.SocialAccounts"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
# Seconds to connect and to wait for an answer: five in all.
SOCIALACCOUNT_REQUESTS_TIMEOUT = (2, 3)

SESSION_COOKIE_AGE = 14 * 24 * 60 * 60
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "roundtable_session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "roundtable_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "conversations.views.errors.csrf_failure"

SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
# Browsers' lists take a domain in for years: its owner's decision, not ours (W021).
SECURE_HSTS_PRELOAD = False
SECURE_REFERRER_POLICY = "same-origin"
# Set by our own middleware, where it means something.
SECURE_CROSS_ORIGIN_OPENER_POLICY = None
X_FRAME_OPTIONS = "DENY"
# Our own middleware sets X-Frame-Options, on every document (W002).
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W021"]
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = limits.BODY_BYTES

LANGUAGE_CODE = "en"
TIME_ZONE = read_time_zone("TIME_ZONE", default="UTC")
USE_I18N = False
USE_TZ = True
NUMBER_GROUPING = 3

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chatsite.staticfiles.JoinedStorage"},
}


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "chatsite.logs.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "conversations": {"level": LOG_LEVEL},
        # These log requests and headers at DEBUG.
        "anthropic": {"level": "WARNING"},
        "openai": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
    },
}
