"""One settings file; every setting is an environment variable `FENZHEN_*`.

Nothing here needs a network, and every default is safe on a closed network: SQLite in the data folder,
keys in a file with mode 0600 beside it, strict content security policy, no third-party address anywhere.
"""

import os
import secrets
from pathlib import Path

import dj_database_url

from fenzhen import __version__

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


FENZHEN_VERSION = __version__
FENZHEN_DATA_DIR = Path(os.environ.get("FENZHEN_DATA_DIR") or Path.cwd() / "data").expanduser().resolve()
FENZHEN_DISTRICT_DIR = Path(os.environ.get("FENZHEN_DISTRICT_DIR") or ROOT / "demo" / "daxing").expanduser()
FENZHEN_KEYS = os.environ.get("FENZHEN_KEYS", "")
FENZHEN_KEY_FILE = os.environ.get("FENZHEN_KEY_FILE") or str(FENZHEN_DATA_DIR / "keys" / "fenzhen.keys")
FENZHEN_CACHE_DIR = Path(os.environ.get("FENZHEN_CACHE_DIR") or FENZHEN_DATA_DIR / "cache")


def _secret_key() -> str:
    """From the environment, or a 0600 file made at the first start."""
    given = os.environ.get("FENZHEN_SECRET_KEY")
    if given:
        return given
    path = FENZHEN_DATA_DIR / "keys" / "session.key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(fd, "w") as file:
        fresh = secrets.token_urlsafe(48)
        file.write(fresh)
    return fresh


SECRET_KEY = _secret_key()
DEBUG = _flag("FENZHEN_DEBUG", False)
ALLOWED_HOSTS = [h for h in os.environ.get("FENZHEN_HOSTS", "*").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("FENZHEN_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "axes",
    "csp",
    "fenzhen.records",
    "fenzhen.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "fenzhen.web.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "fenzhen.urls"
WSGI_APPLICATION = "fenzhen.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fenzhen.web.page.page_context",
            ]
        },
    }
]

_database_url = os.environ.get("FENZHEN_DATABASE_URL", "")
if _database_url:
    DATABASES = {"default": dj_database_url.parse(_database_url, conn_max_age=60, conn_health_checks=True)}
else:
    DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FENZHEN_DATA_DIR / "fenzhen.sqlite3")}
    }
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a writer waits for its turn at the beginning instead of failing in the middle.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;"
        ),
    }
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    # A file in tests too: what is tested is then the database that is used, threads and write-ahead log included.
    DATABASES["default"]["TEST"] = {"NAME": str(FENZHEN_DATA_DIR / "test.sqlite3")}

AUTH_USER_MODEL = "records.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "sign_in_locked.html"
AXES_VERBOSE = False

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [str(PACKAGE / "locale")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("FENZHEN_TIME_ZONE", "Asia/Shanghai")

STATIC_URL = "static/"
STATIC_ROOT = str(FENZHEN_DATA_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# `fenzhen serve` collects everything first; without it (tests, one's own server) it is found where it lies.
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = not _flag("FENZHEN_COLLECTED", False)
if WHITENOISE_USE_FINDERS:
    Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # else WhiteNoise warns about it for every process

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _flag("FENZHEN_HTTPS", False)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# style-src carries 'self' only: widths of bars are set by attributes and classes, not by style="".
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Messages outwards (jobs/couriers.py). A channel that is not set up here is printed by the worker instead.
FENZHEN_SMTP_URL = os.environ.get("FENZHEN_SMTP_URL", "")
FENZHEN_MAIL_FROM = os.environ.get("FENZHEN_MAIL_FROM", "fenzhen@localhost")
FENZHEN_SMS_URL = os.environ.get("FENZHEN_SMS_URL", "")
FENZHEN_SMS_BODY = os.environ.get("FENZHEN_SMS_BODY", "")
FENZHEN_SMS_TYPE = os.environ.get("FENZHEN_SMS_TYPE", "application/json")
FENZHEN_SMS_HEADERS = os.environ.get("FENZHEN_SMS_HEADERS", "")
FENZHEN_SMS_ACCEPTED = os.environ.get("FENZHEN_SMS_ACCEPTED", "")
FENZHEN_COURIER_TIMEOUT = float(os.environ.get("FENZHEN_COURIER_TIMEOUT", "8"))
FENZHEN_COURIER_PROXY = os.environ.get("FENZHEN_COURIER_PROXY", "")

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
# An uploaded file names callers: it stays in memory until it is sealed, and is never spooled to a disk in clear.
FILE_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("FENZHEN_LOG", "WARNING")},
}
