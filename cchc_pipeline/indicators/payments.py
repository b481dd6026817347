"""Which dossiers bear fees, and where they were paid.

Belongs here: measures of the dossiers *received* in a month that rest on fees and payments. Does
not: amounts, which are summed nowhere.
"""

from typing import TYPE_CHECKING

from cchc_pipeline.indicators.dossier_flow import received
from cchc_pipeline.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

ON_NATIONAL_PORTAL, ON_OTHER_PORTAL = 1, 2
"""DuocThanhToanTrucTuyen of the national record; 0 is not online."""


def fee_bearing(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "sum of Gia > 0"."""
    return received(dossiers, month) & (dossiers.fee > 0)


def paid_online(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "fee-bearing and DuocThanhToanTrucTuyen 1 or 2"."""
    online = dossiers.online_payment.isin((ON_NATIONAL_PORTAL, ON_OTHER_PORTAL))
    return fee_bearing(dossiers, month) & online


def paid_on_dvcqg(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "fee-bearing and 1"."""
    return fee_bearing(dossiers, month) & (dossiers.online_payment == ON_NATIONAL_PORTAL)
