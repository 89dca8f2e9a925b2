"""Test that price files survive the way into TOML, JSON and CSV and back, and that faults name their row."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.errors import InputError, PolicyFileError
from policyengine.money.documents import toml_text
from policyengine.money.entry import Currency, MegapixelPrice, PriceEntry, PriceFile, Prices
from policyengine.money.interchange import json_text, prices_from_csv, prices_from_json
from policyengine.money.loading import load_prices
from policyengine.money.spreadsheet import csv_text
from policyengine.money.tariff import TOKEN_KEYS
from policyengine.plugins import load_plugins
from policyengine.rules.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  spreadsheets run these too


def from_toml(text: str) -> PriceFile:
    content, faults = load_prices(Source(file="x.toml", path="x.toml", origin="user", data=text.encode()))
    assert faults == []
    assert content is not None
    return content


def by_toml(content: PriceFile) -> PriceFile:
    return from_toml(toml_text(content))


def by_json(content: PriceFile) -> PriceFile:
    return prices_from_json(json_text([content]).encode(), file="x.json", seller=content.seller)


def by_csv(content: PriceFile) -> PriceFile:
    return prices_from_csv(csv_text([content]).encode(), file="x.csv", seller=content.seller)


WAYS = [by_toml, by_json, by_csv]


def bundled() -> list[Any]:
    sellers = load_plugins().sellers.values()
    files = [seller.price_file for seller in sellers if seller.price_file is not None and seller.price_file.is_file()]
    return [pytest.param(from_toml(file.read_text(encoding="utf-8")), id=file.name) for file in files]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("content", bundled())
def test_bundled_files_survive(content: PriceFile, way: Callable[[PriceFile], PriceFile]) -> None:
    if content.price or way is by_toml:
        assert way(content) == content


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6) | st.sampled_from(
    ["1024x1024", "1K", "a.b", '"', "=1", "'", "{}"]
)
AMOUNTS = st.decimals(0, 999_999, allow_nan=False, allow_infinity=False, places=9) | st.just(Decimal("1E+3"))
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def tables(values: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, values, max_size=2)


def by_size(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return tables(values | tables(values))


PRICES: dict[str, SearchStrategy[Any]] = {
    "per_mtok": st.dictionaries(st.sampled_from(sorted(TOKEN_KEYS)), AMOUNTS, max_size=3),
    "per_image": st.none() | AMOUNTS | by_size(AMOUNTS),
    "per_megapixel": st.none()
    | st.builds(MegapixelPrice, first=AMOUNTS, extra=st.none() | AMOUNTS, input=st.none() | AMOUNTS),
    "per_call": st.none() | AMOUNTS,
    "per_kquery": st.none() | AMOUNTS,
    "per_gpu_minute": st.none() | AMOUNTS,
}


@st.composite
def entries(draw: DrawFn) -> PriceEntry:
    start = draw(st.none() | DAYS)
    length = draw(st.none() | st.integers(1, 999))
    end = None if length is None else (start or date(2026, 1, 1)) + timedelta(days=length)
    credit = draw(st.none() | AMOUNTS)
    told = {
        "model": TEXTS,
        "source": TEXTS,
        "checked": DAYS,
        "aliases": st.lists(TEXTS, max_size=2).map(tuple),
        "dialects": st.lists(TEXTS, max_size=2).map(tuple),
        "mode": st.none() | TEXTS,
        "operation": st.none() | TEXTS,
        "account": tables(TEXTS),
        "credit_unit": TEXTS,
        "image_tokens": by_size(st.integers(0, 10**9)),
        "tier": st.dictionaries(
            st.sampled_from(["batch", "flex", "priority"]), st.builds(Prices, **PRICES), max_size=2
        ),
        "discount_percent": st.none() | st.decimals(0, 100, places=2),
        "native": tables(TEXTS | st.integers(-(10**9), 10**9)),
        "note": st.none() | TEXTS,
    }
    return PriceEntry(
        **draw(st.fixed_dictionaries({**PRICES, **told})),
        from_=start,
        until=end,
        credit=credit,
        credits=None if credit is None else draw(st.none() | st.builds(Prices, **PRICES)),
    )


CURRENCIES = st.builds(Currency, code=TEXTS, usd=AMOUNTS, from_=DAYS, source=TEXTS, checked=DAYS)
CONTENTS = st.builds(
    PriceFile,
    seller=NAMES,
    currency=st.sampled_from(["USD", "EUR"]),
    layer=st.none() | TEXTS,
    components=st.lists(st.sampled_from(["input", "text", "image", "request"]), max_size=2).map(tuple),
    price=st.lists(entries(), min_size=1, max_size=3).map(tuple),
    currencies=st.lists(CURRENCIES, max_size=2).map(tuple),
)


@given(CONTENTS)
def test_any_price_file_survives_every_way(content: PriceFile) -> None:
    for way in WAYS:
        assert way(content) == content


@given(CONTENTS)
def test_no_cell_can_be_run_as_a_formula(content: PriceFile) -> None:
    for cells in csv.reader(io.StringIO(csv_text([content]), newline="")):
        for cell in cells:
            assert not cell.startswith(FORMULAS) or cell.lstrip("-").isdigit()


def entry(**told: Any) -> PriceEntry:  # noqa: ANN401
    return PriceEntry(model="toy-1", source="https://toy.test", checked=date(2026, 6, 1), **told)


def test_a_formula_in_a_note_is_kept_as_text() -> None:
    content = PriceFile(seller="toy", price=(entry(note='=HYPERLINK("https://x.test")'), entry(note="'quoted")))

    written = csv_text([content])

    assert "\"'=HYPERLINK(" in written
    assert by_csv(content) == content


def test_columns_are_named_by_their_path() -> None:
    content = PriceFile(seller="toy", price=(entry(per_image={"1K": {"a.b": Decimal("0.10")}}, per_call=Decimal(2)),))

    header, row = csv.reader(io.StringIO(csv_text([content])))

    assert header == ["seller", "currency", "model", 'per_image.1K."a.b"', "per_call", "source", "checked"]
    assert row == ["toy", "USD", "toy-1", "0.10", "2", "https://toy.test", "2026-06-01"]


def read_csv(text: str, seller: str = "toy") -> PriceFile:
    return prices_from_csv(text.encode(), file="x.csv", seller=seller)


HEAD = "model,per_call,source,checked"


def test_a_table_made_by_hand_needs_no_seller_column() -> None:
    content = read_csv(f"\ufeff{HEAD}\r\ntoy-1,0.5,https://toy.test,2026-06-01\r\n,,,\r\n")

    assert content == PriceFile(seller="toy", price=(entry(per_call=Decimal("0.5")),))


def test_other_sellers_are_left_out() -> None:
    text = f"seller,{HEAD}\ntoy,toy-1,0.5,https://toy.test,2026-06-01\nacme,acme-1,bad,,\n"

    assert [one.model for one in read_csv(text).price] == ["toy-1"]


def test_every_fault_names_its_row_and_line() -> None:
    rows = [
        'toy-1,0.5,"https://',
        'toy.test",2026-06-01',
        "toy-2,a lot,https://toy.test,2026-06-01",
        "toy-3,-1,https://toy.test,1 June",
        "toy-4,1,https://toy.test,2026-06-01,more",
    ]

    with pytest.raises(PolicyFileError) as caught:
        read_csv("\n".join([HEAD, *rows]))

    found = [(fault.line, fault.message) for fault in caught.value.diagnostics]
    assert [line for line, _ in found] == [4, 5, 6]
    assert found[0][1].startswith("row 3: per_call: ")
    assert found[1][1].startswith("row 4: checked: ")
    assert found[2][1] == "row 5: has 5 cells, the header 4"


@pytest.mark.parametrize(
    ("column", "cell", "fault"),
    [
        ("per_cal", "1", "per_cal"),
        ("per_mtok.inptu", "1", "per_mtok.inptu: 'inptu' is no token price; did you mean 'input'?"),
        ("image_tokens.1K", "many", "image_tokens.1K: 'many' cannot be read; export a file to see how it is written"),
        ("aliases", "a, b", "aliases: 'a, b' cannot be read; export a file to see how it is written"),
        ("native.hours", "fast", "native.hours: 'fast' cannot be read; export a file to see how it is written"),
        ("per_call.x", "1", "per_call.x: a price and a table of prices stand in one row"),
        ("discount_percent", "120", "discount_percent: a discount of 120 percent would pay the customer"),
    ],
)
def test_a_wrong_cell_is_told(column: str, cell: str, fault: str) -> None:
    with pytest.raises(PolicyFileError) as caught:
        read_csv(f'{HEAD},{column}\ntoy-1,0.5,https://toy.test,2026-06-01,"{cell}"\n')

    assert caught.value.diagnostics[0].message.startswith(f"row 2: {fault}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the first line names no columns"),
        ("model,model\n", "the first line names no columns, or one twice"),
        (f"{HEAD}\n", "holds no price of seller 'toy'"),
        (f'{HEAD}\n"toy', "line 2 is not CSV"),
        (
            f"currency,{HEAD}\nEUR,a,1,s,2026-06-01\nUSD,a,1,s,2026-06-01\n",
            "holds rows of 2 currencies, layers or components of seller 'toy'",
        ),
    ],
)
def test_a_file_without_one_header_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_csv(text)


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(InputError, match="is not UTF-8; save it as CSV UTF-8"):
        prices_from_csv("modèle".encode("latin-1"), file="x.csv", seller="toy")


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"per_call": 0.5}, 'price 1: per_call: write the amount as text: "0.5"'),
        ({"per_call": None}, "price 1: holds what TOML has no word for"),
        ({"note": "\ud800"}, "price 1: holds what TOML has no word for"),
        ({"checked": "soon"}, "price 1: checked: "),
    ],
)
def test_a_wrong_object_is_told_by_its_number(told: dict[str, Any], fault: str) -> None:
    document = {"seller": "toy", "price": [{"model": "a", "source": "s", "checked": "2026-06-01", **told}]}

    with pytest.raises(PolicyFileError) as caught:
        prices_from_json(json.dumps(document).encode(), file="x.json", seller="toy")

    assert caught.value.diagnostics[0].message.startswith(fault)


@pytest.mark.parametrize("data", [b"", b"[", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="is not JSON"):
        prices_from_json(data, file="x.json", seller="toy")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["seller", "price", "currencies", "model", "tier", "checked"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(JSON)
def test_any_json_is_read_or_refused(value: object) -> None:
    with suppress(InputError, PolicyFileError):
        prices_from_json(json.dumps(value).encode(), file="x.json", seller="toy")


@given(st.lists(st.lists(st.text(max_size=6), max_size=4), max_size=4))
def test_any_csv_is_read_or_refused(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["model", "per_call", "source", "checked"], *rows])

    with suppress(InputError, PolicyFileError):
        prices_from_csv(out.getvalue().encode("utf-8", "replace"), file="x.csv", seller="toy")
