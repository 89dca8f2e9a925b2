from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
Written = Callable[[str, object], str]
PRICES = """\
seller = "acme"
currency = "EUR"

[[price]]
model = "acme-1"
per_call = "0.05"
until = 2026-11-01
source = "contract:2026-17"
checked = 2026-05-01

[[price]]
model = "acme-1"
per_call = "0.04"
from = 2026-11-01
source = "contract:2026-18"
checked = 2026-11-01

[[price]]
model = "acme-2"
per_image = { "1K" = "0.10", "4K" = { hd = "0.30" } }
source = "https://acme.test/prices"
checked = 2026-08-01

[[currencies]]
code = "EUR"
usd = "1.10"
from = 2026-01-01
source = "https://acme.test/rates"
checked = 2026-11-01
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    root = tmp_path / "policy"
    (root / "prices").mkdir(parents=True)
    (root / "prices" / "acme.toml").write_text(PRICES, encoding="utf-8")
    return root


@pytest.fixture
def acme(run: Run, policy: Path) -> Run:
    """Return a function that runs `prices` with the policy directory."""

    def call(*arguments: str) -> Any:  # noqa: ANN401
        return run("prices", *arguments, "--policy", str(policy))

    return call


def listings(tmp_path: Path, **rows: object) -> str:
    folder = tmp_path / "lists"
    folder.mkdir(exist_ok=True)
    meta = {"source": "https://list.test", "taken": "2026-11-22", "units": "USD per 1e6 tokens / per image"}
    document = {"meta": meta, "rows": {key.replace("__", "/").replace("_", "-"): row for key, row in rows.items()}}
    (folder / "list_image_rows.json").write_text(json.dumps(document), encoding="utf-8")
    return str(folder)


def test_listing_is_as_it_was(acme: Run) -> None:
    ran = acme("acme", "--at", "2026-11-02", "--json")

    first = json.loads(ran.out.splitlines()[0])
    assert (ran.code, first["model"], first["price"], first["from"]) == (0, "acme-1", "0.04 EUR", "2026-11-01")
    assert len(ran.out.splitlines()) == 3


def test_check_prints_disagreements_and_counts_the_rest(acme: Run, tmp_path: Path) -> None:
    folder = listings(
        tmp_path,
        acme__acme_2={"output_cost_per_image_1K": 0.11, "output_cost_per_image_4K": 0.5},
        acme__acme_9={"output_cost_per_image": 1},
        other__x={"output_cost_per_image": 1},
    )

    ran = acme("acme", "--check", folder)

    assert ran.code == 1
    row = next(line for line in ran.out.splitlines() if line.startswith("acme "))
    assert row.split() == ["acme", "acme-2", "image", "image", "4K", "0.33", "0.5", "1.515", "list", "acme/acme-2"]
    assert "1 prices disagree, 1 agree." in ran.out
    assert "1 rows of other sellers, 1 rows of models without a price here" in ran.out


def test_check_as_json_has_sources_of_both_sides(acme: Run, tmp_path: Path) -> None:
    folder = listings(tmp_path, acme__acme_2={"output_cost_per_image_1K": 0.22})

    found = json.loads(acme("--check", folder, "--json").out)

    assert found["agreements"] == 0
    one = found["disagreements"][0]
    assert (one["ours_low"], one["theirs"], one["ratio"]) == ("0.11", "0.22", "2.000")
    assert (one["source"], one["our_source"]) == ("https://list.test", "https://acme.test/prices")


def test_check_exits_with_0_when_all_agree(acme: Run, tmp_path: Path) -> None:
    ran = acme("--check", listings(tmp_path, acme__acme_2={"output_cost_per_image_1K": 0.11}))

    assert (ran.code, ran.out.splitlines()[0]) == (0, "0 prices disagree, 1 agree.")


def test_check_takes_the_day_that_is_given(acme: Run, tmp_path: Path) -> None:
    folder = listings(tmp_path, acme__acme_1={"output_cost_per_image": 0.055})

    assert [acme("--check", folder, "--at", day).code for day in ("2026-10-31", "2026-11-01")] == [0, 1]


def test_check_knows_bundled_sellers_by_likeness(run: Run, tmp_path: Path) -> None:
    price = {"cost": {"output": 30}}
    folder = listings(
        tmp_path,
        **{
            "google__gemini-2.5-flash-image": price,
            "vertex_ai__gemini-2.5-flash-image": price,
            "black_forest_labs__flux-dev": {"output_cost_per_image": 0.025},
        },
    )

    ran = run("prices", "--check", folder)

    assert (ran.code, ran.out.splitlines()[0]) == (0, "0 prices disagree, 3 agree.")


@pytest.mark.parametrize("name", ["gone", "."])
def test_check_of_no_price_lists_is_wrong_usage(acme: Run, tmp_path: Path, name: str) -> None:
    ran = acme("--check", str(tmp_path / name))

    assert ran.code == 2
    assert "holds no JSON file" in ran.err


def test_stale_lists_the_oldest_first(acme: Run) -> None:
    ran = acme("acme", "--stale", "90", "--at", "2026-11-22")

    assert ran.code == 1
    rows = [line.split() for line in ran.out.splitlines()[1:]]
    assert [(row[0], row[3], row[-1]) for row in rows] == [("113", "acme-2", "https://acme.test/prices")]


def test_stale_of_all_includes_prices_that_have_ended(acme: Run) -> None:
    ran = acme("acme", "--stale", "90", "--at", "2026-11-22", "--all", "--json")

    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(one["days"], one["model"], one["checked"]) for one in found] == [
        (205, "acme-1", "2026-05-01"),
        (113, "acme-2", "2026-08-01"),
    ]


def test_stale_exits_with_0_when_all_are_fresh(acme: Run) -> None:
    ran = acme("acme", "--stale", "113", "--at", "2026-11-22")

    assert (ran.code, ran.out) == (0, "")
    assert "no price was checked more than 113 days before 2026-11-22" in ran.err


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_export_and_import_give_the_same_prices(acme: Run, tmp_path: Path, kind: str) -> None:
    exported, imported = tmp_path / f"acme.{kind}", tmp_path / "again.toml"

    codes = [
        acme("export", "acme", "--format", kind, "-o", str(exported)).code,
        acme("import", str(exported), "--seller", "acme", "-o", str(imported)).code,
    ]

    assert codes == [0, 0]
    assert tomllib.loads(imported.read_text(encoding="utf-8")) == tomllib.loads(PRICES)


def test_export_as_toml_is_a_price_file(acme: Run) -> None:
    ran = acme("export", "acme")

    assert (ran.code, tomllib.loads(ran.out)) == (0, tomllib.loads(PRICES))


def test_export_of_all_sellers_names_each(acme: Run) -> None:
    ran = acme("export", "--format", "json")

    assert {"acme", "openai"} <= {file["seller"] for file in json.loads(ran.out)}


def test_one_toml_file_holds_one_price_file(acme: Run) -> None:
    ran = acme("export")

    assert ran.code == 2
    assert "TOML holds one price file; name a seller, or one of --file" in ran.err


def test_of_several_files_of_a_seller_one_is_named(acme: Run, policy: Path) -> None:
    contract = policy / "prices" / "contract.toml"
    contract.write_text(f'layer = "contract"\n{PRICES}', encoding="utf-8")

    ran = acme("export", "acme", "--file", str(contract))

    assert (acme("export", "acme").code, tomllib.loads(ran.out)["layer"]) == (2, "contract")


def test_import_without_output_prints_the_price_file(acme: Run, written: Written) -> None:
    entry = {"model": "shop-1", "per_call": "0.2", "source": "contract:1", "checked": "2026-11-01"}
    ran = acme("import", written("shop.json", {"price": [entry]}), "--seller", "shop")

    assert ran.code == 0
    assert tomllib.loads(ran.out)["seller"] == "shop"
    assert "1 prices and 0 exchange rates of shop" in ran.err


def test_import_names_faulty_rows_and_writes_nothing(acme: Run, tmp_path: Path) -> None:
    file, output = tmp_path / "shop.csv", tmp_path / "shop.toml"
    file.write_text("model,per_call,source,checked\na,0.1,s,2026-11-01\nb,x,s,2026-11-01\n", encoding="utf-8")

    ran = acme("import", str(file), "--seller", "shop", "-o", str(output))

    assert ran.code == 2
    assert "shop.csv:3:1: row 3: per_call: " in ran.err
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("acme", "more"), "'more' goes with `prices export` or `prices import`"),
        (("acme", "-o", "x"), "'-o' goes with `prices export` or `prices import`"),
        (("export", "acmee"), "did you mean 'acme'?"),
        (("export", "acme", "--stale", "9"), "--stale does not go with `prices export`"),
        (("export", "acme", "--file", "gone.toml"), "no such price file"),
        (("export", "acme", "-o", "gone/acme.toml"), "'gone/acme.toml' cannot be written"),
        (("import", "shop.csv"), "write `imgpolicy prices import FILE --seller SELLER"),
        (("import", "gone.csv", "--seller", "shop"), "'gone.csv' cannot be read"),
        (("import", "shop.xlsx", "--seller", "shop"), "'shop.xlsx' is neither .json nor .csv"),
        (("import", "shop.toml", "--seller", "shop"), "'shop.toml' is a price file as it is; put it into `prices/`"),
        (("--stale", "-1"), "--stale -1 is no age"),
        (("acmee", "--stale", "1"), "did you mean 'acme'?"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_with_2(acme: Run, arguments: tuple[str, ...], message: str) -> None:
    ran = acme(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_check_and_stale_exclude_each_other(acme: Run) -> None:
    assert acme("--check", ".", "--stale", "1").code == 2
