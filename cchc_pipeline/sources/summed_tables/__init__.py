"""Summed tables of dossiers, which offices send where dossiers cannot be exported.

``layout`` is ``schemas/forms/summed_tables.yaml`` as types; ``tables`` finds a table in a workbook,
and what each of its columns means; ``judging`` holds it to its identities.

Belongs here: reading such a table. Does not: what becomes of its figures
(``indicators.dossier_statistics``), or writing one (``publish.release.summed_form``).
"""
