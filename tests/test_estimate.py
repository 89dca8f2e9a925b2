"""Test that a month of work is forecast exactly, that unknowns stay intervals, and that simulation agrees."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import count
from random import Random
from statistics import fmean, stdev
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine import Engine
from policyengine.comparison import compare, evaluate_scenario
from policyengine.errors import InputError, PolicyFileError
from policyengine.estimate import (
    FailureClass,
    Forecast,
    SellerTerms,
    Work,
    WorkloadFile,
    forecast,
    load_workload,
    simulate,
    standard_workload,
)
from policyengine.estimate.bounds import Bound, decimal_of
from policyengine.estimate.chain import Chain, chain_of
from policyengine.estimate.offers import Offer, offers
from policyengine.estimate.simulate import draw_binomial, draw_months
from policyengine.money.tariff import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from policyengine.plugins import PluginSet

Matrix = list[list[Fraction]]
WORK = Work(images_per_month=1000, size="1024x1024", prompt_tokens=1000, text_tokens=500)
# input 1000 x 1 USD per million, text 500 x 2 USD per million, one image of 1K
SUCCESS = Decimal("0.001") + Decimal("0.001") + Decimal("0.04")
SCENARIOS: dict[str, dict[str, object]] = {
    "delivered": {"finish_reason": "STOP", "images_delivered": 1, "model": "toy-1"},
    "safety": {"finish_reason": "SAFETY", "images_delivered": 0, "model": "toy-1"},
    "job-failed": {"status": "FAILED", "images_delivered": 0, "model": "toy-1"},
}


def failure(name: str, outcome: str, share: str, **told: Any) -> FailureClass:  # noqa: ANN401
    return msgspec.convert({"name": name, "outcome": outcome, "share": share, **told}, FailureClass)


BLOCKED = failure("policy", "blocked", "0.02", stage="output")
FAILED = failure("outage", "failed", "0.05")
DECLINED = failure("refusal", "declined", "0.04", stage="generation")


@pytest.fixture
def forecast_of(
    plugins: PluginSet, policy: Callable[[dict[str, str]], Path], toy_files: dict[str, str], tmp_path: Path
) -> Callable[..., Forecast]:
    """Return a function that forecasts the toy seller with these classes, files and scenarios."""

    def run(*classes: FailureClass, files: dict[str, str] | None = None, **told: Any) -> Forecast:  # noqa: ANN401
        folder = tmp_path / "scenarios" / "toy-api"
        folder.mkdir(parents=True, exist_ok=True)
        for name, facts in {**SCENARIOS, **told.pop("scenarios", {})}.items():
            sample = {"title": name, "source": "https://toy.test", "body": {"toy": facts}}
            (folder / f"{name}.json").write_bytes(msgspec.json.encode(sample))
        plugins.providers["toy"].scenario_directory = tmp_path / "scenarios"
        engine = Engine.load(policy({**toy_files, **(files or {})}), plugins=plugins)
        work = msgspec.structs.replace(WORK, **told.pop("work", {}))
        (found,) = (
            one for one in forecast(engine, WorkloadFile(work=work, failure=classes, **told)) if one.seller == "toy-inc"
        )
        return found

    return run


# The chain


def test_work_that_never_fails_takes_one_attempt() -> None:
    chain = chain_of([], lambda _: ())

    assert chain.attempts == chain.delivered == 1
    assert chain.given_up == 0


def test_a_class_that_never_happens_is_not_tried_again_for_ever() -> None:
    chain = chain_of([Fraction(0)], lambda _: (True,))

    assert chain.attempts == 1


def test_attempts_after_a_retried_failure_form_a_geometric_sum() -> None:
    chain = chain_of([Fraction(1, 10)], lambda attempt: (attempt < 3,))

    assert chain.attempts == 1 + Fraction(1, 10) + Fraction(1, 100)
    assert chain.given_up == Fraction(1, 1000)


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    classes = draw(st.integers(0, 3))
    parts = [draw(st.integers(0, 20)) for _ in range(classes)]
    shares = tuple(Fraction(part, sum(parts) + draw(st.integers(1, 40))) for part in parts)
    rows = draw(st.lists(st.tuples(*[st.booleans()] * classes), max_size=4))
    return Chain(shares=shares, retries=tuple(rows)) if sum(shares) < 1 else Chain(shares=(), retries=())


@given(chains())
def test_work_ends_with_an_image_or_without(chain: Chain) -> None:
    assert chain.delivered + chain.given_up == 1


@given(chains())
def test_visits_are_those_of_the_fundamental_matrix(chain: Chain) -> None:
    """The textbook way: states (attempt, class), the matrix Q between them, and (I - Q) inverted."""
    classes, attempts = len(chain.shares), len(chain.retries) + 1
    states = [(attempt, each) for attempt in range(attempts) for each in range(classes)]
    steps = [
        [
            chain.shares[into] if later == attempt + 1 and chain.retries[attempt][each] else Fraction(0)
            for later, into in states
        ]
        for attempt, each in states
    ]
    start = [chain.shares[each] if attempt == 0 else Fraction(0) for attempt, each in states]

    visits = solved_from(start, steps)

    for each in range(classes):
        assert chain.visits[each] == sum(found for found, state in zip(visits, states, strict=True) if state[1] == each)


def solved_from(start: list[Fraction], steps: Matrix) -> list[Fraction]:
    """Return v with v (I - Q) = start, by Gauss and Jordan."""
    size = len(start)
    rows = [
        [Fraction(row == column) - steps[column][row] for column in range(size)] + [start[row]] for row in range(size)
    ]
    for pivot in range(size):
        chosen = next(row for row in range(pivot, size) if rows[row][pivot])
        rows[pivot], rows[chosen] = rows[chosen], rows[pivot]
        rows[pivot] = [value / rows[pivot][pivot] for value in rows[pivot]]
        for row in range(size):
            if row != pivot and rows[row][pivot]:
                factor = rows[row][pivot]
                rows[row] = [value - factor * above for value, above in zip(rows[row], rows[pivot], strict=True)]
    return [row[-1] for row in rows]


@given(chains(), st.decimals(0, 10, places=6), st.decimals(0, 10, places=6))
def test_retries_do_not_change_the_cost_of_an_effective_image(chain: Chain, success: Decimal, lost: Decimal) -> None:
    bound = Bound(chain=chain, success=success, failures=(lost,) * len(chain.shares))

    expected = Fraction(success) + sum(chain.shares, Fraction(0)) * Fraction(lost) / chain.success
    assert bound.per_image == expected


# Simulation


@pytest.mark.parametrize(("trials", "odds"), [(7, 0.3), (1000, 0.025), (100_000, 0.6)])
def test_binomial_counts_have_their_mean_and_spread(trials: int, odds: float) -> None:
    rng = Random(11)  # noqa: S311
    found = [draw_binomial(trials, odds, rng) for _ in range(4000)]

    spread = (trials * odds * (1 - odds)) ** 0.5
    assert abs(fmean(found) - trials * odds) < 4 * spread / 4000**0.5
    assert abs(stdev(found) / spread - 1) < 0.05


@pytest.mark.parametrize(("odds", "expected"), [(0.0, 0), (1.0, 500)])
def test_certain_odds_are_not_drawn(odds: float, expected: int) -> None:
    assert draw_binomial(500, odds, Random(1)) == expected  # noqa: S311


CHAIN = chain_of(
    [Fraction("0.15"), Fraction("0.1"), Fraction("0.05")],
    lambda attempt: (attempt < 4, attempt < 2, False),
)
BOUND = Bound(chain=CHAIN, success=Decimal("0.04"), failures=(Decimal(0), Decimal("0.01"), Decimal("0.04")))


def test_the_chain_agrees_with_work_that_is_followed_call_by_call() -> None:
    rng = Random(20261122)  # noqa: S311
    runs = [followed(rng) for _ in range(40_000)]

    spent, attempts, images = zip(*runs, strict=True)
    for found, expected in ((spent, BOUND.spent), (attempts, CHAIN.attempts), (images, CHAIN.delivered)):
        assert expected is not None
        assert abs(fmean(found) - float(expected)) < 4 * stdev(found) / len(found) ** 0.5


def followed(rng: Random) -> tuple[float, int, int]:
    """Return what one piece of work spends, its attempts and its images, by a plain walk."""
    costs = [float(cost or 0) for cost in BOUND.failures]
    spent = 0.0
    for attempt in count(1):
        ended = rng.choices(range(4), [*map(float, CHAIN.shares), float(CHAIN.success)])[0]
        if ended == 3:
            return spent + float(BOUND.success or 0), attempt, 1
        spent += costs[ended]
        if attempt > len(CHAIN.retries) or not CHAIN.retries[attempt - 1][ended]:
            return spent, attempt, 0
    raise AssertionError


def test_simulated_months_agree_with_the_chain() -> None:
    months = draw_months(CHAIN, images=500, months=2000, rng=Random(5))  # noqa: S311

    for index, visits in enumerate(CHAIN.visits):
        found = [month.failed[index] for month in months]
        assert abs(fmean(found) - float(visits) * 500) < 4 * stdev(found) / 2000**0.5
    delivered = [month.delivered for month in months]
    assert abs(fmean(delivered) - float(CHAIN.delivered) * 500) < 4 * stdev(delivered) / 2000**0.5


def test_the_same_seed_gives_the_same_percentiles(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(BLOCKED, FAILED)

    first, again, other = (simulate([one], images=1000, months=50, seed=seed) for seed in (3, 3, 4))

    assert first == again != other


def test_percentiles_enclose_the_expectation(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(BLOCKED)

    (spread,) = simulate([one], images=1000, months=400)

    low = spread.per_image_low
    assert low.p05 is not None
    assert low.p95 is not None
    assert low.p05 < one.per_image_low < low.p95


def test_months_without_an_image_have_no_cost_per_image(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(failure("policy", "blocked", "0.999", stage="output"))

    (spread,) = simulate([one], images=1, months=50)

    assert spread.per_image_high.p95 is None
    assert spread.month_low.p95 == Decimal("0.001")


# The forecast


def test_work_without_failures_costs_its_successes(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of()

    assert one.success_low == one.success_high == one.per_image_low == one.per_image_high == SUCCESS
    assert one.month_low == one.month_high == SUCCESS * 1000
    assert one.failures_low == one.without_image_high == 0
    assert one.attempts_high == 1


def test_a_failure_that_is_billed_in_part_adds_that_part(forecast_of: Callable[..., Forecast]) -> None:
    """Input is charged, the image free, and text output unknown: from nothing to its price."""
    one = forecast_of(BLOCKED)

    assert one.per_image_low == decimal_of(Fraction(SUCCESS) + Fraction("0.02") * Fraction("0.001") / Fraction("0.98"))
    assert one.per_image_high == decimal_of(Fraction(SUCCESS) + Fraction("0.02") * Fraction("0.002") / Fraction("0.98"))
    assert (one.failures_low, one.failures_high) == (Decimal("0.02"), Decimal("0.04"))
    assert one.without_image_low == one.without_image_high == Decimal("0.02")


def test_a_failure_is_tried_again_as_the_route_rules_say(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(FAILED)

    assert one.attempts_low == one.attempts_high == Decimal("1.0525")
    assert one.without_image_low == Decimal("0.05") ** 3
    assert one.classes[0].actions == ("backoff",)
    assert one.per_image_high == SUCCESS


def test_a_class_without_a_sample_runs_from_nothing_to_a_success(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(DECLINED)

    assert one.classes[0].low == 0
    assert one.classes[0].high == SUCCESS
    assert one.per_image_low == SUCCESS
    assert one.notes == ("refusal: no sample shows declined at generation; counted from nothing to a whole success",)


def test_a_class_without_a_sample_is_routed_by_its_outcome(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(failure("busy", "throttled", "0.1"))

    assert one.attempts_low == one.attempts_high == Decimal("1.11")


def test_a_seller_who_bills_nothing_by_the_call_is_said_to(bundled: Engine) -> None:
    found = forecast(bundled, WorkloadFile(work=Work(images_per_month=1)))

    flat = [one for one in found if one.success_high == 0]
    assert flat
    assert all(one.notes[0].startswith("success: billed nothing by the call") for one in flat)


def test_what_has_no_price_is_unpriced_and_said_so(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(BLOCKED, seller={"toy-inc": SellerTerms(model="toy-9")})

    assert (one.success_high, one.per_image_high, one.month_high, one.failures_high) == (None,) * 4
    assert one.notes[0] == "success: unpriced, no price of toy-9 at toy-inc fits this call"
    (spread,) = simulate([one], images=10, months=5)
    assert spread.month_high.p50 is None


def test_an_unpriced_failure_leaves_the_low_end_and_the_success_known(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(failure("policy", "blocked", "0.02"), work={"text_tokens": None})

    assert one.success_high is None
    assert one.per_image_low > 0


def test_a_stage_narrows_a_class(forecast_of: Callable[..., Forecast]) -> None:
    at_prompt = forecast_of(failure("policy", "blocked", "0.02", stage="prompt"))
    anywhere = forecast_of(failure("policy", "blocked", "0.02"))

    assert at_prompt.classes[0].scenarios == ()
    assert anywhere.classes[0].scenarios == ("safety",)


ROUTED_BY_REASON = """\
decision = "route"

[[rule]]
id = "toy-route.busy"
title = "A busy filter: try again"
when = { outcome = "blocked", code = "busy" }
then = { action = "backoff", tag = "retry", max_attempts = 2 }

[[rule]]
id = "toy-route.blocked"
title = "Other content"
when.outcome = "blocked"
then = { action = "change_content", tag = "policy" }
"""
TWO_BLOCKS = {"busy-filter": {"finish_reason": "SAFETY", "images_delivered": 0, "model": "toy-1", "code": "busy"}}


def test_samples_that_are_routed_differently_make_attempts_an_interval(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(BLOCKED, files={"route.toml": ROUTED_BY_REASON}, scenarios=TWO_BLOCKS)

    assert (one.attempts_low, one.attempts_high) == (Decimal(1), Decimal("1.02"))
    assert (one.without_image_low, one.without_image_high) == (Decimal("0.0004"), Decimal("0.02"))
    assert one.notes[-1].startswith("retries: samples of one class are routed differently")


def test_an_action_narrows_a_class_to_the_samples_that_are_routed_so(forecast_of: Callable[..., Forecast]) -> None:
    policy = failure("policy", "blocked", "0.02", action="change_content")

    one = forecast_of(policy, files={"route.toml": ROUTED_BY_REASON}, scenarios=TWO_BLOCKS)

    assert one.classes[0].scenarios == ("safety",)
    assert one.attempts_high == 1


def test_an_action_that_no_sample_has_narrows_nothing(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(failure("policy", "blocked", "0.02", action="poll"))

    assert one.classes[0].scenarios == ("safety",)


def test_answers_that_state_what_is_free_are_taken_first(
    forecast_of: Callable[..., Forecast], toy_files: dict[str, str]
) -> None:
    waived = '[[rule]]\nid = "toy-inc.waived"\ntitle = "It says so"\nwhen.code = "waived"\n' + dedent("""\
        then = { input = "free", text = "free", image = "free" }
        [[rule.evidence]]
        basis = "stated"
        source = "https://toy.test/docs"
        quote = "not charged"
        checked = 2026-06-01

        """)
    head, _, rules = toy_files["bill/toy-inc.toml"].replace('"stated"', '"official"').partition("[[rule]]")
    files = {"bill/toy-inc.toml": f"{head}{waived}[[rule]]{rules}"}
    samples = {"waived": {"finish_reason": "SAFETY", "images_delivered": 0, "model": "toy-1", "code": "waived"}}

    policy = failure("policy", "blocked", "0.02", states_free=True)
    one = forecast_of(policy, files=files, scenarios=samples)

    assert one.classes[0].scenarios == ("waived",)
    assert one.per_image_high == SUCCESS


def test_reference_images_are_charged_where_input_is(forecast_of: Callable[..., Forecast]) -> None:
    one = forecast_of(BLOCKED, FAILED, work={"reference_tokens": 2000})

    policy, outage = one.classes
    assert one.success_high == SUCCESS + Decimal("0.002")
    assert policy.low == Decimal("0.003")
    assert outage.high == 0


def test_facts_that_nobody_tells_make_a_hull_of_whole_bills(
    forecast_of: Callable[..., Forecast], toy_files: dict[str, str]
) -> None:
    flat = (
        'decision = "bill"\nseller = "toy-inc"\nalternatives = { "account.mode" = ["metered", "flat"] }\n\n'
        '[[rule]]\nid = "toy-inc.flat"\ntitle = "Flat: only images"\nwhen.account.mode = "flat"\n'
        'then = { input = "free", text = "free" }\n\n'
    )
    files = {"bill/toy-inc.toml": flat + toy_files["bill/toy-inc.toml"].partition('hosts = ["eu.toy.test"]\n')[2]}

    untold = forecast_of(files=files)
    told = forecast_of(files=files, seller={"toy-inc": SellerTerms(account={"mode": "flat"})})

    assert (untold.per_image_low, untold.per_image_high) == (Decimal("0.04"), SUCCESS)
    assert [(one.given, one.high) for one in untold.alternatives] == [
        ({"account.mode": "metered"}, SUCCESS),
        ({"account.mode": "flat"}, Decimal("0.04")),
    ]
    assert (told.per_image_low, told.per_image_high) == (Decimal("0.04"), Decimal("0.04"))


def test_prices_hold_on_the_day_that_is_told(forecast_of: Callable[..., Forecast], toy_files: dict[str, str]) -> None:
    later = toy_files["prices/toy-inc.toml"] + dedent("""
        [[price]]
        model = "toy-1"
        from = 2026-10-01
        per_image = "0.05"
        source = "https://toy.test/pricing"
        checked = 2026-10-01
        """)

    before, after = (
        forecast_of(files={"prices/toy-inc.toml": later}, work={"prices_on": day})
        for day in (date(2026, 9, 30), date(2026, 10, 1))
    )

    assert (before.per_image_high, after.per_image_high) == (SUCCESS, Decimal("0.05"))


# The bundled sellers


@pytest.fixture(scope="module")
def bundled() -> Engine:
    return Engine.load()


def test_the_mix_of_the_article_is_the_default(bundled: Engine) -> None:
    found = forecast(bundled, WorkloadFile(work=Work(images_per_month=1)))

    assert all([each.name for each in one.classes] == ["policy", "refusal"] for one in found)
    assert all("5 to 8 %" in (each.source or "") for each in (standard_workload().failure or ())[1:])
    assert Decimal("0.05") <= sum(each.share for each in standard_workload().mix) <= Decimal("0.08")


def test_the_cheapest_effective_image_comes_first_and_the_unpriced_last(bundled: Engine) -> None:
    highs = [one.per_image_high for one in forecast(bundled, WorkloadFile(work=Work(images_per_month=1)))]

    priced = [high for high in highs if high is not None]
    assert priced == sorted(priced)
    assert highs[: len(priced)] == priced


def test_samples_cost_what_the_comparison_says(bundled: Engine) -> None:
    """Where the forecast calls the very model of a sample under one set of terms, both price alike."""
    work = Work(images_per_month=1)
    asked = Workload(
        size=work.size, quality=work.quality, prompt_tokens=work.prompt_tokens, text_tokens=work.text_tokens
    )
    rows = {(name, row.seller): row for row in compare(bundled, asked) for name in row.samples}

    compared = 0
    for offer in (choices[0] for choices in offers(bundled, WorkloadFile(work=work)) if len(choices) == 1):
        for sample in offer.samples:
            if sample.outcome != "pending" and own_model(bundled, offer, sample.scenario) == offer.model:
                row = rows[f"{offer.dialect}/{sample.scenario}", offer.seller]
                assert (sample.cost.low, sample.cost.high) == (row.low, row.high), f"{offer.seller}/{sample.scenario}"
                compared += 1
    assert compared > 100


def test_an_answer_that_was_paid_for_before_is_no_success_to_measure_by(bundled: Engine) -> None:
    """A proxy that is asked again tells the finished task once more, for nothing."""
    terms = SellerTerms(mode="fast", account={"plan": "standard"})
    file = WorkloadFile(work=Work(images_per_month=1), seller={"midjourney": terms})
    by_dialect = {one.dialect: one for one in forecast(bundled, file) if one.seller == "midjourney"}

    assert by_dialect["mj-proxy"].success_low == Decimal("0.031")  # 0.93 minutes of 15 hours for $30
    assert by_dialect["mj-proxy"].success_high == by_dialect["mj-discord"].success_high


def own_model(engine: Engine, offer: Offer, name: str) -> str | None:
    """Return the model that the sample itself names."""
    dialect = engine.plugins.dialects[offer.dialect]
    scenarios = engine.plugins.providers[offer.platform].scenarios(offer.dialect)
    (scenario,) = (one for one in scenarios if one.name == name)
    return evaluate_scenario(engine, dialect, scenario, offer.seller).facts.model


def test_every_end_of_every_interval_is_in_order(bundled: Engine) -> None:
    for one in forecast(bundled, WorkloadFile(work=Work(images_per_month=100, reference_tokens=500))):
        for name in ("success", "per_image", "month", "failures", "attempts", "without_image"):
            low, high = getattr(one, f"{name}_low"), getattr(one, f"{name}_high")
            assert high is None or low <= high, f"{one.seller}/{one.dialect}: {name}"


# The workload file


def workload(tmp_path: Path, written: str) -> WorkloadFile:
    path = tmp_path / "workload.toml"
    path.write_text(dedent(written), encoding="utf-8")
    return load_workload(path, sellers=("toy-inc", "toy-twin-inc"))


def faults_of(tmp_path: Path, written: str) -> Iterator[tuple[int, int, str]]:
    with pytest.raises(PolicyFileError) as caught:
        workload(tmp_path, written)
    return ((fault.line, fault.column, fault.message) for fault in caught.value.diagnostics)


def test_shares_are_exact_with_and_without_quotes(tmp_path: Path) -> None:
    found = workload(
        tmp_path,
        """\
        work.images_per_month = 10
        failure = [
            { name = "a", outcome = "failed", share = 0.1 },
            { name = "b", outcome = "timeout", share = "0.2" },
        ]
        """,
    )

    assert [one.share for one in found.mix] == [Decimal("0.1"), Decimal("0.2")]


def test_no_classes_at_all_means_no_failures(tmp_path: Path) -> None:
    assert workload(tmp_path, "failure = []\nwork.images_per_month = 10\n").mix == ()


def test_all_faults_are_reported_with_their_places(tmp_path: Path) -> None:
    found = list(
        faults_of(
            tmp_path,
            """\
            [work]
            images_per_month = 0
            size = "big"

            [[failure]]
            name = "a"
            outcome = "blokced"
            share = 0.1

            [[failure]]
            name = "a"
            outcome = "delivered"
            share = "many"

            [seller.toy-ink]
            """,
        )
    )

    assert [(line, column) for line, column, _ in found] == [
        (2, 20),
        (3, 8),
        (7, 11),
        (11, 8),
        (12, 11),
        (13, 9),
        (15, 1),
    ]
    assert "did you mean 'blocked'?" in found[2][2]
    assert found[5][2] == "failure[1].share: 'many' is no share; write a part of all calls, from 0 to below 1"
    assert "did you mean 'toy-inc'?" in found[6][2]


@pytest.mark.parametrize("share", ["-0.1", "1", "nan", '"NaN"', "inf", "true", "[]", '"1e999999999"'])
def test_what_is_no_part_of_all_calls_is_no_share(tmp_path: Path, share: str) -> None:
    written = f'work.images_per_month = 1\nfailure = [{{ name = "a", outcome = "failed", share = {share} }}]\n'

    assert any("is no share" in message for _, _, message in faults_of(tmp_path, written))


def test_shares_leave_something_for_images_that_arrive(tmp_path: Path) -> None:
    written = """\
        work.images_per_month = 1
        failure = [
            { name = "a", outcome = "failed", share = "0.5" },
            { name = "b", outcome = "timeout", share = "0.5" },
        ]
        """

    ((line, _, message),) = faults_of(tmp_path, written)

    assert line == 4
    assert message == "failure[1].share: the shares sum to 1.0; below 1 leaves some for images that arrive"


def test_a_key_that_is_not_known_names_the_nearest(tmp_path: Path) -> None:
    found = list(faults_of(tmp_path, "[work]\nimages_per_month = 1\nprompt_token = 3\n"))

    assert found[0][:2] == (3, 1)
    assert "did you mean 'prompt_tokens'?" in found[0][2]


def test_toml_that_cannot_be_read_is_one_fault(tmp_path: Path) -> None:
    ((line, _, _),) = faults_of(tmp_path, "[work]\nimages_per_month =\n")

    assert line == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        load_workload(tmp_path / "nowhere.toml")
