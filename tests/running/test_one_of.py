"""A phrase whose parameters are listed is told from others, and from what only looks like it."""

from __future__ import annotations

import pytest

from slrspec.running.one_of import OneOf
from slrspec.running.phrases import step_modules

DEEDS = ("create the role", "delete the role", "do (almost) anything.")
PHRASE = OneOf("someone with <policy> can <deed>", policy=("a policy", "a policy and a key"), deed=DEEDS)


@pytest.mark.parametrize("policy", ["a policy", "a policy and a key"])
@pytest.mark.parametrize("deed", DEEDS)
def test_each_of_its_phrases_says_what_the_parameters_are(policy: str, deed: str) -> None:
    said = f"someone with {policy} can {deed}"
    assert PHRASE.is_matching(said)
    assert PHRASE.parse_arguments(said) == {"policy": policy, "deed": deed}


@pytest.mark.parametrize(
    "said",
    [
        "someone with a policy can create the roles",
        "someone with another policy can create the role",
        "someone with a policy can do (almost) anything!",  # no regular expression
        "someone with <policy> can <deed>",
        "and someone with a policy can create the role",
        "",
    ],
)
def test_anything_else_is_none_of_them(said: str) -> None:
    assert not PHRASE.is_matching(said)
    assert PHRASE.parse_arguments(said) is None


def test_what_a_step_does_with_its_arguments_is_not_remembered() -> None:
    said = "someone with a policy can create the role"
    given = PHRASE.parse_arguments(said)
    assert given is not None
    given.clear()
    assert PHRASE.parse_arguments(said) == {"policy": "a policy", "deed": "create the role"}


def test_every_phrase_of_ours_with_listed_parameters_has_all_that_it_names() -> None:
    from pytest_bdd.steps import step_function_context_registry

    step_modules()
    ours = [one.parser for one in step_function_context_registry.values() if isinstance(one.parser, OneOf)]
    assert len(ours) > 5
    assert not [said for one in ours for said in one._arguments if "<" in said]
