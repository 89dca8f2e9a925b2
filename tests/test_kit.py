"""Show that the test kit for plugins finds each defect that it is there to find, and finds it where it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

MODULE = """\
from pathlib import Path
from policyengine import Claim, Dialect, Provider, Seller, UsageRow, hookimpl
from policyengine.money.tariff import Estimate, Rate
from policyengine.native import amount, count, dig, items, mapping, scalar_text, text, timestamp

HERE = Path(__file__).parent / "kit_{name}"


class Good(Dialect):
    name = "{name}-api"
    seller = "{name}"
    signals = {{"hint": "text"}}
    vocabulary = {{"status": frozenset({{"done", "refused"}})}}

    def recognizes(self, exchange):
        return Claim.CERTAIN if "{name}_job" in mapping(exchange.body) else Claim.NO

    def facts(self, exchange, **more):
        job = mapping(dig(exchange.body, "{name}_job"))
        told = dict(
            status=text(job.get("status")),
            message=text(job.get("message")),
            images_delivered=len(items(job.get("images"))),
            input_tokens=count(job.get("tokens")),
            signal={{"hint": hint}} if (hint := text(job.get("hint"))) else {{}},
        )
        return exchange.facts(self, **{{**told, **more}})

    def rows(self, facts):
        tokens = (UsageRow("input", "token", facts.input_tokens),) if facts.input_tokens else ()
        return UsageRow("image", "image", facts.images_delivered), *tokens

    def normalize(self, exchange):
        facts = self.facts(exchange)
        return facts, self.rows(facts)


class Vendor(Seller):
    pass


{body}

@hookimpl
def policyengine_provider():
    return Provider("{name}", [Used()], scenarios=HERE / "scenarios")


@hookimpl
def policyengine_sellers():
    return [Vendor("{name}", prices=HERE / "prices.toml")]


@hookimpl
def policyengine_rules():
    return HERE / "rules"
"""
FILES = {
    "scenarios/{name}-api/done.json": """\
        {"title": "One image", "source": "https://toy.test/docs", "http_status": 200,
         "body": {"{name}_job": {"status": "done", "images": ["a"], "tokens": 7, "hint": "x", "message": "ok"}}}
        """,
    "scenarios/{name}-api/refused.json": """\
        {"title": "Refused", "source": "https://toy.test/docs", "http_status": 200,
         "body": {"{name}_job": {"status": "refused", "message": "no"}}}
        """,
    "prices.toml": """\
        seller = "{name}"
        [[price]]
        model = "toy-1"
        per_image = "0.04"
        per_mtok = { input = "1" }
        source = "https://toy.test/pricing"
        checked = 2026-11-01
        """,
    "rules/classify/{name}.toml": """\
        decision = "classify"
        dialects = ["{name}-api"]
        [[rule]]
        id = "{name}.done"
        title = "Done"
        when.status = "done"
        then = { outcome = "delivered", stage = "none" }
        example = [{ given = { status = "done" } }]
        [[rule]]
        id = "{name}.refused"
        title = "Refused"
        when.status = "refused"
        then = { outcome = "blocked", stage = "output" }
        """,
}


GENERATED = "test_any_answer_is_translated"  # the slow one; run where it matters
BILL_WITH_A_FAULT = """\
decision = "bill"
seller = "leftout"
rule = [{ id = "leftout.x", title = "X", when.finish_raeson = "x", then = { image = "free" } }]
"""


PROFILE = """\
from hypothesis import Phase, settings
settings.register_profile("same", max_examples=200, phases=[Phase.generate], derandomize=True)
settings.load_profile("same")
"""


class Defect(NamedTuple):
    """Say what is wrong with a plugin, and which test of the kit must say so, in what words."""

    test: str
    says: str
    body: str = ""
    files: tuple[tuple[str, str, str], ...] = ()
    """(file, what stands there, what stands there instead)."""


def normalizing(facts: str, rows: str = "self.rows(facts)") -> str:
    """Return a `normalize` with other *facts* or *rows*."""
    return f"""\
def normalize(self, exchange):
    body = exchange.body if isinstance(exchange.body, dict) else {{}}
    job = mapping(body.get(self.seller + "_job"))
    facts = self.facts(exchange{facts})
    return facts, {rows}
"""


DEFECTS = {
    "raises": Defect(
        "test_any_answer_is_translated",
        "must read any JSON: use the getters of policyengine.native",
        normalizing(', code=str(len(body["data"])) if "data" in body else None'),
    ),
    "recognizes": Defect(
        "test_any_answer_is_translated",
        "must read any JSON",
        """\
        def recognizes(self, exchange):
            code = mapping(exchange.body).get("code")
            return Claim.CERTAIN if "recognizes_job" in mapping(exchange.body) or code in {"a"} else Claim.NO
        """,
    ),
    "mistyped": Defect(
        "test_a_changed_scenario_is_translated", "hold a value of a wrong type", normalizing(', code=body.get("code")')
    ),
    "emptytext": Defect(
        "test_a_changed_scenario_is_translated",
        "['code'] is an empty text; leave out what the answer does not tell",
        normalizing(', code=body.get("code") if isinstance(body.get("code"), str) else None'),
    ),
    "undeclared": Defect(
        "test_a_changed_scenario_is_translated",
        "signals ['mood'] are unknown to rules; declare them in undeclared-api.signals",
        normalizing(', signal={"mood": mood} if (mood := text(body.get("message"))) else {}'),
    ),
    "zeros": Defect(
        "test_an_empty_answer_tells_nothing",
        "zeros-api reads facts out of the empty answer",
        normalizing(', input_tokens=count(job.get("tokens")) or 0'),
    ),
    "nulls": Defect(
        "test_null_tells_nothing",
        "nulls-api reads facts out of 'done' with null for every value",
        normalizing(', message=str(job["message"]) or None if "message" in job else None'),
    ),
    "doubled": Defect(
        "test_a_scenario_adds_up",
        "rows of 'input' add up to 14 tokens, the fact input_tokens says 7",
        normalizing("", "self.rows(facts) + self.rows(facts)[1:]"),
    ),
    "uncounted": Defect(
        "test_a_scenario_adds_up",
        "0 images, the fact images_delivered says 1",
        normalizing("", '(UsageRow("image", "image", 0), *self.rows(facts)[1:])'),
    ),
    "undecided": Defect(
        "test_a_scenario_is_decided",
        "no rule classifies 'refused'",
        files=(("rules/classify/{name}.toml", 'when.status = "refused"', 'when.status = "declined"'),),
    ),
    "drifting": Defect(
        "test_the_vocabulary_covers_a_scenario",
        "add the values to drifting-api.vocabulary",
        'vocabulary = {"status": frozenset({"done"})}',
    ),
    "unclaimed": Defect(
        "test_a_scenario_is_recognized",
        "unclaimed-api.recognizes leaves 'done' to 'none'",
        "def recognizes(self, exchange):\n    return Claim.NO",
    ),
    "unlisted": Defect(
        "test_declarations_name_facts",
        "unlisted-api.vocabulary lists values of what is no fact",
        'vocabulary = {**Good.vocabulary, "finnish_reason": frozenset({"STOP"})}',
    ),
    "unsold": Defect(
        "test_declarations_name_facts",
        "unsold-api.seller has neither rules nor prices",
        'seller = "somebody"',
    ),
    "bare": Defect(
        "test_it_has_scenarios",
        "dialect 'bare-api' has no scenarios",
        'name = "bare-api"',
        files=(("scenarios/{name}-api/done.json", "*", ""), ("scenarios/{name}-api/refused.json", "*", "")),
    ),
    "misspelt": Defect(
        "test_it_has_scenarios",
        "Object contains unknown field `htpp_status`",
        files=(("scenarios/{name}-api/refused.json", "http_status", "htpp_status"),),
    ),
    "unsourced": Defect(
        "test_it_has_scenarios",
        "'title' or 'source' is missing",
        files=(("scenarios/{name}-api/done.json", "https://toy.test/docs", "I think"),),
    ),
    "mispriced": Defect(
        "test_its_prices_translate",
        "price of 'toy-1' at 'mispriced': translate returned what is no rate of a component",
        body="""\
        class Vendor(Seller):
            def translate(self, entry):
                return (Rate(component="images", unit="image", amount=entry.per_image),)
        """,
    ),
    "unbounded": Defect(
        "test_its_prices_translate",
        "estimate returned bounds below zero or from more to less",
        body="""\
        class Vendor(Seller):
            def estimate(self, workload, tariff):
                return (Estimate(component="image", unit="image", low=2, high=1, why="a mistake"),)
        """,
    ),
    "undated": Defect(
        "test_its_prices_are_dated",
        "price of 'toy-1' at 'undated': 'checked' is 2999-01-01",
        files=(("prices.toml", "2026-11-01", "2999-01-01"),),
    ),
    "leftout": Defect(
        "test_none_of_its_files_is_left_out",
        "'finish_raeson' is no fact",
        files=(
            (
                "rules/bill/{name}.toml",
                "*",
                BILL_WITH_A_FAULT,
            ),
        ),
    ),
    "counterexample": Defect(
        "test_the_examples_of_its_rules_hold",
        "decided by counterexample.refused",
        files=(("rules/classify/{name}.toml", 'status = "done" } }]', 'status = "refused" } }]'),),
    ),
    "broken": Defect("test_it_loads", "RuntimeError: out of order", 'raise RuntimeError("out of order")'),
}


def write_plugin(home: Path, name: str, defect: Defect) -> None:
    """Write the plugin *name* with its *defect*, as if a distribution of that name were installed below *home*."""
    body = dedent(defect.body)
    used = body if body.startswith("class Vendor") else ""
    own = "" if used else indent(body, "    ")
    used += f"\n\nclass Used(Good):\n    __doc__ = ''\n{own}\n"
    (home / f"kit_{name}.py").write_text(MODULE.format(name=name, body=used), encoding="utf-8")
    changed = {file: (old, new) for file, old, new in defect.files}
    for file in {**FILES, **{file: "" for file in changed if file not in FILES}}:
        old, new = changed.get(file, ("", ""))
        written = new if old == "*" else dedent(FILES[file]).replace(old, new, 1) if old else dedent(FILES[file])
        if written:
            path = home / f"kit_{name}" / file.replace("{name}", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(written.replace("{name}", name), encoding="utf-8")
    distribution = home / f"kit_{name}-1.0.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text(f"Metadata-Version: 2.1\nName: kit-{name}\nVersion: 1.0\n", encoding="utf-8")
    (distribution / "entry_points.txt").write_text(f"[policyengine]\n{name} = kit_{name}\n", encoding="utf-8")


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Return, for each plugin, the tests of the kit that failed, with what they said."""
    home = tmp_path_factory.mktemp("kit")
    (home / "conftest.py").write_text(PROFILE, encoding="utf-8")
    written = ["from policyengine.testing import ProviderContract\n"]
    for name, defect in {"good": Defect("", ""), **DEFECTS}.items():
        write_plugin(home, name, defect)
        generated = name == "good" or defect.test == GENERATED
        written.append(
            f'class Test_{name}(ProviderContract):\n    plugin = "{name}"\n'
            + (f"    {GENERATED} = None\n" * (not generated))
        )
    written.append('class Test_missing(ProviderContract):\n    plugin = "missing"\n')
    (home / "test_plugins.py").write_text("\n\n".join(written), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(home)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", "out.xml"]
    done = subprocess.run(  # noqa: S603
        command, cwd=home, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert (home / "out.xml").is_file(), done.stdout + done.stderr

    found: dict[str, dict[str, str]] = {}
    for case in ET.parse(home / "out.xml").iter("testcase"):  # noqa: S314  written by pytest, just now
        plugin = str(case.get("classname")).rpartition("_")[2]
        failed = found.setdefault(plugin, {})
        for told in (*case.iter("failure"), *case.iter("error")):
            name = str(case.get("name")).partition("[")[0]
            failed[name] = failed.get(name, "") + str(told.text)
    return found


def test_a_sound_plugin_passes(failures: dict[str, dict[str, str]]) -> None:
    assert failures["good"] == {}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found_and_told(failures: dict[str, dict[str, str]], name: str) -> None:
    defect = DEFECTS[name]

    assert defect.test in failures[name], failures[name].keys()
    assert defect.says in failures[name][defect.test]


def test_a_plugin_that_is_not_installed_is_told(failures: dict[str, dict[str, str]]) -> None:
    assert list(failures["missing"]) == ["test_it_loads"]
    assert "no plugin 'missing' is installed" in failures["missing"]["test_it_loads"]


def test_every_test_of_the_kit_has_a_defect_that_it_finds() -> None:
    from policyengine.testing import ProviderContract  # noqa: PLC0415

    tests = {name for name in vars(ProviderContract) if name.startswith("test_")}

    assert tests == {defect.test for defect in DEFECTS.values()}


def test_the_documentation_lists_every_test_of_the_kit() -> None:
    from policyengine.testing import ProviderContract  # noqa: PLC0415

    page = (Path(__file__).parents[1] / "docs" / "writing-a-provider.md").read_text(encoding="utf-8")
    tests = [name for name in vars(ProviderContract) if name.startswith("test_")]

    assert re.findall(r"^\| `(test_\w+)` \|", page, re.MULTILINE) == tests


def test_what_is_missing_is_told_in_one_line() -> None:
    blocked = "import sys; sys.modules['hypothesis'] = None; import policyengine.testing"

    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", blocked], capture_output=True, encoding="utf-8", check=False
    )

    assert done.stderr.strip().splitlines()[-1] == (
        "ImportError: policyengine.testing needs hypothesis; pip install 'imagegen-policyengine[testing]'"
    )
