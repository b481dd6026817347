"""A table's contract: declared once in ``schemas/tables``, projected onto every form it takes.

A table as a whole and its projections (arrow schema, Table Schema, expectations, dictionary) are
``contract``; the parts it is made of are ``model``, which finds the files too. ``reading`` types
them and judges the parts against each other, ``checks`` runs the expectations on rows. ``sources``
declares what comes by month.

Belongs here: what a declaration says, and what follows from it alone. Does not: file formats
(``publish``), or a rule of any one table, which its declaration holds.
"""

from cchc_pipeline.contracts.contract import (
    TABLE_SCHEMA,
    YEARMONTH,
    Contract,
    DictionaryRow,
    dictionary_rows,
)
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
    contract_names,
    read_shared_fields,
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
