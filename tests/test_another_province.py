"""Another province publishes by the same code: Phú Thọ, from captures of the national portal.

Every byte of the release and of the pages is read: nothing speaks of Hải Phòng but the national
table, which names it among the provinces.
"""

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.government import government_of, known_governments, require_government
from cchc_pipeline.indicators.code_lists import indicator_rows
from cchc_pipeline.indicators.plan_indicators import plan_indicator_rows
from cchc_pipeline.plan import PublicationLog, plan_of
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.roots import home_of
from cchc_pipeline.settings import load_settings, neighbours_of
from cchc_pipeline.sources.inbox.account import stray_lines
from publish.installation.backup import parts_of
from publish.site.words import load_words
from tests.command_line import cchc, copy_home, tree_digest
from tests.ops.nginx import NGINX, nginx
from tests.serving import served_portal

SHARED = Path(__file__).parents[1].parent / "shared" / "portal-data"
CAPTURE, NATIONAL = "phu-tho-H44/2026-09-26", "national/2026-09-17/service-results.year.json"
MONTH, AT = "2026-09", "2026-10-12T08:30:00+07:00"
IN_THE_NATIONAL_TABLE = ("UBND thành phố Hải Phòng", "Hải Phòng City")
ITS_CODE = (
    '"unit_code":"H24"', "ytd,H24,", "\nH24,", 'data-row="H24"', "<t>H24</t>", "unit_code=H24;",
)  # fmt: skip
FOREIGN = ("Hải Phòng", "hai-phong", "haiphong", "hp-chat", "VN-HP", "4791/QĐ", "47/2020")


# The place as data


def test_the_place_is_chosen_by_its_code_alone(settings_of_nobody: None) -> None:
    settings = load_settings(root_unit="H44")
    assert settings.root_department_id == "019d2be3-6a88-732b-8b17-b68020c8553a"
    assert settings.publisher == settings.contact == "UBND tỉnh Phú Thọ"
    assert load_settings().publisher == "Văn phòng Ủy ban nhân dân thành phố Hải Phòng"


def test_what_is_set_stands_before_what_the_file_says(settings_of_nobody: None) -> None:
    assert load_settings(root_unit="H44", publisher="Sở Nội vụ").publisher == "Sở Nội vụ"


def test_every_place_has_a_package_of_its_own() -> None:
    names = {code: government_of(code).package for code in known_governments()}
    assert names["H24"] == "hp-chat-luong-phuc-vu"
    assert names["H44"] == "phu-tho-chat-luong-phuc-vu"
    assert len(set(names.values())) == len(names)


def test_a_place_that_nothing_is_known_of_does_not_publish() -> None:
    with pytest.raises(UsageError, match=r"write schemas/government/H26\.yaml .*H24, H44"):
        require_government("H26")


def test_where_one_place_is_published_another_is_not(
    published_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCHC_ROOT_UNIT", "H44")
    before = sorted((published_home / "lake").rglob("*"))
    outcome = cchc("run", MONTH, "--home", str(published_home), "--lang", "en")
    assert outcome.code == 2
    assert "shows hp-chat-luong-phuc-vu, and the settings would publish phu-tho" in outcome.err
    assert "name the other place by --root" in outcome.err
    assert sorted((published_home / "lake").rglob("*")) == before


@pytest.mark.parametrize(("root", "peer"), [("H24", "H44"), ("H44", "H24")])
def test_the_root_is_the_whole_and_every_other_province_its_peer(root: str, peer: str) -> None:
    register = load_register(root=root)
    levels = {unit.code: unit.level for unit in register.valid_in(Month(2026, 9))}
    assert len(levels) == 34
    assert (levels[root], levels[peer]) == ("city", "province")
    assert bool(register.named) is (root == "H24")


def test_the_plan_of_one_place_binds_no_other() -> None:
    march, log = Month(2024, 3), PublicationLog()
    assert plan_of("H24", 2024) is not None
    assert plan_of("H44", 2024) is None
    assert indicator_rows({2024}, "H44") == plan_indicator_rows(march, "H44", log) == []


def test_pages_call_the_whole_by_its_rank() -> None:
    assert load_words("vi", "H24")("quality.whole") == "Toàn thành phố"
    assert load_words("vi", "H44")("quality.whole") == "Toàn tỉnh"


# Several in one home


def test_a_further_place_has_a_home_an_inbox_and_an_address_of_its_own(
    settings_of_nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCHC_PUBLIC_URL", "https://so-lieu.vi-du.vn/")
    monkeypatch.setenv("CCHC_PUBLISHER", "Văn phòng UBND thành phố")
    monkeypatch.setenv("CCHC_DOSSIERS_URL", "postgresql://a:bi-mat@b/c")
    further = load_settings(home=home_of(Path("var"), "H44"))
    assert (further.root_unit, further.publisher) == ("H44", "UBND tỉnh Phú Thọ")
    assert further.inbox_dir == Path("var/inbox/H44")
    assert further.public_url == "https://so-lieu.vi-du.vn/H44"
    assert further.dossiers_url is None
    monkeypatch.setenv("CCHC_INBOX", "/srv/drop")
    assert load_settings(home=further.home).inbox_dir == Path("/srv/drop/H44")
    assert load_settings(home=further.home, inbox=Path("x/H44")).inbox_dir == Path("x/H44")


def test_a_further_place_does_not_share_runs_in_a_database(
    settings_of_nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCHC_DAGSTER_URL", "postgresql+psycopg2://a:b@c/d")
    with pytest.raises(UsageError, match="CCHC_DAGSTER_URL: holds the runs of one place alone"):
        load_settings(home=home_of(Path("var"), "H44"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", MONTH, "--root", "H24,H26"), "no place of government is known under H26"),
        (("report", MONTH, "--root", "H24,H44"), "cchc report takes one place at a time"),
        (("status", "--json", "--root=H24,H44"), "cchc status takes one place at a time"),
        (("restore", "a", "--home", "b", "--root", "H44"), "cchc restore asks for no place"),
        (("status", "--home", "roots/H44", "--root", "H24"), "this is the home of H44"),
        (("status", "--root"), "names no place"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(
    settings_of_nobody: None, words: tuple[str, ...], told: str
) -> None:
    outcome = cchc(*words, "--lang", "en")
    assert (outcome.code, told in outcome.err) == (2, True), outcome.err


def test_each_place_is_gone_through_and_one_that_fails_stops_no_other(
    settings_of_nobody: None, tmp_path: Path
) -> None:
    outcome = cchc(
        "--root", "H24,H44", "run", "2026-12", "--home", tmp_path, "--published-at", AT, "--lang=en"
    )
    assert outcome.code == 2
    first, second = outcome.err.split("== H44\n")
    assert "== H24" in first
    assert "2026-12" in first
    assert "2026-12" in second


def test_a_folder_of_another_place_in_the_inbox_is_told(tmp_path: Path) -> None:
    (tmp_path / "H44").mkdir()
    assert list(stray_lines(tmp_path, "H24")) == [
        "inbox: the folder H44 is of another place -> it is read by --root H44"
    ]
    (tmp_path / "H24").mkdir()
    assert "the folder H24 is no month" in next(iter(stray_lines(tmp_path, "H24")))


# Its release


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, published_home: Path) -> Path:
    """One that has published Hải Phòng, and now Phú Thọ's captures of September 2026 besides."""
    if not SHARED.is_dir():
        pytest.skip("../shared/portal-data is absent")
    home = copy_home(published_home, tmp_path_factory.mktemp("two") / "home")
    drop = home / "inbox" / "H44" / MONTH / "portal"
    shutil.copytree(SHARED / CAPTURE, drop)
    shutil.copy(SHARED / NATIONAL, drop)
    home.joinpath("inbox").chmod(0o750)
    done = cchc("run", MONTH, "--home", home, "--published-at", AT, "--root", "H44")
    assert done.code == 0, done.err
    return home


@pytest.fixture(scope="module")
def site(home: Path) -> Path:
    """The site of Phú Thọ, published with all gates on."""
    return home_of(home, "H44") / "portal" / "current"


def test_what_the_other_place_publishes_is_untouched(home: Path, published_home: Path) -> None:
    for zone in ("raw", "lake", "portal", "made-from"):
        assert tree_digest(home / zone) == tree_digest(published_home / zone), zone


def test_both_are_in_order_and_each_is_told_apart(home: Path) -> None:
    told = cchc("status", "--home", home, "--root", "H24,H44", "--lang", "en")
    assert told.code == 0, told.out
    first, second = told.out.split("latest release: ")[1:]
    assert "--root H44" in first
    assert "H44.01" in second
    assert "others may" not in told.out
    same = cchc("diff", "2026-09.r1", "2026-09.r1", "--home", home, "--root", "H44", "--json")
    assert same.code == 0, same.err
    verified = cchc("verify", "--installation", "--home", home, "--root", "H24,H44")
    assert verified.code == 0, verified.out


def test_each_place_is_served_below_its_code(home: Path, tmp_path: Path) -> None:
    servers = [served_portal(home)]
    servers += [nginx(home / "portal" / "current", tmp_path / "work")] if NGINX else []
    for server in servers:
        with server as address, httpx.Client(base_url=address, follow_redirects=True) as client:
            assert "Hải Phòng" in client.get("").text
            for page in ("H44", "H44/", "H44/en/", "H44/phat-hanh/2026-09.r1.html"):
                answer = client.get(page)
                assert (answer.status_code, "Phú Thọ" in answer.text) == (200, True), page
                assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
            names = [client.get(f"{p}latest/datapackage.json").json()["name"] for p in ("", "H44/")]
            assert names == ["hp-chat-luong-phuc-vu", "phu-tho-chat-luong-phuc-vu"]
            for closed in ("H44/../raw/", "H44/%2e%2e/journal.jsonl", "H44/.lock", "H45/", "H44/x"):
                assert client.get(closed).status_code in {400, 404}, closed


def test_places_of_one_installation_know_each_others_address(
    home: Path, settings_of_nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert neighbours_of(load_settings(home=home)) == ()
    monkeypatch.setenv("CCHC_PUBLIC_URL", "https://so-lieu.vi-du.vn")
    assert neighbours_of(load_settings(home=home)) == (("H44", "https://so-lieu.vi-du.vn/H44"),)
    further = load_settings(home=home_of(home, "H44"))
    assert neighbours_of(further) == (("H24", "https://so-lieu.vi-du.vn"),)


def test_a_backup_is_of_one_place(home: Path) -> None:
    assert not [part.name for part in parts_of(home) if part.name.startswith("roots")]
    assert any(part.name == "portal/store/2026-09/r1" for part in parts_of(home_of(home, "H44")))


def texts(site: Path) -> Iterator[tuple[str, str]]:
    """Every file of the site as text; of archives and Parquet what they hold."""
    seen = set()
    for path in sorted(site.rglob("*")) + sorted((site / "latest").resolve().rglob("*")):
        place = path.resolve()
        if place.is_file() and place not in seen:
            seen.add(place)
            yield from contents(str(path), place.read_bytes())


def contents(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """The texts of a file by their names; a cell's own name in a sheet (H24) is no code."""
    if name.endswith(".parquet"):
        table = pq.read_table(io.BytesIO(content))
        rows = json.dumps(table.to_pylist(), default=str, separators=(",", ":"), ensure_ascii=False)
        yield name, rows + b"".join((table.schema.metadata or {}).values()).decode()
    elif content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in archive.namelist():
                yield from contents(f"{name}!{inner}", archive.read(inner))
    else:
        text = content.decode("utf-8", "replace")
        yield name, re.sub(r' r="H\d+"', "", text) if "!xl/worksheets" in name else text


def less(text: str, known: Iterable[str]) -> str:
    """The text without what may stand in it."""
    return re.sub("|".join(map(re.escape, known)), "", text)


def test_no_byte_speaks_of_another_place_but_the_national_table(site: Path) -> None:
    named, codes, own = [], [], 0
    for name, text in texts(site):
        own += "Phú Thọ" in text
        left = less(text, IN_THE_NATIONAL_TABLE)
        named += [f"{name}: {word}" for word in FOREIGN if word in left]
        found = re.search(r".{0,60}\bH24\b.{0,40}", less(left, ITS_CODE))
        codes += [f"{name}: {found[0]}"] if found else []
    assert named == []
    assert codes == []
    assert own > 100


def test_the_descriptor_is_of_the_place(site: Path) -> None:
    descriptor = json.loads((site / "latest" / "datapackage.json").read_text("utf-8"))
    assert descriptor["name"] == "phu-tho-chat-luong-phuc-vu"
    assert descriptor["title"].endswith("của Phú Thọ")
    assert descriptor["spatialCoverage"] == "Phú Thọ"
    assert descriptor["contributors"][0]["title"] == "UBND tỉnh Phú Thọ"
    assert descriptor["licenses"][0]["title"].startswith("Luật Dữ liệu 60/2024/QH15")


def test_every_unit_has_a_page_with_its_groups_metrics_and_ranks(site: Path) -> None:
    pages = list((site / "don-vi").glob("H44.[0-9]*.html"))
    assert len(pages) >= 20
    for page in pages:
        text = page.read_text("utf-8")
        assert [word for word in ("PROGRESS_ON_TIME", "Hạng") if word not in text] == [], page.stem
