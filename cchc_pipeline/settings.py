"""Settings: ``CCHC_*`` environment variables over ``cchc.toml`` over these defaults; and secrets.

Belongs here: every knob with its name, default and meaning (``docs/settings.md`` repeats them, and
a test holds the two together); the names of secrets, and how each is read. Does not: choosing by
them (``storage.duckdb_engine``), or using a secret. Nothing here costs much to import.
"""

import difflib
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from cchc_pipeline.contracts.sources import owed_sources
from cchc_pipeline.core.errors import ROOT, UsageError
from cchc_pipeline.core.modes import INBOX
from cchc_pipeline.government import DEFAULT_ROOT, Government, government_of
from cchc_pipeline.roots import (
    address_of,
    further_root,
    home_of,
    inbox_of,
    own_settings,
    places_in,
)

EngineName = Literal["duckdb", "spark"]
DEFAULT_ENGINE: EngineName = "duckdb"
DEFAULT_MASTER = "local[*]"


SIGNING_PASSPHRASE = "CCHC_SIGNING_PASSPHRASE"  # noqa: S105 - the name of the variable
SMTP_PASSWORD = "CCHC_SMTP_PASSWORD"  # noqa: S105 - the name of the variable
ALERT_WEBHOOK = "CCHC_ALERT_WEBHOOK"
DOSSIERS_URL = "CCHC_DOSSIERS_URL"
DAGSTER_URL = "CCHC_DAGSTER_URL"
SECRETS = frozenset({SIGNING_PASSPHRASE, SMTP_PASSWORD, ALERT_WEBHOOK, DOSSIERS_URL, DAGSTER_URL})
_POSTGRES = "postgresql+psycopg2://"
"""With its driver: SQLAlchemy's own choice is another, and Dagster reads the variable itself."""
CONFIG_FILE = "cchc.toml"
_PREFIX = "CCHC_"
_NOT_SETTINGS = SECRETS | {"CCHC_TEST_ALL"}
_SOURCE = f"({'|'.join(one.source for one in owed_sources())})"
_ADDRESS = r"https?://[^\s,@?#]+"
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_MAIL_ADDRESS = r"[!-+\--~]+@[!-+\--~]+"


def signing_passphrase() -> str | None:
    """What the signing key is encrypted with: from the environment, and kept nowhere else."""
    return os.environ.get(SIGNING_PASSPHRASE) or None


def smtp_password() -> str:
    """What the mail server is logged in to with: from the environment, and kept nowhere else."""
    return os.environ.get(SMTP_PASSWORD, "")


def alert_webhook() -> str:
    """Where alerts are posted, a secret: from the environment, and kept nowhere else."""
    return os.environ.get(ALERT_WEBHOOK, "")


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


def spoken(lang: str | None = None) -> Literal["vi", "en"]:
    """The language before ``cchc.toml`` is read: as said, else by the environment.

    Vietnamese on a Vietnamese locale, of which the first variable that is set decides.
    """
    told = lang or os.environ.get(f"{_PREFIX}LANG")
    if told in ("vi", "en"):
        return "vi" if told == "vi" else "en"
    said = next((os.environ[name] for name in _LOCALE if os.environ.get(name)), "")
    return "vi" if said.startswith("vi") else "en"


def _place(given: Mapping[str, Any]) -> Government:
    return government_of(given.get("root_unit", DEFAULT_ROOT))


class Settings(BaseSettings):
    """How this installation runs. Field names are the variables' names without ``CCHC_``."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        toml_file=CONFIG_FILE,
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,
    )

    home: Path = Field(Path("var"), description="Where everything is kept: raw, lake, portal.")
    inbox: Path | None = Field(None, description="Where files are dropped; home/inbox if unset.")
    root_unit: str = Field(
        DEFAULT_ROOT,
        description="Code of the province or city that publishes, a file of `schemas/government`.",
    )
    root_department_id: str = Field(
        default_factory=lambda given: _place(given).department_id,
        description="Its identifier in the national portal's API; unset: as its file says.",
    )
    methodology: str = Field("766-2026", description="Name in schemas/decision-766.")
    portal_fetch: bool = Field(False, description="Ask the national portal over the network.")
    portal_base_url: str = Field(
        "https://dichvucong.gov.vn", description="The national portal's address."
    )
    dossiers_view: str = Field(
        "cchc_ho_so",
        pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,62}(\.[A-Za-z_][A-Za-z0-9_$]{0,62})?$",
        description="The view, or schema.view, of the database that dossiers are read from.",
    )
    legacy_base_url: str = Field(
        "https://dichvucong.gov.vn",
        description="The address of the national portal's legacy gateway.",
    )
    legacy_ids: str = Field(
        "",
        pattern=r"^(\d{4}-\d{2}:[^,:\s]+(,\d{4}-\d{2}:[^,:\s]+)*)?$",
        description="The province's ids there, each from a month on: 2022-06:ID,2025-07:ID.",
    )
    quarantine_limit: Decimal = Field(
        Decimal("0.01"),
        ge=0,
        le=1,
        description="Share of a month's dossiers, or of the national portal's entries, that may be "
        "quarantined.",
    )
    revision_limit: Decimal = Field(
        Decimal("0.25"),
        ge=0,
        le=1,
        description="Share of the values of the years concerned that a release may revise unasked.",
    )
    disclosure_threshold: int = Field(
        5, ge=2, description="Fewer dossiers than this in a unit's field are not shown apart."
    )
    memory_limit: str = Field(
        "600MB",
        pattern=r"^[1-9]\d*(MB|GB)$",
        description="What the engine that reads dossiers may take; beyond it, it uses the disk.",
    )
    engine: EngineName = Field(
        DEFAULT_ENGINE, description="What judges and counts dossiers: `duckdb` or `spark`."
    )
    spark_master: str = Field(
        DEFAULT_MASTER,
        pattern=r"^(local(\[(\d+|\*)(,\d+)?\])?|yarn|(spark|k8s)://\S+)$",
        description="Where Spark runs; its driver runs on this machine in any case.",
    )
    provisional_days: int = Field(
        60, ge=0, description="A figure captured sooner than this after its period is provisional."
    )
    automation: bool = Field(
        False, description="Schedules and sensors run; off, nothing happens that nobody asked for."
    )
    approval: bool = Field(
        default_factory=lambda given: bool(given.get("automation")),
        description="A release goes out only after an office approved its preview; unset: as"
        " `CCHC_AUTOMATION`.",
    )
    workers: int = Field(2, ge=1, le=16, description="Months that a backfill processes at a time.")
    lang: Literal["vi", "en"] = Field(
        default_factory=spoken,
        description="What commands say is in `vi` or `en`; unset: as the locale.",
    )
    production: bool = Field(
        False, description="The portal is the city's real one: sample data is refused."
    )
    public_url: str = Field(
        "", description="Address at which the portal folder is served; empty: relative links only."
    )
    publisher: str = Field(
        default_factory=lambda given: _place(given).office,
        description="Who publishes; unset: as the file of the province or city says.",
    )
    contact: str = Field(
        default_factory=lambda given: _place(given).office,
        description="Whom a reader may ask, as shown on each page; unset: who publishes there.",
    )
    license_name: str = Field(
        "",
        description="Terms of reuse; unset: the legal basis in force on the day of publication.",
    )
    license_path: str = Field(
        "LICENSE.md", description="Where the terms stand: an address, or the file in each release."
    )
    signing_key: Path | None = Field(
        None, description="Secret key of minisign that signs releases; outside CCHC_HOME."
    )

    expected_sources: str = Field(
        ",".join(one.source for one in owed_sources() if one.expected),
        pattern=rf"^({_SOURCE}(, *{_SOURCE})*)?$",
        description="What must come each month, or an alert says that it is missing.",
    )
    alert_days_before: int = Field(
        3, ge=0, description="A source is missing this many days before the announced date."
    )
    alert_late_hours: int = Field(
        2, ge=0, description="A publication is late this many hours after the announced moment."
    )
    mirrors: str = Field(
        "",
        pattern=rf"^({_ADDRESS}(, *{_ADDRESS})*)?$",
        description="Addresses of copies of the portal, with commas between them.",
    )
    mirror_hours: int = Field(24, ge=0, description="A mirror may be behind for this long.")
    digest_when_well: bool = Field(
        True, description="The daily digest is sent even if there is nothing to do."
    )
    smtp_host: str = Field("", description="The mail server for alerts; empty: no e-mail.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is secured: `starttls`, `tls` or `none`."
    )
    smtp_user: str = Field("", description="Whom to log in as; empty: without.")
    smtp_from: str = Field(
        "", pattern=rf"^({_MAIL_ADDRESS})?$", description="The address that alerts come from."
    )
    smtp_to: str = Field(
        "",
        pattern=rf"^({_MAIL_ADDRESS}(, *{_MAIL_ADDRESS})*)?$",
        description="Who gets alerts, with commas between them.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, then environment, then ``cchc.toml``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def is_further(self) -> bool:
        """Whether this is a further root, whose home lies below the installation's."""
        return further_root(self.home) is not None

    @property
    def root_option(self) -> str:
        """What a command line says to mean this place; nothing for the installation's own."""
        return f" {ROOT} {self.root_unit}" if self.is_further else ""

    @property
    def dossiers_url(self) -> str | None:
        """The database that dossiers are read from, with its password: from the environment only.

        It is that of the installation's own root.
        """
        return None if self.is_further else os.environ.get(DOSSIERS_URL) or None

    @property
    def expected_list(self) -> tuple[str, ...]:
        """What must come each month."""
        return _parts(self.expected_sources)

    @property
    def mirror_list(self) -> tuple[str, ...]:
        """The addresses of the copies."""
        return _parts(self.mirrors)

    @property
    def smtp_to_list(self) -> tuple[str, ...]:
        """Who gets alerts."""
        return _parts(self.smtp_to)

    @property
    def alerts_file(self) -> Path:
        """Which alerts are open, and who was told."""
        return self.home / "alerts.json"

    @property
    def inbox_dir(self) -> Path:
        """The folder that files are dropped into."""
        if self.inbox is not None:
            return self.inbox
        if self.is_further:
            return inbox_of(self.home.parents[1] / INBOX, self.root_unit)
        return self.home / INBOX

    @property
    def raw_dir(self) -> Path:
        """The restricted archive of raw bytes."""
        return self.home / "raw"

    @property
    def scratch_dir(self) -> Path:
        """Where files are unpacked and read, within the restricted zone; empty between runs."""
        return self.raw_dir / "scratch"

    @property
    def error_sheets_dir(self) -> Path:
        """The sheets that go back to units, a folder a month; never published."""
        return self.home / "error-sheets"

    @property
    def lake_dir(self) -> Path:
        """The Parquet lake."""
        return self.home / "lake"

    @property
    def portal_dir(self) -> Path:
        """The published site and its store."""
        return self.home / "portal"

    @property
    def dagster_dir(self) -> Path:
        """The home of the persistent Dagster instance."""
        return self.home / "dagster"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; ``None`` among the overrides means "not given".

    Raises:
        UsageError: A name or a value is wrong; the line names it.
    """
    _refuse_unknown_names(os.environ)
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return _of_place(Settings(**given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            first["msg"],
            where=f"setting {name!r} (cchc.toml or {_PREFIX}{name.upper()})",
            todo=_suggestion(name) if first["type"] == "extra_forbidden" else "correct the value",
        ) from None
    except ValueError as error:
        raise UsageError(
            f"not TOML: {error}", where=CONFIG_FILE, todo="correct the line named"
        ) from None


def _of_place(settings: Settings) -> Settings:
    """The settings as they are for the place whose home it is."""
    root = further_root(settings.home)
    if root is None:
        return settings
    if dagster_url():
        raise UsageError(
            "holds the runs of one place alone",
            where=f"environment variable {DAGSTER_URL}",
            todo=f"leave it out where {root} lives below another home, or give it a CCHC_HOME",
        )
    own = dict(own_settings(root, settings.public_url))
    own["inbox"] = settings.inbox and inbox_of(settings.inbox, root)
    return settings.model_copy(update=own)


def neighbours_of(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The other places of the installation that publish, with the public address of each.

    None where no address is set: from a mirror a relative one would lead to nothing.
    """
    own = load_settings(home=settings.home.parents[1]) if settings.is_further else settings
    homes = {own.root_unit: own.home} | {r: home_of(own.home, r) for r in places_in(own.home)}
    return tuple(
        (root, own.public_url if root == own.root_unit else address_of(own.public_url, root))
        for root, home in homes.items()
        if own.public_url and root != settings.root_unit and (home / "portal" / "current").exists()
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _refuse_unknown_names(environment: Mapping[str, str]) -> None:
    """A misspelt variable would be ignored in silence; say so instead."""
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields} | _NOT_SETTINGS
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in known:
            raise UsageError(
                "no such setting",
                where=f"environment variable {name}",
                todo=_suggestion(name.removeprefix(_PREFIX).lower()),
            )


def _suggestion(name: str) -> str:
    if f"{_PREFIX}{name.upper()}" in SECRETS:
        return "it is a secret: give it by the environment, and remove it from here"
    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    return f"did you mean {_PREFIX}{close[0].upper()}?" if close else "see docs/settings.md"
