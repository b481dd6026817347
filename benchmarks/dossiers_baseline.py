"""The measure for ``dossiers.py``: the row rules and the counts as one plain DuckDB query.

Belongs here: the query, written by hand for the columns of the simulated CSV. Does not: anything
that the pipeline does beside it (raw archive, quarantine with messages, duplicates, publishing).

    python benchmarks/dossiers_baseline.py FILE.csv UNITS.csv 2024-03
"""

import sys

import duckdb

READ = {
    "csv": "read_csv($file, delim = ';', header = true, all_varchar = true)",
    "parquet": "read_parquet($file)",
}
QUERY = r"""
WITH
raw AS NOT MATERIALIZED (
    SELECT * FROM {source}
),
typed AS NOT MATERIALIZED (
    SELECT
        "Mã hồ sơ" AS code,
        "Mã TTHC" AS procedure,
        coalesce("Mã lĩnh vực", 'UNKNOWN') AS field,
        "Tên TTHC" AS name,
        "Đơn vị xử lý" AS unit,
        CASE "Hình thức tiếp nhận" WHEN 'Trực tiếp' THEN 1 WHEN 'Trực tuyến' THEN 2
            WHEN 'Bưu chính công ích' THEN 3
            ELSE CASE WHEN "Hình thức tiếp nhận" IS NULL THEN 1 END END AS channel,
        CASE "Mức độ DVC" WHEN 'Toàn trình' THEN 4 WHEN 'Một phần' THEN 3
            WHEN 'Cung cấp thông tin' THEN 2 END AS level,
        CASE "Trạng thái" WHEN 'Mới đăng ký' THEN 1 WHEN 'Được tiếp nhận' THEN 2
            WHEN 'Không được tiếp nhận' THEN 3 WHEN 'Đang xử lý' THEN 4
            WHEN 'Yêu cầu bổ sung' THEN 5 WHEN 'Nghĩa vụ tài chính' THEN 6
            WHEN 'Công dân rút' THEN 7 WHEN 'Dừng xử lý' THEN 8 WHEN 'Đã xử lý xong' THEN 9
            WHEN 'Đã trả kết quả' THEN 10 END AS status,
        "Ngày nộp" AS submitted_text,
        try_strptime("Ngày nộp", '%d/%m/%Y %H:%M:%S') AS submitted,
        try_strptime("Ngày tiếp nhận", '%d/%m/%Y %H:%M:%S') AS received,
        coalesce("Ngày hẹn trả mới", "Ngày hẹn trả") AS due_text,
        try_strptime(
            coalesce("Ngày hẹn trả mới", "Ngày hẹn trả"), ['%d/%m/%Y %H:%M:%S', '%d/%m/%Y']
        ) + CASE length(coalesce("Ngày hẹn trả mới", "Ngày hẹn trả"))
            WHEN 10 THEN INTERVAL 86399 SECOND ELSE INTERVAL 0 SECOND END AS due,
        coalesce("Ngày kết thúc xử lý", "Ngày trả") AS finished_text,
        try_strptime(
            coalesce("Ngày kết thúc xử lý", "Ngày trả"), '%d/%m/%Y %H:%M:%S'
        ) AS finished,
        CASE "Thanh toán trực tuyến" WHEN 'Không' THEN 0 WHEN 'Cổng DVCQG' THEN 1
            WHEN 'Cổng bộ, ngành, địa phương' THEN 2 END AS paid,
        try_cast(replace("Tổng lệ phí", '.', '') AS BIGINT) AS fee,
        CASE "Số hóa hồ sơ" WHEN 'Có' THEN 1 WHEN 'Không' THEN 0 END AS digitised,
        CASE "Xác thực VNeID" WHEN 'Có' THEN 1 WHEN 'Không' THEN 0 END AS identified,
        CASE "Đồng bộ DVCQG" WHEN 'Có' THEN 1 WHEN 'Không' THEN 0 END AS synced,
        "Luân chuyển nội bộ" AS circulation_text,
        CASE "Luân chuyển nội bộ" WHEN 'Điện tử' THEN 1 WHEN 'Giấy' THEN 0 END AS circulation,
        "Mức độ hài lòng" AS rating_text,
        try_cast("Mức độ hài lòng" AS INTEGER) AS rating,
        try_cast("Số lần bổ sung" AS INTEGER) AS supplements,
        CASE "Kết quả điện tử" WHEN 'Có' THEN 1 WHEN 'Không' THEN 0 END AS e_result,
        CAST($month || '-01' AS TIMESTAMP) AS S,
        CAST($month || '-01' AS TIMESTAMP) + INTERVAL 1 MONTH AS E
    FROM raw
),
judged AS NOT MATERIALIZED (
    SELECT *,
        CASE WHEN status IN (1, 3) THEN 0 WHEN
            regexp_full_match(code, '(\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}'
                '|[A-Z]\d{2}(\.[0-9A-Z]{1,6})*)-\d{6}-\d{4,}')
            AND try_strptime(regexp_extract(code, '-(\d{6})-', 1), '%y%m%d') IS NOT NULL
            AND regexp_full_match(procedure, '\d\.\d{6}(\.000\.00\.00\.[A-Z]\d{2})?')
            AND regexp_full_match(field, '[0-9A-Za-z._-]{1,20}')
            AND unit IN (SELECT unit_code FROM read_csv($units, all_varchar = true)
                WHERE valid_from < CAST(E AS VARCHAR)
                AND (valid_to IS NULL OR valid_to >= CAST(S AS VARCHAR)))
            AND NOT coalesce(regexp_matches(name, '^[=+\-@]'), false)
            AND channel IS NOT NULL AND level IS NOT NULL AND status IS NOT NULL
            AND paid IS NOT NULL AND digitised IS NOT NULL AND identified IS NOT NULL
            AND synced IS NOT NULL AND e_result IS NOT NULL AND supplements >= 0
            AND (circulation_text IS NULL OR circulation IS NOT NULL)
            AND (rating_text IS NULL OR rating BETWEEN 1 AND 5)
            AND fee >= 0
            AND received IS NOT NULL AND received < E
            AND (submitted_text IS NULL OR submitted IS NOT NULL)
            AND (due_text IS NULL OR CAST(due AS DATE) >= CAST(received AS DATE))
            AND (finished_text IS NULL OR finished >= greatest(received, S))
            AND (status >= 7) = (finished IS NOT NULL)
        THEN 1 ELSE 2 END AS verdict
    FROM typed
)
SELECT
    unit, field,
    count(*) FILTER (verdict = 0) AS not_received,
    count(*) FILTER (verdict = 2 OR verdict IS NULL) AS quarantined,
    count(*) FILTER (good AND received < S) AS carried_over,
    count(*) FILTER (good AND received >= S) AS received,
    count(*) FILTER (good AND finished < E) AS finished,
    count(*) FILTER (done AND status IN (7, 8)) AS withdrawn,
    count(*) FILTER (handled AND due IS NULL) AS no_deadline,
    count(*) FILTER (handled AND CAST(finished AS DATE) < CAST(due AS DATE)) AS early,
    count(*) FILTER (handled AND finished <= due
        AND CAST(finished AS DATE) = CAST(due AS DATE)) AS on_time,
    count(*) FILTER (handled AND finished > due) AS late,
    count(*) FILTER (is_open AND (due >= E OR due IS NULL)) AS open_in_time,
    count(*) FILTER (is_open AND due < E) AS open_overdue,
    count(*) FILTER (new AND channel = 1) AS received_direct,
    count(*) FILTER (new AND channel = 2) AS received_online,
    count(*) FILTER (new AND channel = 3) AS received_postal,
    count(*) FILTER (new AND channel = 2 AND level = 4) AS fully_online,
    count(*) FILTER (new AND channel = 2 AND identified = 1) AS identified,
    count(*) FILTER (new AND synced = 1) AS synced,
    count(*) FILTER (new AND digitised = 1) AS digitised,
    count(*) FILTER (new AND fee > 0) AS fee_bearing,
    count(*) FILTER (new AND fee > 0 AND paid > 0) AS paid_online,
    count(*) FILTER (new AND fee > 0 AND paid = 1) AS paid_on_dvcqg,
    count(*) FILTER (handled AND rating IS NOT NULL) AS rated,
    count(*) FILTER (handled AND rating >= 4) AS satisfied,
    count(*) FILTER (handled AND e_result = 1) AS e_result,
    count(*) FILTER (handled AND circulation IS NOT NULL) AS circulated,
    count(*) FILTER (handled AND circulation = 1) AS circulated_electronically,
    count(*) FILTER (handled AND supplements > 1) AS multi_supplement
FROM (
    SELECT *,
        verdict = 1 AS good,
        verdict = 1 AND received >= S AS new,
        verdict = 1 AND finished < E AS done,
        verdict = 1 AND finished < E AND status IN (9, 10) AS handled,
        verdict = 1 AND (finished IS NULL OR finished >= E) AS is_open
    FROM judged
)
GROUP BY unit, field
ORDER BY unit, field
"""


def main(file: str, units: str, month: str) -> None:
    """Run the query and say what it counted, so that a reader can compare."""
    source = READ.get(file.rpartition(".")[2], READ["csv"])
    query = QUERY.replace("{source}", source)
    rows = duckdb.execute(query, {"file": file, "units": units, "month": month}).fetchall()
    names = ("not received", "quarantined", "carried over", "received", "finished")
    sums = [sum(row[place] for row in rows) for place in range(2, 7)]
    print(", ".join(f"{name} {number}" for name, number in zip(names, sums, strict=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
