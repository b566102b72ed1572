"""All settings, read from the environment; `docs/operating.md` lists the variables."""

from pathlib import Path

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- What kind of installation this is --------------------------------------------------------------
DEMO_SECRET_KEY = "conductor-demo-secret-key-only-for-a-machine-nobody-else-reaches"  # noqa: S105
DEMO = env.bool("DEMO", False)
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", DEMO_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
if SECRET_KEY == DEMO_SECRET_KEY and not (DEMO or DEBUG):
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it to a long random text, or set DEMO=1 to try Conductor on your own machine."
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

# --- Applications -----------------------------------------------------------------------------------
ADMIN_LOOK = env.str("ADMIN_LOOK", "unfold")  # or "stock"
INSTALLED_APPS = [
    *(["unfold", "unfold.contrib.filters"] if ADMIN_LOOK == "unfold" else []),
    "orchestration.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "django_q",
    "orchestration.apps.OrchestrationConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]
ROOT_URLCONF = "conductor_site.urls"
WSGI_APPLICATION = "conductor_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Database, cache, queue -------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'conductor.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }
else:
    if _database["ENGINE"] == "django.db.backends.postgresql":
        _database["ENGINE"] = "conductor_site.postgresql"
    _database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
    _database["CONN_HEALTH_CHECKS"] = True
    # Statements are prepared in the server after three uses. A pooler between must keep sessions, as PgBouncer's does.
    _database["OPTIONS"] = {"server_side_binding": True, "prepare_threshold": 3}

REDIS_URL = env.str("REDIS_URL", "")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(VAR_DIR / "cache"),
    },
}

WORKERS = env.int("WORKERS", 2)
TASK_TIMEOUT = env.int("TASK_TIMEOUT", 120)
Q_CLUSTER = {
    "name": "conductor",
    "orm": "default",
    "workers": WORKERS,
    "queue_limit": WORKERS * 4,
    "bulk": 1,
    "poll": 0.1,
    "timeout": TASK_TIMEOUT,
    "retry": 6 * (TASK_TIMEOUT + 3),
    "max_attempts": 5,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 5000,
    "log_level": "WARNING",
    "label": "Queue",
}

# --- Conductor --------------------------------------------------------------------------------------
_HERE = f"http://127.0.0.1:{env.str('PORT', '8000')}" if DEMO or DEBUG else ""
CONDUCTOR = {
    # A round is given up for dead after this many seconds; the case is then taken up again by another process.
    "lease": env.int("CONDUCTOR_LEASE", 60),
    # So often a case is taken up without getting a step further before it goes to a person.
    "attempts": env.int("CONDUCTOR_ATTEMPTS", 5),
    # Seconds between two passes of the reaper, and after which a case without a live doorbell is rung again.
    "reap_every": env.float("CONDUCTOR_REAP_EVERY", 1.0),
    "ring_again": env.float("CONDUCTOR_RING_AGAIN", 10.0),
    # Seconds without progress, while doorbells wait, after which the worker's processes are replaced.
    "stalled_after": env.float("CONDUCTOR_STALLED_AFTER", TASK_TIMEOUT + 30.0),
    # The same while no task runs, though doorbells wait; longer than a write may wait for the database.
    "quiet_after": env.float("CONDUCTOR_QUIET_AFTER", 30.0),
    # Seconds that running tasks get to end after SIGTERM.
    "drain": env.float("CONDUCTOR_DRAIN", TASK_TIMEOUT + 15.0),
    # MiB of memory that an agent in a process of its own may use.
    "agent_memory": env.int("CONDUCTOR_AGENT_MEMORY", 1024),
    # Where outside parties reach this site, e.g. "https://conductor.example"; agents that answer later need it.
    "public_url": env.str("CONDUCTOR_PUBLIC_URL", _HERE).rstrip("/"),
    # A run that failed waits as long as its agent asks, but at most so many seconds (and a tenth).
    "longest_retry_after": env.float("CONDUCTOR_LONGEST_RETRY_AFTER", 3600.0),
    # A step's circuit opens when half of so many attempts within these seconds failed.
    "circuit_attempts": env.int("CONDUCTOR_CIRCUIT_ATTEMPTS", 20),
    "circuit_window": env.float("CONDUCTOR_CIRCUIT_WINDOW", 600.0),
    # It stays open so many seconds, doubled each time the step fails again, up to the longest.
    "circuit_pause": env.float("CONDUCTOR_CIRCUIT_PAUSE", 30.0),
    "circuit_longest": env.float("CONDUCTOR_CIRCUIT_LONGEST", 600.0),
    # A run that an open circuit has kept waiting for so many seconds fails.
    "circuit_patience": env.float("CONDUCTOR_CIRCUIT_PATIENCE", 900.0),
    # Minutes between two checks of an agent in use (0: never), and seconds that a check may take.
    "check_every": env.float("CONDUCTOR_CHECK_EVERY", 15.0),
    "check_timeout": env.float("CONDUCTOR_CHECK_TIMEOUT", 20.0),
    # Keys that seal the secrets of agents, separated by commas: the first seals, all open. Empty: from SECRET_KEY.
    "secrets_key": env.str("CONDUCTOR_SECRETS_KEY", ""),
    # Largest body of a posted case, in bytes.
    "max_body": env.int("CONDUCTOR_MAX_BODY", 256 * 1024),
    # Requests that one client may make, e.g. "600/min"; empty for no limit.
    "rate": env.str("CONDUCTOR_RATE", "6000/min"),
}
if CONDUCTOR["public_url"] and not CONDUCTOR["public_url"].startswith(("https://", "http://")):
    raise ImproperlyConfigured("CONDUCTOR_PUBLIC_URL is no address: it begins with https:// or http://.")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- REST -------------------------------------------------------------------------------------------
# Proxies in front, each of which adds an address to X-Forwarded-For; what stands before those anybody may have written.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
if TRUSTED_PROXIES < 0:
    raise ImproperlyConfigured(
        "TRUSTED_PROXIES is below 0. Set it to the number of proxies in front of the web process."
    )
REST_FRAMEWORK = {
    "NUM_PROXIES": TRUSTED_PROXIES,
    "DEFAULT_AUTHENTICATION_CLASSES": ["orchestration.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["orchestration.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["orchestration.api.parsers.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["orchestration.api.throttling.ClientThrottle"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "orchestration.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Conductor",
    "DESCRIPTION": "Post cases, read their decisions, and try rules without storing anything.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- Language, time, static files -------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG or DEMO
WHITENOISE_AUTOREFRESH = False

# --- Security ---------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
_https = env.bool("HTTPS", not (DEBUG or DEMO))
SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if env.bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- The admin's look -------------------------------------------------------------------------------
LOGIN_REDIRECT_URL = "admin:index"  # Unfold's sign-in page names no page to go to
UNFOLD = {
    "SITE_TITLE": "Conductor",
    "SITE_HEADER": "Conductor",
    "SITE_SYMBOL": "graphic_eq",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"/{STATIC_URL}orchestration/favicon.svg"}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "navigation": "orchestration.admin.navigation.navigation"},
    "COLORS": {
        "primary": {
            "50": "#f5f3ff", "100": "#ede9fe", "200": "#ddd6fe", "300": "#c4b5fd", "400": "#a78bfa", "500": "#8b5cf6",
            "600": "#7c3aed", "700": "#6d28d9", "800": "#5b21b6", "900": "#4c1d95", "950": "#2e1065",
        }
    },
}  # fmt: skip

# --- Logs -------------------------------------------------------------------------------------------
_shared = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
            if DEBUG or DEMO
            else structlog.processors.JSONRenderer(),
            "foreign_pre_chain": _shared,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"django_structlog": {"level": "WARNING"}, "django-q": {"level": "WARNING"}},
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
