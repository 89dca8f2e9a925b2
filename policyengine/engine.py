"""Decide exchanges: translate, classify, bill, price, route."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from policyengine.billing import Billing, Case
from policyengine.errors import AccountError, DialectError, nearest
from policyengine.fallback import FALLBACK, NOBODY
from policyengine.guard import check_quantities, claim_of, is_malformed, plugin_failed, shows_seller, split_body
from policyengine.intake import exchange_of
from policyengine.native import utc
from policyengine.plugins import PluginSet, load_plugins
from policyengine.policy.load import Policy, load_policy
from policyengine.provider import Claim, Dialect, Normalized, Seller
from policyengine.routing import UNROUTED, route_for
from policyengine.settlement import settled_charge
from policyengine.verdict import Step, Verdict, VerdictWarning
from policyengine.warning import ABOUT_THE_ANSWER, ABOUT_THE_MONEY, charge_warnings, fact_warnings, unlisted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policyengine.exchange import Exchange
    from policyengine.facts import Facts, UsageRow
    from policyengine.policy.accounts import Account
    from policyengine.preflight import Preflight
    from policyengine.request import Request
    from policyengine.rules.model import Decision
    from policyengine.rules.ordered import BoundRule
    from policyengine.verdict import Charge
    from policyengine.vocabulary import Outcome, Stage
    from policyengine.watch import Watch

__all__ = ["Engine"]


class Engine:
    """Answer what happened, who bills what, how much, and what to do next.

    An engine is immutable, thread-safe and picklable, and does no I/O after loading.

    >>> engine = Engine.load()
    >>> verdict = engine.evaluate(b'{"error": {"code": 503}}', http_status=503)
    >>> verdict.outcome, verdict.route.action
    ('failed', 'backoff')
    """

    def __init__(self, policy: Policy, plugins: PluginSet) -> None:
        """Join a loaded *policy* with the *plugins* that translate; `Engine.load` does both."""
        self.policy = policy
        self.plugins = plugins
        self._billing = Billing(policy.rules, policy.prices)
        self._hosts = _hosts(policy, plugins)
        self._reading_sellers = tuple(
            seller for seller in plugins.sellers.values() if type(seller).recognizes is not Seller.recognizes
        )

    @classmethod
    def load(cls, directory: str | Path | None = None, *, plugins: PluginSet | None = None) -> Engine:
        """Return an engine with the bundled rules and prices, those of *directory* before them.

        Raises:
            PolicyFileError: rule, price or account files have faults; it lists all of them.
        """
        found = load_plugins() if plugins is None else plugins
        return cls(load_policy(found, None if directory is None else Path(directory)), found)

    @classmethod
    def load_bundle(
        cls, path: str | Path, *, fingerprint: str | None = None, plugins: PluginSet | None = None
    ) -> Engine:
        """Return the engine that `bundle` wrote to *path*, with its fingerprint; files are not needed any more.

        In a directory of bundles *fingerprint*, that of an old verdict, finds the one that made it.

        Raises:
            PolicyFileError: it is no bundle, was altered or cut short, or is not that of *fingerprint*.
        """
        from policyengine.bundle import load_bundle  # noqa: PLC0415  only when an old decision is made again

        found = load_plugins() if plugins is None else plugins
        return cls(load_bundle(Path(path), found, fingerprint), found)

    @classmethod
    def watch(cls, directory: str | Path, *, plugins: PluginSet | None = None) -> Watch:
        """Return a watch on *directory*, whose `.engine` is always that of the last change without a fault.

        Raises:
            MissingExtraError: the extra `watch` is not installed.
            PolicyFileError: files have faults to begin with; it lists all of them.
        """
        from policyengine.watch import Watch  # noqa: PLC0415  needs an extra

        return Watch(Path(directory), load_plugins() if plugins is None else plugins)

    def bundle(self) -> bytes:
        """Return all rules, prices and accounts that decide, as one file that `load_bundle` reads."""
        from policyengine.bundle import bundle_of  # noqa: PLC0415  as above

        return bundle_of(self.policy)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle policy and plugins; compiled rules and caches are made anew."""
        return Engine, (self.policy, self.plugins)

    @property
    def fingerprint(self) -> str:
        """Return the digest of everything that decides."""
        return self.policy.fingerprint

    def evaluate(self, source: object, **context: Any) -> Verdict:  # noqa: ANN401
        """Return the verdict on one exchange.

        *source* is the answer: bytes, a mapping, a list of stream chunks, an SDK object,
        an httpx or requests response, an exception, or an `Exchange`. *context* is what the
        caller knows beside it: provider, dialect, seller, account, account_facts, model,
        http_status, headers, url, request, at, elapsed_s, attempt, transport_error.

        Raises:
            DialectError: a name is not known, or several dialects fit equally well.
            AccountError: `account` names no account of the policy directory.
            InputError: *source* is nothing that can be read.
        """
        exchange = self._with_account(exchange_of(source, context))
        dialect = self.dialect_of(exchange)
        seller, assumed = self._seller(exchange, dialect)
        if exchange.seller != seller:
            exchange = msgspec.structs.replace(exchange, seller=seller)
        (facts, usage), trouble = self._normalized(dialect, exchange)
        try:
            return self._verdict(facts, usage, [*assumed, *trouble, *fact_warnings(facts, dialect, exchange)])
        except (AttributeError, TypeError) as error:
            if not is_malformed(facts, usage):
                raise
            warning = plugin_failed(dialect, f"returned facts of a wrong type ({error})")
            return self._verdict(*FALLBACK.normalize(exchange), [*assumed, warning])

    def split(self, source: object, **context: Any) -> list[Exchange]:  # noqa: ANN401
        """Return the exchanges that *source* holds: several where a body bundles responses, as batches do.

        Raises:
            DialectError, AccountError, InputError: as `evaluate` does.
        """
        exchange = self._with_account(exchange_of(source, context))
        dialect = self.dialect_of(exchange)
        bodies = split_body(dialect, exchange.body)
        if len(bodies) == 1:
            return [exchange]
        return [msgspec.structs.replace(exchange, body=body) for body in bodies]

    def evaluate_many(self, sources: Iterable[object], **context: Any) -> Iterator[Verdict]:  # noqa: ANN401
        """Yield the verdict on each of *sources*; *context* holds for all of them."""
        for source in sources:
            yield self.evaluate(source, **context)

    def evaluate_task(self, sources: Iterable[object], **context: Any) -> Verdict:  # noqa: ANN401
        """Return one verdict and one charge on a submit, its polls and its webhooks, in the order they came.

        Raises:
            InputError: there are no *sources*.
        """
        from policyengine.task import fold  # noqa: PLC0415

        verdicts = list(self.evaluate_many(sources, **context))
        facts, usage, warnings = fold(verdicts)
        return self._verdict(facts, usage, warnings)

    def rebill(self, verdict: Verdict, *, seller: str, account_facts: Mapping[str, str | int] | None = None) -> Verdict:
        """Return the same answer under another seller's invoice; the account with the former one counts no more."""
        kept = [warning for warning in verdict.warnings if warning.code in ABOUT_THE_ANSWER]
        facts = msgspec.structs.replace(verdict.facts, seller=seller, account=dict(account_facts or {}))
        return self._verdict(facts, verdict.usage, [*kept, *unlisted(seller, self.policy.prices)])

    def decide(
        self,
        facts: Facts,
        usage: Iterable[UsageRow] = (),
        warnings: Iterable[VerdictWarning] = (),
        *,
        decided: tuple[Outcome, Stage] | None = None,
    ) -> Verdict:
        """Return the verdict on facts that are already normalized, for the outcome and stage *decided*, if given.

        *warnings* tell what was odd about the answer that they are of.
        """
        kept = [warning for warning in warnings if warning.code not in ABOUT_THE_MONEY]
        return self._verdict(facts, tuple(usage), kept, decided)

    def replay(self, verdict: Verdict) -> Verdict:
        """Return what this engine decides on the answer of *verdict*; the one that made it decides the same again."""
        return self.decide(verdict.facts, verdict.usage, verdict.warnings)

    def charge_for(self, verdict: Verdict, work: Facts) -> Charge:
        """Return what *work* costs under the bill of *verdict*, whatever that answer consumed."""
        case = Case(verdict.facts, verdict.usage, verdict.outcome, verdict.stage)
        return self._billing.decide(case, work=work).charge

    def success_cost(self, work: Facts) -> Charge:
        """Return what *work* costs when it succeeds."""
        return self._billing.success(work)

    def preflight(self, request: Request, *, account: str | None = None) -> Preflight:
        """Return what to mind before *request* is sent, and what the call costs if it fails or succeeds.

        Raises:
            DialectError: no plugin ships the provider.
            AccountError: *account* names no account of the policy directory.
            InputError: a value of the request has the wrong type.
        """
        from policyengine.preflight import preflight  # noqa: PLC0415

        return preflight(self, self._billing, request, None if account is None else self._account(account))

    def dialect_of(self, exchange: Exchange) -> Dialect:
        """Return the dialect that *exchange* is written in.

        Where none claims it, or several claim an envelope that anybody may use, it is the
        fallback, which reads the transport and nothing else.

        Raises:
            DialectError: the name is not known, or several dialects claim it as their own.
        """
        if exchange.dialect is not None:
            return self.plugins.dialect(exchange.dialect)
        if exchange.url is None and type(exchange.body) is dict:
            asked = self.plugins.dialects_for(exchange.provider, exchange.body)
        else:
            asked = self.plugins.dialects_of(exchange.provider)
        best: list[Dialect] = []
        highest = Claim.MAYBE
        for dialect in asked:
            claim = claim_of(dialect, exchange)
            if claim > highest:
                best, highest = [dialect], claim
            elif claim == highest:
                best.append(dialect)
        if len(best) > 1:
            return self._tied(best, highest, exchange)
        return best[0] if best else FALLBACK

    def _tied(self, dialects: list[Dialect], claim: Claim, exchange: Exchange) -> Dialect:
        """Return the dialect whose own seller invoices, if that is one of *dialects* alone."""
        known = exchange.seller or self._shown_seller(exchange)
        own = [dialect for dialect in dialects if dialect.seller == known]
        if len(own) == 1:
            return own[0]
        if claim == Claim.MAYBE:
            return FALLBACK
        names = [dialect.name for dialect in dialects]
        msg = f"the answer may be in {' or '.join(map(repr, names))}; pass dialect=, provider= or seller="
        raise DialectError(msg, names)

    def _with_account(self, exchange: Exchange) -> Exchange:
        """Return *exchange* with what is known of the account it names, or below whose address it went."""
        if exchange.account is not None:
            account: Account | None = self._account(exchange.account)
        else:
            account = self._account_at(exchange.url) if exchange.url and self.policy.accounts else None
        if account is None:
            return exchange
        return msgspec.structs.replace(
            exchange,
            seller=exchange.seller or account.seller,
            account_facts={**account.account_facts, **exchange.account_facts},
        )

    def _account(self, name: str) -> Account:
        account = self.policy.accounts.get(name)
        if account is None:
            known = tuple(self.policy.accounts)
            hint = nearest(name, known) if known else "; no policy directory with accounts.toml is loaded"
            msg = f"account {name!r} is not known{hint}"
            raise AccountError(msg)
        return account

    def _account_at(self, url: str) -> Account | None:
        """Return the account below whose address *url* lies, the most specific one."""
        address = url.partition("?")[0]
        below = [
            account
            for account in self.policy.accounts.values()
            if account.base_url and f"{address}/".startswith(f"{account.base_url.rstrip('/')}/")
        ]
        return max(below, key=lambda account: len(account.base_url or ""), default=None)

    def _seller(self, exchange: Exchange, dialect: Dialect) -> tuple[str, list[VerdictWarning]]:
        """Return who invoices, and a warning when that is an assumption or a name without rules."""
        told = exchange.seller or self._shown_seller(exchange)
        seller = told or dialect.seller
        warnings = []
        if told is None:
            shown = f"{exchange.host} is no seller's address" if exchange.host else "nothing tells who invoices"
            assumed = "pass seller=" if seller == NOBODY else f"assumed {seller!r}, the dialect's own"
            warnings.append(VerdictWarning("seller_assumed", f"{shown}; {assumed}"))
        else:
            warnings += unlisted(seller, self.policy.prices)
        return seller, warnings

    def _shown_seller(self, exchange: Exchange) -> str | None:
        """Return the seller that the address or the envelope shows."""
        if exchange.url and (seller := self._hosts.get(exchange.host)):
            return seller
        return next((seller.name for seller in self._reading_sellers if shows_seller(seller, exchange)), None)

    def _normalized(self, dialect: Dialect, exchange: Exchange) -> tuple[Normalized, list[VerdictWarning]]:
        try:
            facts, usage = dialect.normalize(exchange)
            check_quantities(usage)
            return (facts, tuple(usage)), []
        except Exception as error:  # noqa: BLE001  a plugin may fail in any way and must not take the caller down
            failed = plugin_failed(dialect, f"raised {type(error).__name__}: {error}")
            return FALLBACK.normalize(exchange), [failed]

    def _verdict(
        self,
        facts: Facts,
        usage: tuple[UsageRow, ...],
        warnings: list[VerdictWarning],
        decided_before: tuple[Outcome, Stage] | None = None,
    ) -> Verdict:
        if facts.at is None:
            facts = msgspec.structs.replace(facts, at=datetime.now(UTC))
        elif facts.at.tzinfo is not UTC:
            facts = msgspec.structs.replace(facts, at=utc(facts.at))
        rules = self.policy.rules
        classified = None if decided_before else rules.deciding("classify", facts.dialect).first(facts)
        outcome, stage = decided_before or _classification(classified)
        decided = self._billing.decide(Case(facts, usage, outcome, stage))
        routed = rules.deciding("route").first(facts, outcome, stage)
        charge = decided.charge
        if (facts.settled is not None or facts.quoted is not None) and self._issues(facts):
            charge, about_money = settled_charge(charge, facts, outcome, self.policy.prices)
            warnings = [*warnings, *about_money]
        return Verdict(
            outcome=outcome,
            stage=stage,
            images=facts.images_delivered,
            bill=decided.bill,
            charge=charge,
            route=route_for(routed.rule.then, facts) if routed else UNROUTED,
            facts=facts,
            usage=usage,
            trail=_trail(classified, decided.steps, routed),
            experimental=self._experimental(facts, outcome, stage),
            warnings=(*warnings, *charge_warnings(decided.bill, charge, facts)),
            fingerprint=self.policy.fingerprint,
        )

    def _issues(self, facts: Facts) -> bool:
        """Return whether amounts in the payload are those of the invoice: the dialect's own seller sends it."""
        dialect = self.plugins.dialects.get(facts.dialect)
        return dialect is not None and dialect.seller == facts.seller

    def _experimental(self, facts: Facts, outcome: str, stage: str) -> tuple[Step, ...]:
        if not self.policy.rules.has_experiments:
            return ()
        found = []
        lists: tuple[tuple[Decision, str], ...] = (("classify", facts.dialect), ("bill", facts.seller), ("route", ""))
        for decision, key in lists:
            on_trial = self.policy.rules.experimental(decision, key)
            if on_trial.rules:
                named = on_trial.per_component(facts, outcome, stage)
                found += [rule.step for rule in dict.fromkeys(named) if rule is not None]
        return tuple(found)


def _classification(classified: BoundRule | None) -> tuple[Outcome, Stage]:
    """Return what the first rule that matched says happened."""
    if classified is None:
        return "unrecognized", "unknown"
    return classified.rule.then.outcome, classified.rule.then.stage


def _trail(classified: BoundRule | None, billed: tuple[Step, ...], routed: BoundRule | None) -> tuple[Step, ...]:
    first = (classified.step,) if classified else ()
    return (*first, *billed, *((routed.step,) if routed else ()))


def _hosts(policy: Policy, plugins: PluginSet) -> Mapping[str, str]:
    """Return the seller behind each host, by bill tables and plugins; the first named wins."""
    found: dict[str, str] = {}
    for name in policy.rules.sellers():
        for table in policy.rules.bill_files(name):
            for host in table.hosts:
                found.setdefault(host, name)
    for seller in plugins.sellers.values():
        for host in seller.hosts:
            found.setdefault(host, seller.name)
    return found
