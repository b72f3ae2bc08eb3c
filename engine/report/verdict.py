"""What ``verify`` found, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guerdon.engine.ledger.audit import Report


def verdict_text(report: Report) -> str:
    """One line a check, then what was found, then the verdict."""
    lines = []
    for checked in report.checks:
        end = f"not checked: {checked.skipped}" if checked.skipped else f"{checked.seconds:.2f} s"
        mark = "-" if checked.skipped else ("FAILED" if checked.found else "ok")
        lines.append(f"{checked.check:4} {mark:7} {checked.title} ({end})")
    left = report.by_what_is_left
    if left is not None and left.contacts:
        contacts = f"{left.contacts} erased contact{'' if left.contacts == 1 else 's'}"
        lines.append(f"             {left.events} events of {contacts} replayed by what is left of them")
    lines += ["", *map(str, report.findings)] if report.findings else []
    hidden = sum(checked.found for checked in report.checks) - len(report.findings)
    lines += [f"and {hidden} more"] if hidden > 0 else []
    failed = sum(checked.found > 0 for checked in report.checks)
    lines += ["", "every invariant holds" if report.ok else f"{failed} of {len(report.checks)} checks failed"]
    return "\n".join(lines)


def verdict_json(report: Report) -> dict[str, Any]:
    """The object that ``verify --json`` prints."""
    names = ("check", "title", "found", "skipped")
    left = report.by_what_is_left
    return {
        "ok": report.ok,
        "replayed_by_what_is_left": None if left is None else {"contacts": left.contacts, "events": left.events},
        "checks": [{name: getattr(checked, name) for name in names} for checked in report.checks],
        "findings": [
            {name: getattr(finding, name) for name in ("check", "what", "where", "expected", "found")}
            for finding in report.findings
        ],
    }
