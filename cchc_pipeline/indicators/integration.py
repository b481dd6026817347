"""How far dossiers are digital: synchronised, digitised, circulated, answered electronically.

Belongs here: measures of digital handling, some of the dossiers received, some of the finished.
Does not: the channel by which a dossier came in (``online_service``).
"""

from typing import TYPE_CHECKING

from cchc_pipeline.indicators.dossier_flow import handled, received
from cchc_pipeline.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

ELECTRONIC = 1
"""LuanChuyenNoiBo of a dossier that circulated electronically; 0 is on paper, empty is not."""


def synced(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "DaDongBoDVCQG 1"."""
    return received(dossiers, month) & dossiers.is_synced


def digitised(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "HoSoCoThanhPhanSoHoa 1"."""
    return received(dossiers, month) & dossiers.is_digitised


def e_result(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "an entry with a file, or CoKetQuaDienTu 1"."""
    return handled(dossiers, month) & dossiers.has_e_result


def circulated(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "LuanChuyenNoiBo present"."""
    return handled(dossiers, month) & dossiers.circulation.notnull()


def circulated_electronically(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: LuanChuyenNoiBo 1."""
    return handled(dossiers, month) & (dossiers.circulation == ELECTRONIC)


def multi_supplement(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "more than one supplement", kept apart from lateness."""
    return handled(dossiers, month) & (dossiers.supplements > 1)
