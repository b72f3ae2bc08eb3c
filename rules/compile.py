"""The model of a programme → the compiled ``Program``: figures worked out, every default filled in."""

from __future__ import annotations

import json
from typing import Any

from guerdon.rules import figures
from guerdon.rules.compile_offers import Context, a_date, compile_offers, duration, place, share, spans, valid
from guerdon.rules.condition import Condition
from guerdon.rules.currencies import DIGITS
from guerdon.rules.document import Path
from guerdon.rules.figures import Digits
from guerdon.rules.matchers import read_matcher, vocabulary
from guerdon.rules.model.business import (
    AttributeSays,
    BusinessSays,
    GroupSays,
    LimitSays,
    MerchantSays,
    SegmentSays,
    UnitSays,
    WalletFeeSays,
)
from guerdon.rules.model.pools import PoolSays, TiersSay
from guerdon.rules.model.programme import INSTRUMENTS, ListsSay, ProgrammeSays
from guerdon.rules.model.scheme import OnCloseSays, SignUpSays, WholeScheme
from guerdon.rules.model.terms import TermsSay
from guerdon.rules.names import ANYWHERE, MAX_POOLS
from guerdon.rules.program import (
    Attribute,
    AutoSpend,
    Business,
    Group,
    Limit,
    Merchant,
    Pool,
    Program,
    Rate,
    Scheme,
    Segment,
    Share,
    Source,
    Terms,
    Tier,
    Tiers,
    Unit,
    Venue,
    WalletFee,
)


def digits_of(currency: str, unit: UnitSays | None) -> Digits:
    """Digits of the currency and of the wallet's unit, which is the currency unless the wallet holds points."""
    return Digits(DIGITS[currency], DIGITS[currency] if unit is None else unit.digits)


def compile_programme(says: ProgrammeSays, canonical: str, version: str) -> Program:
    """The programme in force. ``says`` is valid and coherent: nothing here complains."""
    business = says.business
    digits = digits_of(business.currency, business.wallet.unit)
    attributes = business.attributes.model_dump()
    words = vocabulary({scope: own or {} for scope, own in attributes.items()}, digits.currency)

    def condition(matcher: dict[str, Any] | None, scope: str) -> Condition | None:
        return None if matcher is None else read_matcher(matcher, scope, words, _unexpected)

    pools = tuple(_pool(pool, condition) for pool in _with_anywhere(says.pools))
    context = Context(digits, condition, {pool.id: pool.valid for pool in pools}, _unlocks(says))
    return Program(
        version=version,
        canonical=canonical,
        business=_business(business, digits),
        segments=tuple(_segment(segment, says.lists, condition) for segment in says.segments),
        merchants=tuple(_merchant(merchant) for merchant in says.merchants),
        pools=pools,
        tiers=None if says.tiers is None else _tiers(says.tiers, digits),
        schemes=tuple(_scheme(scheme, says.lists, digits) for scheme in says.schemes),
        offers=compile_offers(says.schemes, context),
        terms=tuple(_terms(terms, digits) for terms in says.terms),
        instruments=tuple((kind, _as_json(entry)) for kind in INSTRUMENTS for entry in _instruments(says, kind)),
    )


def _unexpected(path: Path, code: str, message: str, hint: str) -> None:
    raise ValueError(f"a matcher that was checked is wrong: {code} at {path}: {message}")


def _by_id(entry: Any) -> str:
    return str(entry.id)


def _instruments(says: ProgrammeSays, kind: str) -> tuple[Any, ...]:
    """The entries of a kind; codes that a file holds are their hashes."""
    entries: tuple[Any, ...] = getattr(says, kind)
    if kind != "codes":
        return entries
    held = says.lists.codes or {}
    return tuple(
        code.model_copy(update={"numbers": held[code.numbers]}) if isinstance(code.numbers, str) else code
        for code in says.codes
    )


def _as_json(entry: Any) -> str:
    return json.dumps(entry.model_dump(by_alias=True), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _unlocks(says: ProgrammeSays) -> dict[str, tuple[str, ...]]:
    codes: dict[str, tuple[str, ...]] = {}
    for code in says.codes:
        codes[code.unlocks] = (*codes.get(code.unlocks, ()), code.id)
    return codes


def _business(says: BusinessSays, digits: Digits) -> Business:
    wallet, cap = says.wallet, says.adjust.agent_cap
    auto = wallet.auto_spend
    return Business(
        id=says.id,
        name=says.name or says.id,
        currency=says.currency,
        digits=digits.currency,
        time_zone=says.time_zone,
        register=says.register_ == "auto",
        venues=None if says.venues == "any" else tuple(says.venues),
        attributes_event=_attributes(says.attributes.event),
        attributes_line=_attributes(says.attributes.line),
        attributes_contact=_attributes(says.attributes.contact),
        sources=tuple(Source(each.id, each.types, each.merchants) for each in sorted(says.sources, key=_by_id)),
        groups=(Group("", says.resolution.mode, None), *_groups(says.resolution.groups, "")),
        redeem=says.redeem,
        award_share_max=None if says.award_share_max == "none" else figures.percent(says.award_share_max),
        late_within=figures.duration(says.late_within),
        unit=_unit(wallet.unit, says.currency, digits),
        limits=tuple(_limit(limit, digits) for limit in wallet.limits),
        fees=tuple(_wallet_fee(fee, digits) for fee in wallet.fees),
        auto_spend=None
        if auto is None
        else AutoSpend(
            digits.units(auto.min_balance), digits.units(auto.min), None if auto.max is None else digits.units(auto.max)
        ),
        full_cover=wallet.full_cover,
        referrals_per_day=says.referrals.per_day,
        merge_forward=says.merge.forward,
        adjust_reasons=says.adjust.reasons,
        agent_cap_window=None if cap is None else cap.each,
        agent_cap_minor=None if cap is None else digits.units(cap.amount),
    )


def _attributes(says: dict[str, Any] | None) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(name, kind.type, kind.personal) if isinstance(kind, AttributeSays) else Attribute(name, kind)
        for name, kind in sorted((says or {}).items())
    )


def _groups(groups: tuple[GroupSays, ...], parent: str) -> list[Group]:
    found: list[Group] = []
    for group in sorted(groups, key=_by_id):
        found += [Group(group.id, group.mode, parent), *_groups(group.groups, group.id)]
    return found


def _unit(says: UnitSays | None, currency: str, digits: Digits) -> Unit:
    if says is None:
        return Unit(currency, digits.currency, Rate(1, 1), points=False)
    worth = figures.rate(says.worth)
    minor_worth = figures.lowest(worth.num * 10**digits.currency, worth.den * 10**digits.unit)
    return Unit(says.code, digits.unit, minor_worth, points=True)


def _limit(says: LimitSays, digits: Digits) -> Limit:
    amount_minor = None if says.amount is None else digits.units(says.amount)
    return Limit(says.on, says.each, amount_minor, says.times, clip=says.over == "clip")


def _wallet_fee(says: WalletFeeSays, digits: Digits) -> WalletFee:
    if says.percent is not None:
        return WalletFee(says.on, Share(rate=figures.percent(says.percent)))
    return WalletFee(says.on, Share(amount_minor=digits.units(says.amount or "0")))


def _segment(says: SegmentSays, lists: ListsSay, condition: Any) -> Segment:
    members = None if says.list_ is None else (lists.contacts or {})[says.list_]
    return Segment(says.id, condition(says.contacts, "contact"), members)


def _merchant(says: MerchantSays) -> Merchant:
    venues = tuple(Venue(venue.id, venue.taps) for venue in sorted(says.venues, key=_by_id))
    return Merchant(says.id, says.name or says.id, venues, says.owns_contacts)


def _with_anywhere(pools: tuple[PoolSays, ...]) -> list[PoolSays]:
    declared = any(pool.id == ANYWHERE for pool in pools) or len(pools) == MAX_POOLS
    return sorted(pools if declared else (*pools, PoolSays(id=ANYWHERE)), key=lambda pool: pool.id)


def _pool(says: PoolSays, condition: Any) -> Pool:
    merchants, venues, channels = place(says.at)
    return Pool(
        id=says.id,
        valid=valid(says.valid),
        lines=condition(says.lines, "line"),
        merchants=merchants,
        venues=venues,
        channels=channels,
        times=spans(says.times),
        activation=says.activation == "required",
        classification=says.classification,
        payout=says.payout,
    )


def _tiers(says: TiersSay, digits: Digits) -> Tiers:
    unit_minor = digits.money(says.unit_per)
    return Tiers(
        of=says.of,
        calendar_year=says.window.calendar is not None,
        window=duration(says.window.from_achieved),
        downgrade=says.downgrade,
        ladder=tuple(Tier(tier.id, tier.needs * unit_minor) for tier in says.ladder),
    )


def _scheme(says: WholeScheme, lists: ListsSay, digits: Digits) -> Scheme:
    sign_up, on_close = says.sign_up, says.on_close
    codes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    if isinstance(sign_up, SignUpSays):
        domains = tuple(domain.lower() for domain in sign_up.email_domains or ())
        codes = () if sign_up.codes is None else (lists.codes or {})[sign_up.codes]
    return Scheme(
        id=says.id,
        title=says.title or says.id,
        active=says.state == "active",
        sign_up=sign_up if isinstance(sign_up, str) else "email_domains" if domains else "codes",
        email_domains=domains,
        codes=codes,
        funding=share(None if says.funding is None else says.funding.merchant, digits),
        forfeit_after=figures.duration(on_close.forfeit_after) if isinstance(on_close, OnCloseSays) else None,
        restore_grace=None if says.restore is None else figures.duration(says.restore.grace),
        holdout=None if says.holdout is None else figures.percent(says.holdout),
    )


def _terms(says: TermsSay, digits: Digits) -> Terms:
    may, settle = says.may, says.settle
    return Terms(
        merchant=says.merchant,
        active=says.state == "active",
        effective_from=a_date(says.effective.from_),
        effective_until=a_date(says.effective.until),
        schemes=None if isinstance(says.schemes, str) else says.schemes,
        award_own=may.award_own,
        award_others=may.award_others,
        spend_own=may.spend_own,
        spend_others=may.spend_others,
        sign_up=may.sign_up,
        contribution=share(says.contribution, digits),
        award_fee=share(says.fees.award, digits),
        spend_fee=share(says.fees.spend, digits),
        commission=share(says.commission, digits),
        settle_every=settle.every,
        due=duration(settle.due),
        prepaid=settle.mode == "prepaid",
        budget_minor=None if settle.budget is None else digits.money(settle.budget),
        expiry_business=settle.expiry == "business",
        bank=says.bank,
    )
