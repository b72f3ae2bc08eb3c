"""Which of several awards on one event are given: the tree of groups with all, best and first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .candidates import Candidate

if TYPE_CHECKING:
    from .judge import Judge


class Branch:
    """A child of a group that awards something: an offer, or a group with its winners."""

    def __init__(self, winners: list[Candidate], priority: int, name: str) -> None:
        self.winners = winners
        self.priority = priority
        self.name = name
        self.sum = sum(candidate.amount for candidate in winners)


def resolve(j: Judge, candidates: list[Candidate]) -> tuple[list[Candidate], dict[str, str]]:
    """The candidates that win, and for each that does not the id of the winner that outranked it."""
    outranked: dict[str, str] = {}
    root = {"id": "", **(j.rules.business.get("resolution") or {})}
    branch = decide_group(root, candidates, outranked, at_root=True)
    return (branch.winners if branch else []), outranked


def decide_group(
    group: dict[str, Any], candidates: list[Candidate], outranked: dict[str, str], at_root: bool = False
) -> Branch | None:
    children = [
        Branch([candidate], candidate.offer.priority, candidate.offer.id)
        for candidate in candidates
        if candidate.offer.get("group") == (None if at_root else group["id"])
    ]
    for inner in group.get("groups") or []:
        branch = decide_group(inner, candidates, outranked)
        if branch is not None:
            children.append(branch)
    if not children:
        return None
    chosen = choose(group.get("mode", "all"), children)
    winners = [candidate for child in chosen for candidate in child.winners]
    for child in children:
        if child not in chosen:
            for loser in child.winners:
                outranked[loser.offer.id] = winners[0].offer.id
    return Branch(winners, min(child.priority for child in chosen), group["id"])


def choose(mode: str, children: list[Branch]) -> list[Branch]:
    if mode == "best":
        return [min(children, key=lambda child: (-child.sum, child.priority, child.name))]
    if mode == "first":
        return [min(children, key=lambda child: (child.priority, child.name))]
    return children
