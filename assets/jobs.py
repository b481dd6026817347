"""The jobs: which assets run together.

Belongs here: selections and their names. Does not: running them (``execution``), or when
(``automation``).
"""

import dagster as dg

from assets.freshness import FRESHNESS
from assets.made_from import REST_ON_EARLIER_MONTHS
from assets.partitions import MONTHS

MONTH_JOB, ALONE_JOB, FOLLOWING_JOB = "month", "month_alone", "following"
PUBLISH_JOB, PREVIEW_JOB = "publish", "preview"
_OF_A_MONTH = dg.AssetSelection.groups("extract", "validate", "compute", "record") - FRESHNESS
_RESTING = dg.AssetSelection.assets(*REST_ON_EARLIER_MONTHS, "month_record") - FRESHNESS
_FROM_ITS_BEGINNING = {"dagster/retry_strategy": "ALL_STEPS"}
"""For a job whose steps hand over in memory: after a crash there is nothing to go on from.

Such a job runs in one process, whatever executor the months have.
"""

JOBS = [
    dg.define_asset_job(
        MONTH_JOB,
        selection=_OF_A_MONTH,
        partitions_def=MONTHS,
        description="Everything of one month, from raw bytes to computed tables.",
    ),
    dg.define_asset_job(
        ALONE_JOB,
        selection=_OF_A_MONTH - _RESTING,
        partitions_def=MONTHS,
        description="What a month takes from no other: months may run side by side.",
    ),
    dg.define_asset_job(
        FOLLOWING_JOB,
        selection=_RESTING,
        partitions_def=MONTHS,
        description="What a month takes from earlier ones, after one of them changed.",
    ),
    dg.define_asset_job(
        PUBLISH_JOB,
        selection=dg.AssetSelection.groups("publish"),
        executor_def=dg.in_process_executor,
        description="The next release of all months, and the switch that shows it.",
        tags=_FROM_ITS_BEGINNING,
    ),
    dg.define_asset_job(
        PREVIEW_JOB,
        selection=dg.AssetSelection.groups("preview"),
        executor_def=dg.in_process_executor,
        description="The next release as it would go out, outside the web root.",
    ),
]
