"""The form in which a unit reports what the plan asks of it: what stands in it, and the empty file.

Belongs here: whom the plan's wordings mean (``bodies``), the rows of a unit's form (``items``), its
headings and guide (``layout``), the empty workbook (``workbook``). Does not: reading a form that
came back (``sources.agency_forms``), or what follows from it (``indicators.reported``).
"""

from cchc_pipeline.agency_form.bodies import Bodies, Owing, load_bodies, named_in_short
from cchc_pipeline.agency_form.items import Form, FormItem, form_for, form_items, owing_forms
from cchc_pipeline.agency_form.layout import FormLayout, load_layout
from cchc_pipeline.agency_form.workbook import form_bytes, write_form

__all__ = [
    "Bodies",
    "Form",
    "FormItem",
    "FormLayout",
    "Owing",
    "form_bytes",
    "form_for",
    "form_items",
    "load_bodies",
    "load_layout",
    "named_in_short",
    "owing_forms",
    "write_form",
]
