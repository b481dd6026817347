"""Streams for the tests of the simulation."""

from datetime import date
from pathlib import Path

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.registers.units import Unit, UnitRegister
from cchc_pipeline.simulation.profile import load_profile
from cchc_pipeline.simulation.sample import Stream

INBOX = Path(__file__).parents[2] / "schemas" / "sample" / "inbox"
REGISTER = load_register(INBOX)
MARCH = Month(2024, 3)


def stream(dossiers: int = 1500, seed: int = 1, broken: float = 0.004,
           register: UnitRegister = REGISTER) -> Stream:  # fmt: skip
    return Stream(load_profile(), register, "H24", seed, dossiers, broken)


def unit(code: str, start: date, end: date | None = None, level: str = "agency") -> Unit:
    name = f"Đơn vị {code} (DỮ LIỆU MẪU)"
    return Unit(code, name, name, level, "H24", start, end, "sample", "DỮ LIỆU MẪU")
