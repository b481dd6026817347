"""Secrets: read from the environment when they are needed, and kept nowhere else.

Belongs here: their names and how each is read. Does not: settings that a file may hold
(``settings``), or using a secret.
"""

import os

from cchc_pipeline.errors import UsageError

SIGNING_PASSPHRASE = "CCHC_SIGNING_PASSPHRASE"  # noqa: S105 - the name of the variable
SMTP_PASSWORD = "CCHC_SMTP_PASSWORD"  # noqa: S105 - the name of the variable
ALERT_WEBHOOK = "CCHC_ALERT_WEBHOOK"
DOSSIERS_URL = "CCHC_DOSSIERS_URL"
DAGSTER_URL = "CCHC_DAGSTER_URL"
SECRETS = frozenset({SIGNING_PASSPHRASE, SMTP_PASSWORD, ALERT_WEBHOOK, DOSSIERS_URL, DAGSTER_URL})
_POSTGRES = "postgresql+psycopg2://"
"""With its driver: SQLAlchemy's own choice is another, and Dagster reads the variable itself."""


def signing_passphrase() -> str | None:
    """What the signing key is encrypted with: from the environment, and kept nowhere else."""
    return os.environ.get(SIGNING_PASSPHRASE) or None


def smtp_password() -> str:
    """What the mail server is logged in to with: from the environment, and kept nowhere else."""
    return os.environ.get(SMTP_PASSWORD, "")


def alert_webhook() -> str:
    """Where alerts are posted, a secret: from the environment, and kept nowhere else."""
    return os.environ.get(ALERT_WEBHOOK, "")


def dossiers_url() -> str | None:
    """The database that dossiers are read from, with its password: from the environment only."""
    return os.environ.get(DOSSIERS_URL) or None


def dagster_url() -> str | None:
    """Where Dagster's storage on PostgreSQL is, with its password; None for SQLite.

    Raises:
        UsageError: It is the address of something else; the line does not repeat it.
    """
    url = os.environ.get(DAGSTER_URL, "")
    if url and not url.startswith(_POSTGRES):
        raise UsageError(
            "not an address of PostgreSQL with its driver",
            where=f"environment variable {DAGSTER_URL}",
            todo=f"say {_POSTGRES}USER:PASSWORD@HOST/DATABASE",
        )
    return url or None
