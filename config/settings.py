"""One settings module; everything that differs between machines comes from the environment."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from config import databases, env, mail, static_files, transport
from config.public import is_public

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.path("DATA_DIR", BASE_DIR / ".data")

DEBUG = env.boolean("DEBUG")
PORT = env.integer("PORT", 8000)
BASE_URL = env.text("BASE_URL", f"http://localhost:{PORT}")
SECRET_KEY = env.text("SECRET_KEY")
ENCRYPTION_KEYS = env.words("ENCRYPTION_KEYS")
ALLOWED_HOSTS = [*env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"), urlsplit(BASE_URL).hostname or ""]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
HTTPS = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "config",
    "dashboards",
    "metrics",
    "billing_sync",
    "accounts",
    "django.contrib.auth",
    "django.contrib.postgres",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "anymail",
    "csp",
]

FILE_UPLOAD_HANDLERS = [
    "config.uploads.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

MIDDLEWARE = [
    "config.guards.GuardsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressionMiddleware",
    "config.guards.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.languages.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboards.conditional.ForgetOnSignOut",
    "dashboards.api.problems.ApiMiddleware",
    "accounts.access.TenantMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["dashboards.templatetags.localized", "dashboards.templatetags.lasting"],
        },
    }
]

DATABASES = databases.databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:1/0")

CACHES = {"default": {"BACKEND": "accounts.shared_cache.SharedCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
SWEEP_SECONDS = env.integer("SWEEP_SECONDS", 5)
JOB_LEASE_SECONDS = env.integer("JOB_LEASE_SECONDS", 30)
JOB_BACKOFF_SECONDS = env.integer("JOB_BACKOFF_SECONDS", 1)
POLL_SECONDS = env.integer("POLL_SECONDS", 60)
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "accounts.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    }
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

# People.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
ACCOUNT_FORMS = {"signup": "accounts.sign_up.SignUpForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = False
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "organizations"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Millrace"
USERSESSIONS_TRACK_ACTIVITY = False

# Mail: without EMAIL_URL messages are files in DATA_DIR/mail, and their links are printed.
MAIL_SERVER = mail.parse(env.text("EMAIL_URL"))
EMAIL_BACKEND = MAIL_SERVER.backend
EMAIL_HOST, EMAIL_PORT = MAIL_SERVER.host, MAIL_SERVER.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL_SERVER.user, MAIL_SERVER.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL_SERVER.starttls, MAIL_SERVER.tls
EMAIL_TIMEOUT = 20
ANYMAIL = {
    **mail.anymail(MAIL_SERVER, env.text("MAIL_WEBHOOK_SECRET")),
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
}
MAIL_LIMIT_A_DAY = env.integer("MAIL_LIMIT_A_DAY", 500)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Millrace <millrace@localhost>")

# Stripe.
STRIPE_API_BASE = env.text("STRIPE_API_BASE", "https://api.stripe.com")
STRIPE_API_VERSION = "2026-10-28.endive"
# Requests a second to one account; 0 is what Stripe permits: 100 live, 25 in test mode, 25 to an endpoint.
STRIPE_REQUESTS_PER_SECOND = env.integer("STRIPE_REQUESTS_PER_SECOND", 0)
# How long an answer may say nothing before it is asked for again.
STRIPE_READ_SECONDS = env.integer("STRIPE_READ_SECONDS", 30)
STRIPE_ALLOW_SECRET_LIVE_KEYS = env.boolean("STRIPE_ALLOW_SECRET_LIVE_KEYS")
# Whether Stripe can post to BASE_URL; without that, events are polled alone.
WEBHOOKS = env.boolean("WEBHOOKS", default=is_public(BASE_URL))
STRIPE_CONNECT_BASE = env.text("STRIPE_CONNECT_BASE", "https://connect.stripe.com").rstrip("/")
STRIPE_CLIENT_ID = env.text("STRIPE_CLIENT_ID")
STRIPE_PLATFORM_KEY = env.text("STRIPE_PLATFORM_KEY")
# Signs what Stripe posts of connected accounts; two while it is changed, with a comma between.
STRIPE_CONNECT_WEBHOOK_SECRETS = env.words("STRIPE_CONNECT_WEBHOOK_SECRET")

# What leaves this machine leaves it encrypted, but for hosts of a private network that are named.
transport.refuse_clear_text(
    {name: DATABASES[alias] for alias, name in databases.NAMES.items() if alias in DATABASES},
    {"REDIS_URL": REDIS_URL},
    MAIL_SERVER,
    {"STRIPE_API_BASE": STRIPE_API_BASE, "STRIPE_CONNECT_BASE": STRIPE_CONNECT_BASE},
    env.words("CLEARTEXT_HOSTS"),
)

# How many requests a token of the read API may make in a minute.
API_REQUESTS_A_MINUTE = env.integer("API_REQUESTS_A_MINUTE", 600)

# Exchange rates: the European Central Bank's reference rates since 1999, as CSV or zipped.
ECB_RATES_URL = env.text("ECB_RATES_URL", "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip")

# Languages and time: everything is stored in UTC; a day is an organization's day.
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("fr", "Français"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("it", "Italiano"),
    ("pt", "Português"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_COLLECTED = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
COLLECTED = not DEBUG and static_files.is_collected(STATIC_COLLECTED)
STATIC_ROOT = STATIC_COLLECTED if COLLECTED else None
STORAGES = static_files.storages(COLLECTED)
WHITENOISE_USE_FINDERS = not COLLECTED
WHITENOISE_IMMUTABLE_FILE_TEST = static_files.IMMUTABLE

# Logs go to standard error, without secrets. Of Django's own only its development server has a handler.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "redacted": {
            "()": "accounts.redaction.RedactingFormatter",
            "format": "[%(asctime)s] %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "redacted"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
    },
}

# The browser's guards.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
# Whoever holds it has just written, and reads the primary.
WROTE_COOKIE_NAME = "__Host-wrote" if HTTPS else "wrote"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_SSL_REDIRECT = HTTPS
# A domain on the browsers' preload lists is there for years: its owner decides that, in the proxy.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
# Behind one proxy the last address that it noted is the visitor's; without one no header is believed.
TRUST_PROXY = env.boolean("TRUST_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
