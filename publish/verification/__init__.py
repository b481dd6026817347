"""Verifying a release that is out: by its own descriptor, wherever it lies.

Belongs here: finding a release (``places``, ``download``), reading it (``package``), the checks
(``file_checks``, ``figure_checks``, ``revision_checks``), their verdicts (``verdicts``), and two
folders beside each other (``comparison``). Does not: the gates before a publication
(``publish.gates``), making a release again (``assets.recomputation``), or printing.
"""

from publish.verification.package import Package, Subject
from publish.verification.places import home_subject, subject_at
from publish.verification.verdicts import CHECKS, Verdict, verify

__all__ = ["CHECKS", "Package", "Subject", "Verdict", "home_subject", "subject_at", "verify"]
