"""The routes of the API as data: method, path, the right that it needs, who answers, and the shape of the answer.

Nothing else decides who may call what: the app asks this table before it calls a handler.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from guerdon.engine.api import (
    alerting,
    approvals,
    caring,
    catalogue,
    certifying,
    commands,
    confirming,
    contacts,
    events,
    finance,
    instruments,
    models,
    operations,
    pin_checking,
    reconciling,
    recovering,
    resources,
    ticketing,
)
from guerdon.engine.api import desk_resources as desk
from guerdon.engine.api.roles import Right


@dataclass(frozen=True, slots=True)
class Route:
    """``answer``: the model of what 200 returns; None: no JSON. ``body``: what it takes; '' for nothing.

    ``also``: other statuses below 400, with their models.
    """

    method: str
    path: str
    right: Right
    handler: Callable[..., Any]
    answer: type[Any] | None
    body: str = ""
    also: tuple[tuple[int, type[Any]], ...] = ()


_COMMANDS = (
    ("/contacts/{contact}/{command}", commands.contact_command),
    ("/cards/{card}/{command}", commands.card_command),
    ("/certificates/{certificate}/{command}", commands.certificate_command),
    ("/coupons/{coupon}/{command}", commands.coupon_command),
    ("/rewards/{reward}/{command}", commands.reward_command),
    ("/merchants/{merchant}/{command}", commands.merchant_command),
    ("/log/{event_id}/{command}", commands.event_command),
)

ROUTES: tuple[Route, ...] = (
    Route("POST", "/events", Right.TELL, events.post_events, models.Outcomes, "events", ((207, models.Outcomes),)),
    Route("POST", "/estimates", Right.ESTIMATE, events.post_estimates, models.Outcome, "event"),
    Route("GET", "/events/{source}/{event_id}", Right.READ_EVENT, events.get_event, models.Journal),
    Route("GET", "/events/{source}/{event_id}/explain", Right.READ_EVENT, events.get_explanation, models.Explanation),
    Route("GET", "/contacts", Right.READ_CONTACT, contacts.get_contacts, resources.Contacts),
    Route("GET", "/contacts/{contact}", Right.READ_CONTACT, contacts.get_contact, resources.Contact),
    Route("GET", "/contacts/{contact}/wallet", Right.READ_CONTACT, contacts.get_wallet, resources.Wallet),
    Route("GET", "/contacts/{contact}/timeline", Right.READ_CONTACT, contacts.get_timeline, resources.Timeline),
    Route("GET", "/contacts/{contact}/progress", Right.READ_CONTACT, contacts.get_progress, resources.Progress),
    Route("GET", "/contacts/{contact}/offers", Right.READ_CONTACT, contacts.get_offers, resources.Offers),
    Route("GET", "/cards", Right.READ_INSTRUMENT, instruments.get_cards, resources.Cards),
    Route("GET", "/contacts/{contact}/coupons", Right.READ_CONTACT, catalogue.get_coupons, desk.Coupons),
    Route("GET", "/rewards", Right.READ_CONTACT, catalogue.get_rewards, desk.Rewards),
    Route("GET", "/cards/{card}", Right.READ_INSTRUMENT, instruments.get_card, resources.Card),
    Route(
        "GET", "/certificates/{certificate}", Right.READ_INSTRUMENT, instruments.get_certificate, resources.Certificate
    ),
    Route("GET", "/contacts/{contact}/claims", Right.READ_CONTACT, caring.get_claims, desk.Claim),
    Route("GET", "/contacts/{contact}/standing", Right.READ_CONTACT, caring.get_standing, desk.Standing),
    Route("GET", "/contacts/{contact}/mails", Right.READ_MAIL, caring.get_mails, desk.Mails),
    Route("POST", "/mails/{mail}/again", Right.SEND_MAIL, caring.post_again, desk.Mail),
    Route("GET", "/alerts", Right.READ_ALERT, alerting.get_alerts, desk.Alerts),
    Route("POST", "/alerts/{alert}/{verdict}", Right.DECIDE_ALERT, alerting.decide_alert, desk.Alert),
    Route(
        "GET",
        "/merchants/{merchant}/certificates",
        Right.READ_CERTIFICATES,
        certifying.get_certificates,
        desk.Certificates,
    ),
    # before the commands, whose paths it looks like
    Route("POST", "/cards/{card}/pin", Right.SET_PIN, pin_checking.set_pin, models.PinSet, "pin"),
    Route(
        "POST", "/certificates/{certificate}/tickets", Right.OPEN_TICKET, ticketing.post_ticket, desk.Ticket, "ticket"
    ),
    Route("GET", "/certificates/{certificate}/tickets", Right.OPEN_TICKET, ticketing.get_own_tickets, desk.Tickets),
    Route("POST", "/recoveries", Right.RECOVER, recovering.post_recovery, desk.Recovery, "recovery"),
    Route("POST", "/recoveries/certificates", Right.RECOVER, recovering.post_recovered, desk.Recovered, "recovered"),
    Route("GET", "/tickets", Right.READ_TICKET, ticketing.get_tickets, desk.Tickets),
    Route("POST", "/tickets/{ticket}/{step}", Right.ANSWER_TICKET, ticketing.change, desk.Ticket, "answer"),
    *(
        Route("POST", path, Right.COMMAND, handler, models.Outcome, "command", ((202, resources.Approval),))
        for path, handler in _COMMANDS
    ),
    Route("POST", "/confirmations", Right.COMMAND, confirming.post_confirmation, models.Outcome, "confirmation"),
    Route("GET", "/approvals", Right.APPROVE, approvals.get_approvals, resources.Approvals),
    Route("POST", "/approvals/{approval_id}/{decision}", Right.APPROVE, approvals.decide, resources.Decided),
    Route("GET", "/settlements", Right.READ_SETTLEMENT, finance.get_settlements, resources.Settlements),
    Route("GET", "/reports/{report}", Right.READ_REPORT, finance.get_report, resources.Report),
    Route("POST", "/reconciliations", Right.RECONCILE, reconciling.post_reconciliation, desk.Reconciliation, "extract"),
    Route("GET", "/audit", Right.READ_AUDIT, operations.get_audit, resources.Audit),
    Route("GET", "/audit/check", Right.READ_AUDIT, operations.get_audit_check, resources.AuditCheck),
    Route("GET", "/metrics", Right.READ_METRICS, operations.get_metrics, None),
    Route("GET", "/healthz", Right.NONE, operations.get_health, resources.State),
    Route("GET", "/readyz", Right.NONE, operations.get_ready, resources.State),
)
