"""Telling carriers which of their bids for tours stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.messages import QUESTIONS, Exchange, Message, Performative, Topic, table

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from agents.protocols.talk import Talk
    from agents.protocols.tour_book import Book


def stand(
    talk: Talk, book: Book, moves: Mapping[int, bool], *, binding: bool
) -> Generator[Exchange, tuple[Message, ...], None]:
    """Tell carriers which of their bids stand, and which do so no more; who does not agree is unwilling."""
    rows: dict[str, list[tuple[str, int, bool]]] = {}
    for j in sorted(moves):
        offer = book.offers[j]
        rows.setdefault(offer.carrier, []).append((offer.question, offer.tour, moves[j]))
    if not rows:
        return
    names = QUESTIONS[Topic.STAND].names
    bodies = {
        c: table(QUESTIONS[Topic.STAND], dict(zip(names, map(list, zip(*own, strict=True)), strict=True)))
        for c, own in rows.items()
    }
    performative = Performative.ACCEPT_PROPOSAL if binding else Performative.INFORM
    agreed = talk.answers((yield talk.ask(Topic.STAND, bodies, performative)))
    book.unwilling |= rows.keys() - agreed.keys()
    book.standing = {j for j in book.standing | moves.keys() if moves.get(j, True)}
