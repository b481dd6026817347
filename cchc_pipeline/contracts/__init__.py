"""A table's contract: declared once in ``schemas/tables``, projected onto every form it takes.

Belongs here: reading and refusing declarations and code lists, and their projections (arrow schema,
Table Schema, expectations, headings, dictionary). Does not: running an expectation
(``cchc_pipeline.contracts.checks``), file formats (``publish``), or a rule of any one table, which
its declaration holds.

What a declaration consists of is ``model``, a table as a whole ``contract``. They are read by
``reading`` from the files that ``declarations`` knows; ``consistency`` judges the parts against
each other. The projections are ``expectations``, ``descriptors`` and ``dictionary``.
"""

from cchc_pipeline.contracts.contract import (
    TABLE_SCHEMA,
    YEARMONTH,
    Contract,
    DictionaryRow,
    dictionary_rows,
)
from cchc_pipeline.contracts.declarations import contract_names, read_shared_fields
from cchc_pipeline.contracts.model import (
    ROW_CONDITION,
    Code,
    CodeList,
    Expectation,
    Field,
    FieldType,
    ForeignKey,
    Language,
    Rule,
    Severity,
    Text,
)
from cchc_pipeline.contracts.reading import (
    load_code_list,
    load_contract,
    parse_code_list,
    parse_contract,
)

__all__ = [
    "ROW_CONDITION",
    "TABLE_SCHEMA",
    "YEARMONTH",
    "Code",
    "CodeList",
    "Contract",
    "DictionaryRow",
    "Expectation",
    "Field",
    "FieldType",
    "ForeignKey",
    "Language",
    "Rule",
    "Severity",
    "Text",
    "contract_names",
    "dictionary_rows",
    "load_code_list",
    "load_contract",
    "parse_code_list",
    "parse_contract",
    "read_shared_fields",
]
