from __future__ import annotations

import csv
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ci_analysis
from ci_analysis.landscape import affordability_table, affordability_years, facility_prices, weighted_median
from ci_analysis.tables import OUTPUTS


@pytest.fixture
def areas():
    return pd.DataFrame({"geoid": ["01001", "01003"]})


@pytest.fixture
def made(table, areas, profile, as_of):
    def made(indicators=(), capacity=(), where=None, **changed):
        names = ["geoid", "indicator", "period", "segment", "value"]
        rows = ["facility_id", "segment", "licensed", "price_week"]
        return affordability_table(
            table("indicators", [dict(zip(names, r, strict=True)) for r in indicators]),
            table("capacity", [dict(zip(rows, r, strict=True)) for r in capacity]),
            pd.Series(where or {}, dtype="str"),
            areas,
            profile.model_copy(update=changed),
            as_of=as_of,
        )

    return made


def of(table, geoid, segment):
    return table.set_index(["geoid", "segment"]).loc[(geoid, segment)]


INCOME = ("01001", "median_family_income", "2018", None, 80_000)


def test_share_is_52_weeks_price_in_the_income(made):
    row = of(made([INCOME, ("01001", "price_week", "2015", "preschool", 200)]), "01001", "preschool")
    assert row["share"] == pytest.approx(52 * 200 / 80_000)
    assert (row["price_vintage"], row["income_vintage"], row["years"]) == ("2015", "2018", 3)
    assert row["benchmark"] == 0.07


def test_facilities_prices_come_before_the_indicator(made):
    table = made(
        [INCOME, *((g, "price_week", "2015", "preschool", 200) for g in ("01001", "01003"))],
        [("a", "preschool", 20, 250)],
        {"a": "01001"},
    )
    assert of(table, "01001", "preschool")[["price_week", "price_vintage", "years"]].to_list() == [250, "2026-06-30", 8]
    assert of(table, "01003", "preschool")[["price_week", "price_vintage"]].to_list() == [200, "2015"]


def test_a_price_weighs_as_many_seats_as_it_is_asked_for(made):
    capacity = [("a", "preschool", 10, 100), ("b", "preschool", 10, 200), ("c", "preschool", 50, 300)]
    table = made([INCOME], capacity, dict.fromkeys("abc", "01001"))
    # The plain median would be 200; 50 of 70 children pay 300.
    assert of(table, "01001", "preschool")["price_week"] == 300


def test_rows_with_a_price_alone_weigh_the_facility_s_seats(table):
    names = ["facility_id", "segment", "licensed", "price_week"]
    rows = [
        ("a", None, 12, nan), ("a", "preschool", nan, 100),
        ("b", None, 60, nan), ("b", "preschool", nan, 300),
        ("unknown", "preschool", nan, 900),
    ]  # fmt: skip
    capacity = table("capacity", [dict(zip(names, r, strict=True)) for r in rows])
    found = facility_prices(capacity, pd.Series(dict.fromkeys(["a", "b", "unknown"], "01001")))
    assert found[["geoid", "segment", "price_week"]].to_numpy().tolist() == [["01001", "preschool", 300]]
    assert found["price_week_after_aid"].isna().all()


def test_weighted_median_is_the_median_of_each_value_repeated():
    rng = np.random.default_rng(8)
    for n in range(1, 30):
        values, weights = rng.integers(1, 9, n).astype(float), rng.integers(1, 5, n)
        found = weighted_median(pd.Series(values), pd.Series(weights), [pd.Series(["g"] * n)])
        assert found.to_list() == [np.median(np.repeat(values, weights))]


def test_prices_without_a_segment_stand_in_the_row_all(made):
    table = made([INCOME], [("a", None, 10, 150)], {"a": "01001"})
    assert table["segment"].to_list() == ["all", "all"]
    assert of(table, "01001", "all")["price_week"] == 150


def test_a_facility_outside_every_area_sets_no_area_s_price(made):
    assert made([INCOME], [("a", "preschool", 10, 150)], {"a": nan}).empty


def test_income_is_the_first_of_the_profile_s_that_the_study_brings(made):
    price = ("01001", "price_week", "2018", "preschool", 200)
    household = ("01001", "median_household_income", "2019", None, 60_000)
    assert of(made([price, household, INCOME]), "01001", "preschool")["median_family_income"] == 80_000
    row = of(made([price, household]), "01001", "preschool")
    assert row[["median_family_income", "income_vintage"]].to_list() == [60_000, "2019"]


@pytest.mark.parametrize("income", [[], [("01001", "median_family_income", "2018", None, 0)]])
def test_no_income_and_an_income_of_zero_have_no_share(made, income):
    row = of(made([*income, ("01001", "price_week", "2015", "preschool", 200)]), "01001", "preschool")
    assert row["price_week"] == 200
    assert pd.isna(row["share"])


def test_an_area_without_a_price_keeps_its_row(made):
    row = of(made([INCOME, ("01001", "price_week", "2015", "preschool", 200)]), "01003", "preschool")
    assert row[["price_week", "share", "years"]].isna().all()


def test_without_prices_or_without_a_price_in_the_issue_there_are_no_rows(made):
    for table in (made([INCOME]), made([INCOME, ("01001", "price_week", "2015", "preschool", 200)], price=None)):
        assert table.empty
        assert table.columns.to_list() == OUTPUTS["affordability"].names


# --- how sure, in whose dollars, after aid ---------------------------------------------------------------------------


def with_margin(income, moe, reason=None, period="2018"):
    return {
        "geoid": "01001", "indicator": "median_family_income", "period": period, "value": income, "moe": moe,
        "reason": reason,
    }  # fmt: skip


PRICE = {"geoid": "01001", "indicator": "price_week", "period": "2015", "segment": "preschool", "value": 200}


@pytest.fixture
def shares(table, areas, profile, as_of):
    def shares(*rows, capacity=(), where=None):
        return affordability_table(
            table("indicators", list(rows)), table("capacity", list(capacity)),
            pd.Series(where or {}, dtype="str"), areas, profile, as_of=as_of,
        )  # fmt: skip

    return shares


def test_the_interval_is_the_income_s_margin_through_the_ratio(shares):
    row = of(shares(with_margin(80_000, 8_000), PRICE), "01001", "preschool")
    share = 52 * 200 / 80_000
    margin = np.sqrt(0**2 + share**2 * 8_000**2) / 80_000
    assert row[["share_low", "share_high"]].to_list() == pytest.approx([share - margin, share + margin])
    assert pd.isna(row["censored"])


def test_no_share_is_below_nothing(shares):
    row = of(shares(with_margin(80_000, 90_000), PRICE), "01001", "preschool")
    assert row["share_low"] == 0
    assert row["share_high"] > 0.13


def test_an_income_without_a_margin_gives_no_interval(shares):
    row = of(shares(with_margin(80_000, nan), PRICE), "01001", "preschool")
    assert row["share"] == pytest.approx(0.13)
    assert row[["share_low", "share_high"]].isna().all()


@pytest.mark.parametrize(
    ("income", "side"), [(250_001, "at-most"), (250_000, None), (2_499, "at-least"), (2_500, None)]
)
def test_an_income_in_an_open_ended_class_makes_the_share_a_limit(income, side, shares):
    row = of(shares(with_margin(income, 10), PRICE), "01001", "preschool")
    assert row["share"] == pytest.approx(52 * 200 / income)
    assert (None if pd.isna(row["censored"]) else row["censored"]) == side
    assert row[["share_low", "share_high"]].isna().all() == (side is not None)


def test_the_share_in_the_dollars_of_the_income_s_year(shares):
    row = of(shares(with_margin(80_000, nan), PRICE), "01001", "preschool")
    assert row["share_same_dollars"] == pytest.approx(52 * 200 * 251.107 / 237.017 / 80_000)


def test_facilities_prices_of_a_year_whose_prices_are_not_known_have_no_share_in_the_same_dollars(shares):
    own = {"facility_id": "a", "segment": "preschool", "licensed": 10, "price_week": 200}
    row = of(shares(with_margin(80_000, nan), capacity=[own], where={"a": "01001"}), "01001", "preschool")
    assert (row["price_vintage"], row["price_basis"]) == ("2026-06-30", "facilities")
    assert pd.isna(row["share_same_dollars"])
    assert row["share"] == pytest.approx(0.13)


def test_prices_after_aid_are_the_middle_of_the_facilities_that_give_one(shares):
    seats = [("a", 10, 300, nan), ("b", 30, 200, 80), ("c", 20, nan, 120)]
    capacity = [
        {"facility_id": f, "segment": "preschool", "licensed": n, "price_week": p, "price_week_after_aid": a}
        for f, n, p, a in seats
    ]
    row = of(shares(with_margin(80_000, nan), capacity=capacity, where=dict.fromkeys("abc", "01001")), "01001",
             "preschool")  # fmt: skip
    # Of 40 seats with a full price 30 cost 200; of 50 with one after aid 30 cost 80.
    assert row[["price_week", "price_week_after_aid"]].to_list() == [200, 80]
    assert row["share_after_aid"] == pytest.approx(52 * 80 / 80_000)


def test_a_price_after_aid_alone_stands_beside_the_indicator_s(shares):
    own = {"facility_id": "a", "segment": "preschool", "licensed": 10, "price_week_after_aid": 50}
    row = of(shares(with_margin(80_000, nan), PRICE, capacity=[own], where={"a": "01001"}), "01001", "preschool")
    assert row[["price_week", "price_week_after_aid"]].to_list() == [200, 50]
    assert (row["price_basis"], row["price_vintage"]) == ("indicator", "2015")


# --- over the years --------------------------------------------------------------------------------------------------


@pytest.fixture
def yearly(table, profile, as_of):
    def yearly(prices, incomes, capacity=(), where=None, geoids=("01001",), **changed):
        rows = [
            {"geoid": g, "indicator": "price_week", "period": p, "segment": "preschool", "value": v}
            for g, p, v in prices
        ]
        rows += [{"geoid": g, "indicator": "median_family_income", "period": p, "value": v} for g, p, v in incomes]
        return affordability_years(
            table("indicators", rows), table("capacity", list(capacity)), pd.Series(where or {}, dtype="str"),
            pd.DataFrame({"geoid": list(geoids)}), profile.model_copy(update=changed), as_of=as_of,
        )  # fmt: skip

    return yearly


def year_of(table, year, geoid="01001"):
    return table.set_index(["geoid", "year"]).loc[(geoid, year)]


def test_each_year_nominal_and_real(yearly):
    table = yearly(
        [("01001", "2015", 200), ("01001", "2018", 220)], [("01001", "2014", 70_000), ("01001", "2018", 80_000)]
    )
    assert table["year"].to_list() == [2015, 2018]
    first, last = year_of(table, 2015), year_of(table, 2018)
    assert (first["income_year"], first["median_family_income"], first["base_year"]) == (2014, 70_000, 2018)
    # Income of 2014 in the dollars of 2015, then both in those of 2018.
    assert first["share"] == pytest.approx(52 * 200 / (70_000 * 237.017 / 236.736))
    assert first["price_week_real"] == pytest.approx(200 * 251.107 / 237.017)
    assert first["income_real"] == pytest.approx(70_000 * 251.107 / 236.736)
    assert last[["share", "price_week_real", "income_real"]].to_list() == pytest.approx(
        [52 * 220 / 80_000, 220, 80_000]
    )


@pytest.mark.parametrize(("there", "taken"), [(["2014", "2016"], 2014), (["2016", "2018"], 2016), (["2010"], 2010)])
def test_the_nearest_income_is_taken_and_of_two_the_earlier(there, taken, yearly):
    table = yearly([("01001", "2015", 200)], [("01001", p, 80_000) for p in there])
    assert year_of(table, 2015)["income_year"] == taken


def test_a_year_that_knows_too_few_areas_is_left_out(yearly):
    geoids = [f"0100{i}" for i in range(1, 6)]
    prices = [(g, "2015", 200) for g in geoids] + [(g, "2016", 210) for g in geoids[:4]]
    prices += [(g, "2017", 220) for g in geoids[:3]]
    table = yearly(prices, [], geoids=geoids)
    # 4 of 5 areas are enough, 3 are not; the area without a price keeps its row.
    assert sorted(set(table["year"])) == [2015, 2016]
    assert pd.isna(year_of(table, 2016, geoids[4])["price_week"])
    assert table["share"].isna().all()


def test_facilities_prices_are_those_of_the_study_s_day_and_come_first(yearly):
    own = {"facility_id": "a", "segment": "preschool", "licensed": 10, "price_week": 300}
    income = [("01001", "2018", 80_000)]
    table = yearly([("01001", "2015", 200), ("01001", "2026-01", 290)], income, [own], {"a": "01001"})
    assert table["year"].to_list() == [2015, 2026]
    row = year_of(table, 2026)
    assert row["price_week"] == 300
    # Consumer prices of 2026 are not known: the dollars are those of the latest year that is.
    assert row[["share", "price_week_real"]].isna().all()
    assert row["base_year"] == 2015


def test_a_period_after_the_study_s_day_is_not_known_yet(yearly):
    assert yearly([("01001", "2027", 200)], []).empty


def test_the_last_period_of_a_year_is_the_year_s(yearly):
    table = yearly([("01001", "2015-Q1", 200), ("01001", "2015-Q4", 210)], [])
    assert table[["year", "price_week"]].to_numpy().tolist() == [[2015, 210]]


def test_an_income_in_an_open_ended_class_is_marked(yearly):
    row = year_of(yearly([("01001", "2018", 200)], [("01001", "2018", 250_001)]), 2018)
    assert row["censored"] == "at-most"
    assert row["share"] == pytest.approx(52 * 200 / 250_001)


def test_without_prices_there_are_no_years(yearly):
    for table in (yearly([], [("01001", "2018", 80_000)]), yearly([("01001", "2018", 200)], [], price=None)):
        assert table.empty
        assert table.columns.to_list() == OUTPUTS["affordability_years"].names


def test_dearer_by_a_tenth_is_a_share_larger_by_a_tenth_and_rows_may_come_in_any_order(table, profile, as_of):
    rng = np.random.default_rng(3)
    geoids = [f"0{i}" for i in range(6)]
    rows = [
        {"geoid": g, "indicator": i, "period": str(y), "value": float(rng.integers(100, 300) * k),
         "segment": "preschool" if k == 1 else None}
        for g in geoids for y in (2010, 2013, 2016) for i, k in [("price_week", 1), ("median_family_income", 400)]
    ]  # fmt: skip
    frame, areas = table("indicators", rows), pd.DataFrame({"geoid": geoids})
    none = table("capacity", []), pd.Series(dtype="str")

    def run(indicators, areas=areas):
        return affordability_years(indicators, *none, areas, profile, as_of=as_of)

    first = run(frame)
    shuffled = frame.sample(frac=1, random_state=2), areas.iloc[::-1]
    pd.testing.assert_frame_equal(run(*shuffled), first)
    is_price = frame["indicator"].eq("price_week")
    dearer = run(frame.assign(value=frame["value"].where(~is_price, 1.1 * frame["value"])))
    assert dearer["share"].to_list() == pytest.approx((1.1 * first["share"]).to_list())
    # All of the country's money worth a tenth: shares stay.
    all_dearer = run(frame.assign(value=10 * frame["value"]))
    assert all_dearer["share"].to_list() == pytest.approx(first["share"].to_list())


NDCP = Path(__file__).parents[3] / "shared" / "data" / "us_counties_child_care_prices" / "ndcp_2008_2018.parquet"


def kentucky():
    """Prices and incomes of Kentucky's counties, 2008 to 2018, where the file is there; else a made-up series."""
    if NDCP.exists():
        frame = pd.read_parquet(NDCP)
        names = {"county_fips": "geoid", "study_year": "year", "mc_infant": "price", "mhi_2018": "income"}
        frame = frame.loc[frame["state_abbreviation"].eq("KY"), list(names)].rename(columns=names)
        return frame.astype({"year": "int", "price": "float", "income": "float"}).reset_index(drop=True)
    years, places = range(2008, 2019), [f"21{i:03d}" for i in range(1, 12, 2)]
    return pd.DataFrame(
        [{"geoid": g, "year": y, "price": 90.0 + 3 * i + 2 * (y - 2008), "income": 40_000.0 + 500 * i}
         for i, g in enumerate(places) for y in years]
    )  # fmt: skip


def test_eleven_years_of_counties_against_plain_loops(table, profile, as_of):
    frame = kentucky()
    # Household incomes are in the dollars of 2018: in those of their year, as a study would bring them.
    level = {int(r["year"]): float(r["level"]) for r in read_levels()}
    rows = []
    for r in frame.itertuples():
        if r.price == r.price:
            rows.append({"geoid": r.geoid, "indicator": "price_week", "period": str(r.year),
                         "segment": "infant-toddler", "value": r.price})  # fmt: skip
        if r.income == r.income and r.year in (2012, 2018):
            rows.append({"geoid": r.geoid, "indicator": "median_household_income", "period": str(r.year),
                         "value": r.income * level[r.year] / level[2018]})  # fmt: skip
    geoids = sorted(set(frame["geoid"]))
    found = affordability_years(
        table("indicators", rows), table("capacity", []), pd.Series(dtype="str"),
        pd.DataFrame({"geoid": geoids}), profile, as_of=as_of,
    )  # fmt: skip
    prices = {(r["geoid"], int(r["period"])): r["value"] for r in rows if r["indicator"] == "price_week"}
    incomes = {(r["geoid"], int(r["period"])): r["value"] for r in rows if r["indicator"] != "price_week"}
    ever = {g for g, _ in prices}
    used = [y for y in range(2008, 2019) if sum((g, y) in prices for g in ever) >= 0.8 * len(ever)]
    assert len(used) > 5
    assert sorted(set(found["year"])) == used
    for row in found.itertuples():
        near = 2012 if row.year <= 2015 else 2018
        price, income = prices.get((row.geoid, row.year)), incomes.get((row.geoid, near))
        assert (price is None) == bool(np.isnan(row.price_week))
        if price is None or income is None:
            assert np.isnan(row.share)
            continue
        assert row.income_year == near
        assert row.share == pytest.approx(52 * price / (income * level[row.year] / level[near]))
        assert row.price_week_real == pytest.approx(price * level[used[-1]] / level[row.year])
        assert row.income_real == pytest.approx(income * level[used[-1]] / level[near])


def read_levels():
    with (Path(ci_analysis.__file__).parent / "landscape" / "consumer-prices.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))
