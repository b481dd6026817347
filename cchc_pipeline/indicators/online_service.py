"""By which channel a dossier came in, and how far the service was online.

Belongs here: measures of the dossiers *received* in a month by channel and level of service. Does
not: payment (``payments``), or what the national portal knows of a dossier (``integration``).

KenhThucHien and MucDo are codes of the national record (domain, section 5); that MucDo 4 is fully
online is believed.
"""

from typing import TYPE_CHECKING

from cchc_pipeline.indicators.dossier_flow import received
from cchc_pipeline.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

IN_PERSON, ONLINE, BY_POST = 1, 2, 3
FULLY_ONLINE = 4


def received_direct(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "KenhThucHien 1 (…); empty is 1"."""
    return received(dossiers, month) & (dossiers.channel.fill_null(IN_PERSON) == IN_PERSON)


def received_online(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: KenhThucHien 2."""
    return received(dossiers, month) & (dossiers.channel == ONLINE)


def received_postal(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: KenhThucHien 3."""
    return received(dossiers, month) & (dossiers.channel == BY_POST)


def fully_online(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "KenhThucHien 2 and MucDo 4"."""
    return received_online(dossiers, month) & (dossiers.service_level == FULLY_ONLINE)


def identified(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "KenhThucHien 2 and VNeID 1"."""
    return received_online(dossiers, month) & dossiers.is_identified
