"""What the last runs failed by, as Dagster's instance keeps it.

Belongs here: which failed run is still the last word, and its lines. Does not: what follows from
them (``cchc_pipeline.alerts``). Runs of the command line and of the daemon count alike.
"""

from collections.abc import Iterable, Iterator

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from assets.check_results import broken_of
from assets.jobs import MONTH_JOB, PUBLISH_JOB
from cchc_pipeline.alerts.facts import Failure
from cchc_pipeline.contracts import contract_names, load_contract
from cchc_pipeline.errors import CchcError
from cchc_pipeline.period import Month
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.release_calendar import Words
from publish.gates import GATES

_PARTITION, _WILL_RETRY = "dagster/partition", "dagster/will_retry"
_TELLING = {
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.PIPELINE_FAILURE,
}


def last_failures(instance: dg.DagsterInstance) -> tuple[Failure, ...]:
    """What the last run of each month and of the publication failed by; nothing if it succeeded.

    A month that was processed as a whole since has mended what any run of it failed by.
    """
    return tuple(
        failure
        for run in _failed(instance)
        if not _is_mended(instance, run)
        for failure in _failures_of(instance, run.dagster_run)
    )


def _failed(instance: dg.DagsterInstance) -> Iterable[dg.RunRecord]:
    """The newest failed run of each job and month, and of the publication.

    One that Dagster tries again by itself is not the last word yet.
    """
    found: dict[tuple[str, str], dg.RunRecord] = {}
    for run in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])):
        job, tags = run.dagster_run.job_name, run.dagster_run.tags
        month = tags.get(_PARTITION, "")
        if (month or job == PUBLISH_JOB) and tags.get(_WILL_RETRY) != "true":
            found.setdefault((job, month), run)
    return found.values()


def _is_mended(instance: dg.DagsterInstance, failed: dg.RunRecord) -> bool:
    run = failed.dagster_run
    month = run.tags.get(_PARTITION)
    jobs = {run.job_name, MONTH_JOB} if month else {run.job_name}
    return any(
        better.storage_id > failed.storage_id
        for job in jobs
        for better in instance.get_run_records(
            dg.RunsFilter(
                job_name=job,
                tags={_PARTITION: month} if month else None,
                statuses=[dg.DagsterRunStatus.SUCCESS],
            ),
            limit=1,
        )
    )


def _failures_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[Failure]:
    """Each rule that a blocking check found broken; what else went wrong, as one line."""
    month = Month.parse(run.tags[_PARTITION]) if _PARTITION in run.tags else None
    events = [
        entry.dagster_event
        for entry in instance.all_logs(run.run_id, of_type=_TELLING)
        if entry.dagster_event
    ]
    checks = list(_failed_checks(month, events))
    yield from checks
    errors = [
        event.step_failure_data.error
        for event in events
        if event.is_step_failure and event.step_failure_data.error
    ]
    lines = [_line(error) for error in errors if not _is_check_failure(error)]
    if not lines and not checks:
        ends = [event.message or "" for event in events if event.is_job_failure]
        lines = ends[-1:] or ["the run failed"]
    if lines:
        yield Failure(month, "", "", " | ".join(lines))


def _failed_checks(month: Month | None, events: Iterable[dg.DagsterEvent]) -> Iterator[Failure]:
    for event in events:
        if event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        check = event.asset_check_evaluation_data
        if check.severity == dg.AssetCheckSeverity.ERROR:
            asset = check.asset_key.to_user_string()
            for broken in broken_of(check):
                meaning = _meaning(asset, broken.rule)
                yield Failure(month, asset, broken.rule, broken.line, meaning)


def _meaning(asset: str, rule: str) -> Words | None:
    """What a gate or an expectation asks, in both languages."""
    if asset == "release" and rule in GATES:
        words = read_yaml("release/gates.yaml")["gates"][rule]
        return Words(words["vi"], words["en"])
    if asset in contract_names():
        for expectation in load_contract(asset).expectations():
            if expectation.id == rule:
                return Words(expectation.message.vi, expectation.message.en)
    return None


def _innermost(error: SerializableErrorInfo) -> SerializableErrorInfo:
    while error.cause is not None:
        error = error.cause
    return error


def _is_check_failure(error: SerializableErrorInfo) -> bool:
    return _innermost(error).cls_name == "DagsterAssetCheckFailedError"


def _line(error: SerializableErrorInfo) -> str:
    """Our own error's line; of another only its kind, since its text may quote anything."""
    inner = _innermost(error)
    if inner.cls_name in {kind.__name__ for kind in CchcError.__subclasses__()}:
        return inner.message.strip().partition(": ")[2].splitlines()[0]
    return f"unexpected {inner.cls_name} -> run it with --debug and report it"
