"""Test that a view of a stranger's text can be written, and that every fault of its file is told at its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policyengine.engine import Engine
from policyengine.errors import InputError, PolicyFileError
from policyengine.plugins import load_plugins
from policyengine.rules.source import Source
from policyengine.view.compare import Line, compare_view
from policyengine.view.load import load_view, read_view, view_directory

if TYPE_CHECKING:
    from policyengine.plugins import PluginSet

Policy = Callable[[Mapping[str, str]], Path]

HEAD = """\
title = "A stranger's text"
source = "https://stranger.test/text"
checked = 2026-11-24
"""
TABLE = """\
[[table]]
name = "a"
title = "A table"
dialects = ["gemini-api"]
column = [{ name = "What" }, { name = "Image", asks = "bill", of = ["image"] }, { name = "Cost", asks = "cost" }]
"""


@pytest.fixture(scope="module")
def all_plugins() -> PluginSet:
    return load_plugins()


def faults_of(written: str, plugins: PluginSet, sellers: tuple[str, ...] = ()) -> list[str]:
    source = Source(file="view.toml", path="view.toml", origin="user", data=written.encode())
    return [str(fault) for fault in read_view(source, plugins, sellers=sellers)[1]]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ('cells = ["x", "y"]', "10:9: table[0].row[0].cells: 2 cells under 3 columns; add some, or tell why"),
        ('cells = ["x", "y", "z", "w"]', "4 cells under 3 columns"),
        ("cells = []", "row[0].cells"),
        ('incomplete = "why"\ncells = ["x", "y", "z"]', "the row has a cell under each column"),
        ('incomplete = "why"\ncells = ["x", { text = "y", says.values = ["free"] }]', "no column can be told"),
        ('cells = [{ text = "x", says.values = ["free"] }, "y", "z"]', "neither the cell nor its row"),
        ('cells = ["x", { text = "y", says.about = "1" }, "z"]', "asked for a bill, a cell says 'values'"),
        ('cells = ["x", { text = "y", says = {} }, "z"]', "asked for a bill, a cell says 'values'"),
        ('cells = ["x", "y", { text = "z", says = { about = "1", below = "2" } }]', "a cell says 'about' or 'below'"),
        ('cells = ["x", "y", { text = "z", asks = "notice", says.about = "1" }]', "a cell says 'share' alone"),
        ('cells = ["x", "y", { text = "z", asks = "discount", says.about = "1" }]', "'tier' is missing"),
        ('cells = ["x", "y", { text = "z", asks = "rate", says.about = "1" }]', "'of' is missing"),
        ('cells = ["x", "y", { text = "z", says.about = "NaN" }]', "NaN is no amount"),
        ('cells = ["x", "y", { text = "z", says.about = "-1" }]', "-1 is no amount"),
        ('cells = ["x", "y", { text = "z", says.below = "1E-40" }]', "1E-40 is no amount"),
        ('dialects = ["gemini-ap"]\ncells = ["x", "y", "z"]', "dialect 'gemini-ap'; did you mean 'gemini-api'?"),
        ('sellers = ["gogle-ai"]\ncells = ["x", "y", "z"]', "'gogle-ai' has no rules and no prices; did you mean"),
        ('when.outcom = "blocked"\ncells = ["x", "y", "z"]', "'outcom' is no fact; did you mean 'outcome'?"),
        ('work.size = "big"\ncells = ["x", "y", "z"]', "'big' is no size"),
        (
            'scenarios = ["delivred"]\ncells = ["x", { text = "y", says.values = ["free"] }, "z"]',
            "no scenario of gemini-api is named 'delivred'; did you mean 'delivered'?",
        ),
        ('cells = ["x", { text = "y", say.values = ["free"] }, "z"]', "unknown key 'say'; did you mean 'says'?"),
        ('cells = ["x", { text = "y", says.values = ["gratis"] }, "z"]', "'gratis' is not allowed; known are"),
    ],
)
def test_a_fault_is_told_where_it_stands(row: str, fault: str, all_plugins: PluginSet) -> None:
    found = faults_of(f"{HEAD}{TABLE}[[table.row]]\n{row}\n", all_plugins, ("google-ai",))

    assert len(found) == 1
    assert fault in found[0]
    assert found[0].startswith("view.toml:")


def test_a_claim_without_dialects_is_told(all_plugins: PluginSet) -> None:
    table = TABLE.replace('dialects = ["gemini-api"]\n', "")
    found = faults_of(
        f'{HEAD}{table}[[table.row]]\ncells = ["x", {{ text = "y", says.values = ["free"] }}, "z"]\n', all_plugins
    )

    assert ["which answers does it speak of?" in fault for fault in found] == [True]


def test_two_tables_of_one_name_are_told(all_plugins: PluginSet) -> None:
    table = f'{TABLE}[[table.row]]\ncells = ["x", "y", "z"]\n'

    assert ["'a' is named twice" in fault for fault in faults_of(HEAD + table + table, all_plugins)] == [True]


def test_a_policy_directory_with_a_faulty_view_does_not_load(policy: Policy, plugins: PluginSet) -> None:
    root = policy({"view.toml": HEAD})

    with pytest.raises(PolicyFileError, match=r"view\.toml:1:1: 'table' is missing"):
        Engine.load(root, plugins=plugins)


def test_a_directory_without_a_view_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no view\.toml"):
        view_directory(str(tmp_path))


def test_a_wrong_name_tells_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'article'"):
        view_directory("artcle")


RULES = """\
decision = "bill"
seller = "google-ai"
[[rule]]
id = "stranger.all-free"
title = "Nothing is charged, says the stranger"
then = { input = "free", text = "free", image = "free" }
"""
SAYS_FREE = f"""{HEAD}{TABLE}
scenarios = ["delivered"]
[[table.row]]
cells = ["Success", {{ text = "gratis", says.values = ["free"] }}, {{ text = "$0.00", says.about = "0.00" }}]
"""


def compared(root: Path, plugins: PluginSet) -> dict[str, Line]:
    claimed, evidence = Engine.load(root, plugins=plugins), Engine.load(plugins=plugins)
    view = load_view(root, plugins, sellers=tuple(evidence.policy.prices.sellers))
    return {line.column: line for line in compare_view(view, claimed, evidence)}


def test_a_stranger_may_write_a_view(policy: Policy, all_plugins: PluginSet) -> None:
    found = compared(policy({"view.toml": SAYS_FREE, "bill/google-ai.toml": RULES}), all_plugins)

    assert (found["Image"].view, found["Image"].evidence) == ("free", "charged")
    assert (found["Image"].agreement, found["Image"].is_supported) == ("differs", True)
    assert found["Image"].view_grounds[0].by == "stranger.all-free"
    assert (found["Cost"].view, found["Cost"].agreement) == ("$0.00", "differs")
    assert found["What"].agreement is None


def test_a_cell_that_the_rules_of_the_view_do_not_give_is_flagged(policy: Policy, all_plugins: PluginSet) -> None:
    found = compared(policy({"view.toml": SAYS_FREE}), all_plugins)

    assert (found["Image"].view, found["Image"].is_supported) == ("charged", False)
    assert found["Cost"].is_supported is False


def test_a_cell_that_speaks_of_no_answer_is_flagged(policy: Policy, all_plugins: PluginSet) -> None:
    nobody = SAYS_FREE.replace('scenarios = ["delivered"]', 'when.finish_reason = "NEVER"')
    found = compared(policy({"view.toml": nobody, "bill/google-ai.toml": RULES}), all_plugins)

    assert (found["Image"].agreement, found["Image"].is_supported) == ("cannot be said", False)
    assert found["Image"].evidence == "no such answer"


WORK = 'work = { images = 1, size = "1024x1024", prompt_tokens = 100, text_tokens = 42 }'


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        (WORK, "$0.067376"),
        (WORK.replace("images = 1", "images = 2"), "$0.134576"),
        (WORK.replace("1024x1024", "2048x2048"), "$0.100976"),
        (WORK.replace("= 100", "= 1000"), "$0.067826"),
        (WORK.replace("= 42", "= 0"), "$0.06725"),
        (f'{WORK}\ntier = "batch"', "$0.033688"),
        (f'{WORK}\nmodel = "gemini-3-pro-image"', "$0.135104"),
    ],
)
def test_a_cost_is_that_of_the_work(told: str, cost: str, policy: Policy, all_plugins: PluginSet) -> None:
    cells = 'cells = ["x", "y", { text = "z", says.about = "1" }]'
    row = f'[[table.row]]\nscenarios = ["delivered"]\n{told}\n{cells}\n'
    found = compared(policy({"view.toml": f"{HEAD}{TABLE}{row}"}), all_plugins)

    assert found["Cost"].evidence == cost


@pytest.mark.parametrize(
    ("scenario", "evidence"),
    [
        ("delivered", "no"),
        ("image-other-waived", "in the answer"),
        ("rate-limit", "in the seller's documents"),
        ("no-image", "no"),
    ],
)
def test_a_notice_is_a_word_of_authority_on_what_is_free(
    scenario: str, evidence: str, policy: Policy, all_plugins: PluginSet
) -> None:
    cells = 'cells = ["x", "y", { text = "z", asks = "notice", says.share = "some" }]'
    row = f'[[table.row]]\nscenarios = ["{scenario}"]\n{cells}\n'
    found = compared(policy({"view.toml": f"{HEAD}{TABLE}{row}"}), all_plugins)

    assert found["Cost"].evidence == evidence
