"""What one file may say, and what the files of a programme say together (the canonical form)."""

from __future__ import annotations

from guerdon.rules.model.business import BusinessSays, MerchantSays, SegmentSays
from guerdon.rules.model.instruments import (
    AlertSays,
    CardSays,
    CertificateSays,
    CodeSays,
    ControlSays,
    RewardSays,
    SiteSays,
)
from guerdon.rules.model.pools import PoolSays, TiersSay
from guerdon.rules.model.scheme import OfferSays, SchemeSays, WholeScheme
from guerdon.rules.model.terms import TermsSay
from guerdon.rules.model.values import Part

# The lists of instruments; each entry has an id.
INSTRUMENTS = ("cards", "rewards", "certificates", "sites", "codes", "controls", "alerts")


class SharedSays(Part):
    """The keys that several files may add to."""

    segments: tuple[SegmentSays, ...] = ()
    merchants: tuple[MerchantSays, ...] = ()
    pools: tuple[PoolSays, ...] = ()
    terms: tuple[TermsSay, ...] = ()
    cards: tuple[CardSays, ...] = ()
    rewards: tuple[RewardSays, ...] = ()
    certificates: tuple[CertificateSays, ...] = ()
    sites: tuple[SiteSays, ...] = ()
    codes: tuple[CodeSays, ...] = ()
    controls: tuple[ControlSays, ...] = ()
    alerts: tuple[AlertSays, ...] = ()


class FileSays(SharedSays):
    """The top-level keys of a rule file."""

    business: BusinessSays | None = None
    tiers: TiersSay | None = None
    scheme: SchemeSays | None = None
    offers: tuple[OfferSays, ...] = ()


class ListsSay(Part):
    """What the files named by rule files hold: contact ids as they are, codes as hashes."""

    contacts: dict[str, tuple[str, ...]] | None = None
    codes: dict[str, tuple[str, ...]] | None = None


class ProgrammeSays(SharedSays):
    """A whole programme."""

    business: BusinessSays
    tiers: TiersSay | None = None
    schemes: tuple[WholeScheme, ...] = ()
    lists: ListsSay = ListsSay()
