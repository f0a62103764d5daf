"""The playbook of the abandoned cart, its settings and its versions: a passage stays on the one that it began on."""

from __future__ import annotations

from datetime import timedelta

from services.orchestrator.tests.living import (
    CART_ABANDONMENT,
    MINUTE,
    SILENCE,
    Life,
    configuration,
    playbook,
)


def test_a_workspace_sets_its_own_silence() -> None:
    shop = configuration(
        playbook("cart_abandonment", CART_ABANDONMENT),
        parameters="parameters: {cart_abandonment: {silence: 10s}}\n",
    )
    life = Life(shop)
    life.adds()
    life.waits(timedelta(seconds=11))

    assert len(life.requests) == 1


def test_a_passage_stays_on_its_version() -> None:
    old = playbook("cart_abandonment", CART_ABANDONMENT)
    new = playbook("cart_abandonment", CART_ABANDONMENT.replace("30m", "2h"))
    life = Life()
    life.adds()
    life.publishes(configuration(new, older=[old]))
    life.waits(SILENCE + MINUTE)

    [request] = life.requests
    assert request.version == old.hash


def test_a_passage_ends_with_a_decision_when_its_version_is_gone() -> None:
    life = Life()
    life.adds()
    life.publishes(configuration())
    life.does("Product Viewed", product_id="shoe")

    assert life.decisions == [("cancelled", "playbook_error")]
    assert life.exits == ["playbook_error"]
    assert life.timers == {}
    assert life.state is not None
    assert life.state.customer.counts["Product Viewed"] == 1


def test_an_older_version_keeps_its_defaults_when_the_workspace_speaks_of_a_newer_one() -> None:
    old = playbook("cart_abandonment", CART_ABANDONMENT)
    new = playbook("cart_abandonment", CART_ABANDONMENT.replace("silence", "rest"))
    life = Life()
    life.adds()
    life.publishes(
        configuration(new, older=[old], parameters="parameters: {cart_abandonment: {rest: 2h}}\n")
    )
    life.waits(SILENCE + MINUTE)

    assert life.decisions == [("chosen", "eligible")]
