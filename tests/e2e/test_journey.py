"""The main job in one process."""

from __future__ import annotations

from pathlib import Path

from tests.e2e import basket, consents, customers, figures, interactions, journey, knowing
from tests.support.upright import Upright


def test_from_a_click_to_a_measured_message_and_its_end(up: Upright) -> None:
    with journey.mailbox(up.smtp_port) as box:
        journey.tell(up, box)


def test_an_abandoned_basket(up: Upright) -> None:
    """U28 U29: event, wait, mail, in one process."""
    with journey.mailbox(up.smtp_port) as box:
        basket.tell(up, box)


def test_everything_an_employee_does_with_customers(up: Upright) -> None:
    """U1 U5 D5 M18 D19 D11: the customer service in one process."""
    customers.tell(up)


def test_everything_employees_do_with_contacts(up: Upright) -> None:
    """C11 D13 U14 U15 U19 U40 U43: from a mail to its case, work, selling, forms, knowledge, plans, visits and erasure, in one process."""
    interactions.tell(up)


def test_everything_that_is_asked_and_proven(up: Upright, tmp_path: Path) -> None:
    """U41 U43 R2 N1: from double opt-in to proof and erasure, in one process."""
    with journey.mailbox(up.smtp_port) as box:
        consents.tell(up, box, tmp_path)


def test_everything_that_is_learnt(up: Upright) -> None:
    """M12, A16: from events to a model, its scores told, a mail and a figure, in one process."""
    knowing.tell(up)


def test_everything_an_analyst_asks(up: Upright) -> None:
    """U20 U23 U26 D15 A20: from facts to live members, a metric with its rows, SQL, a copy and a mailed report, in one process."""
    with journey.mailbox(up.smtp_port) as box:
        figures.tell(up, box)
