"""A month of agency forms: what they report, who owes one, and whether it came.

Belongs here: the entry of this source, and its rows of ``submissions``. Does not: reading a form
(``forms``), or other sources' submissions.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cchc_pipeline.agency_form import owing_forms
from cchc_pipeline.declared_sources import source_named
from cchc_pipeline.sources.agency_forms.forms import (
    TABLE,
    FormReading,
    FormsReading,
    FormTerms,
    read_forms,
)
from cchc_pipeline.sources.record_rows import SUBMISSIONS, Reading

if TYPE_CHECKING:
    from cchc_pipeline.sources.other_inputs import Circumstances


def read_agency_forms(about: "Circumstances") -> Reading:
    """The month's forms; one that cannot be read counts as not handed in, and is told."""
    declared = source_named(TABLE)
    terms = FormTerms(about.month, about.register, about.root)
    files = about.files(declared.input)
    reading = read_forms([(file.name, about.archive.get(file.sha256)) for file in files], terms)
    received = {file.name: file.received_at for file in files}
    handed_in = submission_rows(reading, terms, received)
    return Reading(
        {
            declared.accepted[0]: [report.as_row() for report in reading.reports],
            str(declared.quarantine): [q.as_row(str(about.month)) for q in reading.quarantined],
            SUBMISSIONS: [{**row, "provenance": "published"} for row in handed_in],
        },
        tuple(str(refusal) for refusal in reading.refused),
    )


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
