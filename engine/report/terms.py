"""Terms and conditions of a scheme for its customers: from the compiled programme, with examples that were played.

What is between the business and its merchants (funding, fees, budgets) and between the business and itself (holdouts)
is no part of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from guerdon.engine.report.terms_conditions import in_words
from guerdon.engine.report.terms_examples import Examples
from guerdon.engine.report.terms_offers import OfferText
from guerdon.engine.report.terms_trials import open_to_all
from guerdon.engine.report.terms_words import Words, duration, each, either, locale_named, sentence, times, within
from guerdon.rules.program import Limit, Pool, Program, Scheme, Tiers, WalletFee


@dataclass(frozen=True, slots=True)
class Section:
    """``level``: 1 a chapter, 2 one offer or pool in it."""

    title: str
    sentences: tuple[str, ...]
    examples: tuple[str, ...] = ()
    level: int = 1


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one scheme. ``language``: the tag of the locale in which its figures are written."""

    title: str
    business: str
    version: str
    language: str
    sections: tuple[Section, ...]


def terms_of(program: Program, scheme: Scheme, locale: str = "en") -> Terms:
    """The terms of one scheme of a programme. Each example costs some ten milliseconds.

    Raises:
        ValueError: there is no locale of that name.
    """
    return _Writer(program, scheme, Words(program.business, locale_named(locale))).terms()


class _Writer:
    def __init__(self, program: Program, scheme: Scheme, words: Words) -> None:
        self.program, self.scheme, self.words = program, scheme, words
        self.offers = [offer for offer in program.offers if offer.scheme == scheme.id and offer.active]

    def terms(self) -> Terms:
        parts = (self._joining(), *self._offers(), self._wallet(), *self._pools(), self._tiers(), self._back())
        sections = tuple(section for section in (*parts, self._leaving()) if section.sentences)
        business = self.program.business
        language = str(self.words.locale).replace("_", "-")
        return Terms(
            f"{self.scheme.title}: terms and conditions", business.name, self.program.version, language, sections
        )

    # ---- members

    def _joining(self) -> Section:
        return _section("Taking part", self._join_sentences())

    def _join_sentences(self) -> Iterator[str]:
        scheme, business = self.scheme, self.program.business
        yield f"this scheme is offered by {business.name}"
        if not scheme.active:
            yield "the scheme is not running yet"
        match scheme.sign_up:
            case "auto":
                yield "you take part from the moment we know you; nothing needs to be signed"
            case "self":
                yield "you take part once you have signed up"
            case "email_domains":
                at = either(list(scheme.email_domains))
                yield f"you can join with an e-mail address at {at}; we send a code to it that you confirm"
            case "codes":
                yield "you can join with a sign-up code; each code is good for one person"
        how = "your first purchase registers you" if business.register else "you have to register before you buy"
        yield f"{how}; purchases without your identification earn nothing"
        zone = business.time_zone
        yield f"dates, weekdays and times are those of the time zone {zone}; a week begins on Monday"

    # ---- offers

    def _offers(self) -> Iterator[Section]:
        if not self.offers:
            yield Section("The offers", ("There are no offers at present.",))
            return
        yield Section("The offers", tuple(sentence(text) for text in self._together()))
        tried = open_to_all(self.program, self.scheme.id)
        places = {offer.id: offer for offer in tried.offers}
        for offer in self.offers:
            examples = Examples(places[offer.id], tried, self.words).sentences()
            sentences = OfferText(offer, self.program, self.words).sentences()
            yield Section(offer.title, tuple(sentences), tuple(examples), level=2)

    def _together(self) -> Iterator[str]:
        """What holds for all offers together."""
        share = self.program.business.award_share_max
        if share is not None:
            yield (
                f"all awards of one purchase together come to at most {self.words.rate(share)} of its total; awards "
                "for goals that you reach over several purchases are not part of this limit"
            )
        late = self.program.business.late_within
        yield f"a purchase that is told to us more than {duration(late)} late cannot be considered"

    # ---- money

    def _wallet(self) -> Section:
        return _section("Your reward money", self._wallet_sentences())

    def _wallet_sentences(self) -> Iterator[str]:
        business, words = self.program.business, self.words
        if business.unit.points:
            worth = business.unit.worth
            value = words.exact(10**business.unit.digits * Fraction(worth.num, worth.den))
            yield f"awards are given in {business.unit.code}; 1 {business.unit.code} is worth {value}"
        yield {
            "automatic": "each purchase releases reward money up to its own total, what expires first being released "
            "first; released money is yours to spend and does not expire",
            "on_spend": "reward money is released when you ask to pay a purchase with it, what expires first being "
            "released first",
            "on_request": "a purchase releases reward money up to its own total when you ask for it, what expires "
            "first being released first; released money is yours to spend and does not expire",
        }[business.redeem]
        if business.auto_spend is not None:
            auto = business.auto_spend
            most = f" and at most {words.reward(auto.max_minor)}" if auto.max_minor is not None else ""
            yield (
                f"once you have {words.reward(auto.min_balance_minor)} to spend, a purchase is paid with it by itself, "
                f"with at least {words.reward(auto.min_minor)}{most}"
            )
        if business.full_cover:
            yield "if you ask to pay with it, your money has to cover the amount in full"
        for limit in business.limits:
            yield self._limit(limit)
        for fee in business.fees:
            yield self._fee(fee)

    def _limit(self, limit: Limit) -> str:
        spends = limit.on == "spend"
        how_long = within(limit.window)
        if limit.times is not None:
            return f"you can {'pay with it' if spends else 'have it paid out'} at most {times(limit.times)} {how_long}"
        more = "; of more only that much is used" if limit.clip else ""
        most = self.words.reward(limit.amount_minor or 0)
        return f"you can {'pay with' if spends else 'have paid out'} at most {most} {how_long}{more}"

    def _fee(self, fee: WalletFee) -> str:
        what = "paying with it" if fee.on == "spend" else "a payout"
        cost = self.words.rate(fee.share.rate) if fee.share.rate else self.words.reward(fee.share.amount_minor or 0)
        return f"{what} costs {cost}{' of the amount' if fee.share.rate else ''}"

    def _pools(self) -> Iterator[Section]:
        used = {offer.pool for offer in self.offers}
        for pool in self.program.pools:
            if pool.id in used:
                yield _section(f"“{pool.id}” money", self._pool(pool), level=2)

    def _pool(self, pool: Pool) -> Iterator[str]:
        """Where the money of a pool can be used; nothing to say of one that can be used anywhere."""
        names = {merchant.id: merchant.name for merchant in self.program.merchants}
        if pool.lines is not None:
            yield f"it pays articles where {in_words(pool.lines, self.words)}"
        if pool.merchants:
            yield f"it can be used at {either([names.get(id_, id_) for id_ in pool.merchants])}"
        if pool.venues:
            yield f"it can be used in {either(list(pool.venues))}"
        if pool.channels:
            yield f"it can be used through the channel {either(list(pool.channels))}"
        if pool.times:
            yield f"it can be used {self.words.hours(pool.times)}"
        if pool.activation:
            yield "you have to activate it first"
        if pool.payout:
            yield "what you redeem of it can be paid out to your account"

    # ---- tiers, returns, leaving

    def _tiers(self) -> Section:
        told = any(offer.tiers or offer.on == "tier_reached" for offer in self.offers)
        return _section("Tiers", self._tier_sentences(self.program.tiers) if self.program.tiers and told else iter(()))

    def _tier_sentences(self, tiers: Tiers) -> Iterator[str]:
        words = self.words
        what = "purchases before tax" if tiers.of == "net" else "purchases"
        ladder = [f"{tier.id} from {words.money(tier.needs_minor)}" for tier in tiers.ladder]
        yield f"your tier follows from your {what}: {each(ladder)}"
        yield "you reach a higher tier with the purchase that brings you there; its advantages begin with the next"
        if tiers.calendar_year:
            yield "a tier is looked at again at the end of each calendar year"
        elif tiers.window is not None:
            yield f"a tier is looked at again {duration(tiers.window)} after you reached it"
        yield {
            "one_step": "if your purchases in that time were too few to keep it, you go down by one tier",
            "re_evaluate": "if your purchases in that time were too few to keep it, you go to the tier that they reach",
            "never": "a tier once reached is yours for good",
        }[tiers.downgrade]

    def _back(self) -> Section:
        return _section("Returns", self._back_sentences() if any(o.on == "purchase" for o in self.offers) else iter(()))

    def _back_sentences(self) -> Iterator[str]:
        yield "what you return no longer counts towards goals and tiers; awards that need it are taken back"
        yield "if you paid with reward money, you get that part of it back as reward money"
        grace = self.scheme.restore_grace
        if grace is None:
            yield "reward money that you get back after its expiry has expired"
        else:
            yield f"reward money that you get back after its expiry can be used for another {duration(grace)}"

    def _leaving(self) -> Section:
        after = self.scheme.forfeit_after
        kept = (
            "you keep your reward money"
            if after is None
            else (f"your reward money is lost {duration(after)} after that")
        )
        return _section("Leaving", iter((f"you can leave at any time; when your account is closed, {kept}",)))


def _section(title: str, sentences: Iterator[str], level: int = 1) -> Section:
    return Section(title, tuple(sentence(text) for text in sentences), level=level)
