"""Which failed run is still the last word."""

from collections.abc import Iterator

import dagster as dg
import pytest

from assets.alerting import DIGEST_JOB
from assets.instance import last_failures
from assets.jobs import FOLLOWING_JOB, MONTH_JOB, PUBLISH_JOB

MARCH, APRIL = {"dagster/partition": "2024-03"}, {"dagster/partition": "2024-04"}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance without runs."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def fails(
    instance: dg.DagsterInstance, job: str, tags: dict[str, str], line: str = "no space"
) -> None:
    run = instance.add_run(dg.DagsterRun(job, tags=tags))
    instance.report_run_failed(run, line)


def succeeds(instance: dg.DagsterInstance, job: str, tags: dict[str, str]) -> None:
    instance.add_run(dg.DagsterRun(job, tags=tags, status=dg.DagsterRunStatus.SUCCESS))


def places(instance: dg.DagsterInstance) -> list[str]:
    return sorted(failure.place for failure in last_failures(instance))


def test_of_each_month_and_of_the_publication_the_last_failure_is_told(
    instance: dg.DagsterInstance,
) -> None:
    for line in ("first", "last"):
        fails(instance, MONTH_JOB, MARCH, line)
    fails(instance, MONTH_JOB, APRIL)
    fails(instance, PUBLISH_JOB, {})
    assert places(instance) == ["2024-03", "2024-04", "publication"]
    assert {f.line for f in last_failures(instance) if f.place == "2024-03"} == {"last"}


def test_a_run_that_succeeds_later_mends_its_own_month_only(instance: dg.DagsterInstance) -> None:
    for tags in (MARCH, APRIL):
        fails(instance, MONTH_JOB, tags)
    fails(instance, PUBLISH_JOB, {})
    succeeds(instance, MONTH_JOB, MARCH)
    assert places(instance) == ["2024-04", "publication"]
    succeeds(instance, PUBLISH_JOB, {})
    assert places(instance) == ["2024-04"]


def test_a_run_that_succeeded_before_mends_nothing(instance: dg.DagsterInstance) -> None:
    succeeds(instance, MONTH_JOB, MARCH)
    fails(instance, MONTH_JOB, MARCH)
    assert places(instance) == ["2024-03"]


def test_a_month_that_was_processed_as_a_whole_mends_any_failed_part_of_it(
    instance: dg.DagsterInstance,
) -> None:
    fails(instance, FOLLOWING_JOB, MARCH)
    succeeds(instance, MONTH_JOB, MARCH)
    assert places(instance) == []


def test_a_part_that_succeeded_does_not_mend_the_whole(instance: dg.DagsterInstance) -> None:
    fails(instance, MONTH_JOB, MARCH)
    succeeds(instance, FOLLOWING_JOB, MARCH)
    assert places(instance) == ["2024-03"]


def test_a_run_that_is_tried_again_by_itself_is_not_the_last_word(
    instance: dg.DagsterInstance,
) -> None:
    fails(instance, MONTH_JOB, {**MARCH, "dagster/will_retry": "true"})
    assert places(instance) == []
    fails(instance, MONTH_JOB, {**MARCH, "dagster/will_retry": "false"})
    assert places(instance) == ["2024-03"]


def test_other_jobs_are_no_cause(instance: dg.DagsterInstance) -> None:
    fails(instance, DIGEST_JOB, {})
    assert places(instance) == []


def test_of_an_error_that_is_not_ours_only_its_kind_is_told(instance: dg.DagsterInstance) -> None:
    """Its text may quote a cell of a file."""

    @dg.op(name="stumbles")
    def stumbles() -> None:
        raise ValueError("Nguyễn Văn Mẫu 0912345678")

    @dg.job(name=PUBLISH_JOB)
    def publish() -> None:
        stumbles()

    publish.execute_in_process(instance=instance, raise_on_error=False)
    (failure,) = last_failures(instance)
    assert failure.line == "unexpected ValueError -> run it with --debug and report it"
