"""The compiled programme: what the rule files say, resolved, with every default filled in.

Amounts are integers in minor units (of the wallet's unit for awards, caps, limits and fees; of the currency for
everything bought: goals, tiers, bounds). Ids stay text here; the engine gives them numbers. Nothing here knows how
it is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from guerdon.rules.condition import Condition


@dataclass(frozen=True, slots=True)
class Duration:
    """A calendar or clock step. ``unit`` is one of ``min h d w mo q y``."""

    n: int
    unit: str


@dataclass(frozen=True, slots=True)
class Rate:
    """An exact fraction in lowest terms; 2.5% is 1/40."""

    num: int
    den: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a funder bears or a fee takes of an award or spend: a rate, or an amount."""

    rate: Rate | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field that the business declared. ``type``: string, integer, decimal, boolean, date."""

    name: str
    type: str
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekdays (0 Monday .. 6 Sunday) and a span of minutes after their midnight; over 1440 runs into the next day."""

    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int  # exclusive


@dataclass(frozen=True, slots=True)
class Limit:
    """A wallet limit. ``window`` is day, week, month, quarter, year or lifetime."""

    on: str  # spend | payout
    window: str
    amount_minor: int | None
    times: int | None
    clip: bool


@dataclass(frozen=True, slots=True)
class WalletFee:
    on: str  # spend | payout
    share: Share


@dataclass(frozen=True, slots=True)
class AutoSpend:
    min_balance_minor: int
    min_minor: int
    max_minor: int | None


@dataclass(frozen=True, slots=True)
class Unit:
    """The wallet's unit: the currency itself, or points worth a fixed amount of it."""

    code: str
    digits: int
    worth: Rate  # minor units of the currency for one minor unit of the wallet; 1/1 for the currency itself
    points: bool


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    types: tuple[str, ...]
    merchants: tuple[str, ...]  # empty: any


@dataclass(frozen=True, slots=True)
class Group:
    """A resolution group; the root is the one with id ''. ``parent`` is '' below the root, None for the root."""

    id: str
    mode: str  # all | best | first
    parent: str | None


@dataclass(frozen=True, slots=True)
class Business:
    id: str
    name: str
    currency: str
    digits: int
    time_zone: str
    register: bool  # an unknown contact is registered by its first event
    venues: tuple[str, ...] | None  # None: any venue that no merchant has
    attributes_event: tuple[Attribute, ...]
    attributes_line: tuple[Attribute, ...]
    attributes_contact: tuple[Attribute, ...]
    sources: tuple[Source, ...]
    groups: tuple[Group, ...]  # the root first, parents before children
    redeem: str  # automatic | on_spend | on_request
    award_share_max: Rate | None
    late_within: Duration
    unit: Unit
    limits: tuple[Limit, ...]
    fees: tuple[WalletFee, ...]
    auto_spend: AutoSpend | None
    full_cover: bool
    referrals_per_day: int
    merge_forward: bool
    adjust_reasons: tuple[str, ...]
    agent_cap_window: str | None
    agent_cap_minor: int | None


@dataclass(frozen=True, slots=True)
class Segment:
    id: str
    contacts: Condition | None  # a test of contact fields, or
    members: tuple[str, ...] | None  # the contact ids of a list


@dataclass(frozen=True, slots=True)
class Venue:
    id: str
    taps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merchant:
    id: str
    name: str
    venues: tuple[Venue, ...]
    owns_contacts: bool


@dataclass(frozen=True, slots=True)
class Validity:
    """How long award money lives: exactly one of a duration, a local date (exclusive), or always."""

    duration: Duration | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    id: str
    valid: Validity
    lines: Condition | None
    merchants: tuple[str, ...]
    venues: tuple[str, ...]
    channels: tuple[str, ...]
    times: tuple[Hours, ...]
    activation: bool
    classification: str
    payout: bool


@dataclass(frozen=True, slots=True)
class Tier:
    id: str
    needs_minor: int  # units needed × money of one unit, in minor units of the currency


@dataclass(frozen=True, slots=True)
class Tiers:
    of: str  # total | net
    calendar_year: bool
    window: Duration | None  # from_achieved
    downgrade: str  # one_step | re_evaluate | never
    ladder: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Scheme:
    id: str
    title: str
    active: bool
    sign_up: str  # auto | self | email_domains | codes
    email_domains: tuple[str, ...]
    codes: tuple[str, ...]  # hashes (``source.code_hash``)
    funding: Share | None  # borne by the merchant
    forfeit_after: Duration | None  # None: on_close keep
    restore_grace: Duration | None
    holdout: Rate | None


@dataclass(frozen=True, slots=True)
class Goal:
    """One progress goal. ``kind``: spend, quantity, visits, visits_by_day, achievements, streak."""

    kind: str
    target: int  # minor units, thousandths, visits, number of classifications, windows in a row
    window: str  # day week month quarter year lifetime (event without)
    achievements: tuple[str, ...] = ()
    each: Goal | None = None  # of a streak: what each window needs


@dataclass(frozen=True, slots=True)
class Needs:
    """``kind``: quantity (thousandths), amount (minor units) or all (a bundle: ``matchers``)."""

    kind: str
    threshold: int
    matchers: tuple[Condition, ...]
    each: bool


@dataclass(frozen=True, slots=True)
class Cap:
    """``measure``: amount or times. ``per``: event, contact or offer. ``window`` as goals, or rolling over ``days``.

    The window ``tier`` is that of one default cap: a reach_tier offer gives once per tier and contact.
    """

    measure: str
    limit: int
    per: str
    window: str  # event day week month quarter year lifetime rolling tier
    days: int = 0


@dataclass(frozen=True, slots=True)
class Amount:
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Percent:
    rate: Rate
    of: str  # lines | event | progress


@dataclass(frozen=True, slots=True)
class Per:
    step_minor: int  # of the currency
    give_minor: int  # of the wallet's unit


@dataclass(frozen=True, slots=True)
class Bracket:
    to_minor: int | None  # None: no upper bound
    rate: Rate


@dataclass(frozen=True, slots=True)
class Brackets:
    brackets: tuple[Bracket, ...]


@dataclass(frozen=True, slots=True)
class Multiply:
    factor: Rate
    offers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    quantity: int
    value_minor: int  # of the currency
    supplier: str | None  # merchant; None: the business itself


@dataclass(frozen=True, slots=True)
class Draw:
    at: date
    winners: int
    amount_minor: int
    entries: int
    seed: str


Award = Amount | Percent | Per | Brackets | Multiply | Product | Draw


@dataclass(frozen=True, slots=True)
class Offer:
    id: str
    title: str
    scheme: str
    active: bool
    owner: str | None  # merchant
    goal: str  # spend | visits | membership | achievement
    type: str | None
    on: str  # event type that can win it
    available_from: date | None
    available_until: date | None
    times: tuple[Hours, ...]
    merchants: tuple[str, ...]
    venues: tuple[str, ...]
    channels: tuple[str, ...]
    tiers: tuple[str, ...]
    segments: tuple[str, ...]
    contact: Condition | None
    event: Condition | None
    lines: Condition | None
    needs: Needs | None
    goals: tuple[Goal, ...]
    reach: str  # all | any
    repeat: bool
    carry: bool
    award: Award
    net: bool  # base: net
    less_spend: bool
    rounding: str  # half_up | half_even | floor | ceil
    caps: tuple[Cap, ...]
    cooldown: Duration | None
    group: str  # '' the root
    priority: int
    pool: str
    instant: bool
    pending: Duration | None
    valid: Validity  # the pool's when the offer says nothing
    funding: Share | None  # borne by the merchant where it is won, or by ``owner``
    claw_back: str  # pending_only | within_balance | debt
    after: Duration | None
    unlocked_by: tuple[str, ...]  # codes


@dataclass(frozen=True, slots=True)
class Terms:
    merchant: str
    active: bool
    effective_from: date | None
    effective_until: date | None
    schemes: tuple[str, ...] | None  # None: any
    award_own: bool
    award_others: bool
    spend_own: bool
    spend_others: bool
    sign_up: bool
    contribution: Share | None
    award_fee: Share | None
    spend_fee: Share | None
    commission: Share | None
    settle_every: str  # month | ...
    due: Duration | None
    prepaid: bool
    budget_minor: int | None
    expiry_business: bool
    bank: str | None


@dataclass(frozen=True, slots=True)
class Program:
    """A programme in force. Offers are in the order (priority, id); ``version`` is the hash of the canonical form."""

    version: str
    canonical: str  # the canonical form, from which the same Program can be compiled again
    business: Business
    segments: tuple[Segment, ...]
    merchants: tuple[Merchant, ...]
    pools: tuple[Pool, ...]
    tiers: Tiers | None
    schemes: tuple[Scheme, ...]
    offers: tuple[Offer, ...]
    terms: tuple[Terms, ...]
    # (kind, JSON with every default filled in) of cards, rewards, certificates, sites, codes, controls, alerts
    instruments: tuple[tuple[str, str], ...] = ()
