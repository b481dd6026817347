"""Who owes a form in a month, and whether it came.

Belongs here: the rows of ``submissions`` for agency forms. Does not: reading the forms
(``forms``), or other sources' submissions.
"""

from collections.abc import Mapping
from typing import Any

from cchc_pipeline.agency_form import owing_forms
from cchc_pipeline.sources.agency_forms.forms import TABLE, FormReading, FormsReading, FormTerms


def submission_rows(
    reading: FormsReading, terms: FormTerms, received_at: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row for each unit that owes a form, and for each that handed one in unasked.

    A form that could not be read has not been received: ``reading.refused`` says why.

    Args:
        reading: What came of the month's forms.
        terms: What they were judged by.
        received_at: When each file came in, by its name, as UTC text.
    """
    came = {form.unit_code: form for form in reading.readings}
    owing = [form.unit.code for form in owing_forms(terms.month, terms.register, terms.root)]
    return [
        _row(code, came.get(code), str(terms.month), received_at)
        for code in sorted({*owing, *came})
    ]


def _row(
    code: str, form: FormReading | None, period: str, received_at: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "period": period,
        "unit_code": code,
        "table": TABLE,
        "received_at": received_at[form.file] if form else None,
        "rows": form.rows if form else None,
        "accepted": len(form.accepted) if form else None,
        "quarantined": form.quarantined_rows if form else None,
        "duplicates": form.duplicates if form else None,
        "status": "received" if form else "missing",
        "release": None,
    }
