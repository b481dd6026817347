"""Whether schedules and sensors run by themselves: the setting ``automation`` in Dagster's words.

Belongs here: that alone, for all of them. Does not: what each of them does (``automation``,
``alerting``, ``freshness``).

What somebody switched on or off in the UI holds; this is what holds of the others.
"""

import dagster as dg


def schedule_status(*, is_on: bool) -> dg.DefaultScheduleStatus:
    """The status of a schedule that nobody switched."""
    return dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED


def sensor_status(*, is_on: bool) -> dg.DefaultSensorStatus:
    """The status of a sensor that nobody switched."""
    return dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED
