"""Two copies of the page, sentence by sentence, and the rules that a change makes suspect."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from slrspec.tracing.coverage import grants, is_cut
from slrspec.tracing.page import normal

if TYPE_CHECKING:
    from slrspec.tracing.editions import Edition
    from slrspec.tracing.page import Block, Page, Sentence

ALIKE = 0.6


@dataclass(frozen=True)
class Changes:
    """What has become of the sentences of a page.

    Attributes
    ----------
    unchanged
        How many are the same, at the same place among the others.
    moved
        The same, elsewhere.
    reworded
        Pairs of an old sentence and the new one that it has become.
    gone, new
        Those without a counterpart.
    blocks_gone, blocks_new
        JSON blocks likewise.
    blanks
        What the new copy has lost rather than changed: a name that stood by itself, or names inside a block.

    """

    unchanged: int
    moved: tuple[Sentence, ...]
    reworded: tuple[tuple[Sentence, Sentence], ...]
    gone: tuple[Sentence, ...]
    new: tuple[Sentence, ...]
    blocks_gone: tuple[Block, ...]
    blocks_new: tuple[Block, ...]
    blanks: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything has changed."""
        return bool(self.moved or self.reworded or self.gone or self.new or self.blocks_gone or self.blocks_new)


def compare(old: Page, new: Page) -> Changes:
    """Compare two copies of the page, an older and a newer one."""
    before = [sentence.fingerprint for sentence in old.sentences]
    after = [sentence.fingerprint for sentence in new.sentences]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    kept = [(b + i, a + i) for b, a, size in matcher.get_matching_blocks() for i in range(size)]
    left = [s for i, s in enumerate(old.sentences) if i not in {b for b, _ in kept}]
    right = [s for i, s in enumerate(new.sentences) if i not in {a for _, a in kept}]
    moved = _moved(left, right)
    reworded = _reworded(left, right)
    blanks = _lost_names(left, right)
    blocks_gone, blocks_new, cut = _changed_blocks(old, new)
    return Changes(
        unchanged=len(kept),
        moved=tuple(moved),
        reworded=tuple(reworded),
        gone=tuple(left),
        new=tuple(right),
        blocks_gone=tuple(blocks_gone),
        blocks_new=tuple(blocks_new),
        blanks=tuple(blanks + cut),
    )


def _lost_names(left: list[Sentence], right: list[Sentence]) -> list[str]:
    """Take out the names that stood by themselves and are gone, unless another name has come to their place."""
    sections = {sentence.section for sentence in right}
    lost = [s for s in left if " " not in normal(s.text) and not s.heading and s.section not in sections]
    for sentence in lost:
        left.remove(sentence)
    return [f"sentence {s.section}.{s.ordinal}: {s.text}" for s in lost]


def _changed_blocks(old: Page, new: Page) -> tuple[list[Block], list[Block], list[str]]:
    after, before = [grants(block) for block in new.blocks], [grants(block) for block in old.blocks]
    gone = [block for block in old.blocks if grants(block) not in after]
    fresh = [block for block in new.blocks if grants(block) not in before]
    cut: list[str] = []
    for block in list(gone):
        other = next((one for one in fresh if _is_cut_block(one, block)), None)
        if other is not None:
            gone.remove(block)
            fresh.remove(other)
            cut.append(f"block in section {block.section}: names inside it")
    return gone, fresh, cut


def _is_cut_block(found: Block, wanted: Block) -> bool:
    ours, theirs = sorted(grants(found), key=str), sorted(grants(wanted), key=str)
    return len(ours) == len(theirs) and all(is_cut(a, b) for a, b in zip(ours, theirs, strict=True))


def _moved(left: list[Sentence], right: list[Sentence]) -> list[Sentence]:
    """Take out of both lists what is in both, and return it."""
    shared = Counter(s.fingerprint for s in left) & Counter(s.fingerprint for s in right)
    moved = []
    for sentence in list(left):
        if shared[sentence.fingerprint] > 0:
            shared[sentence.fingerprint] -= 1
            left.remove(sentence)
            right.remove(next(s for s in right if s.fingerprint == sentence.fingerprint))
            moved.append(sentence)
    return moved


def _reworded(left: list[Sentence], right: list[Sentence]) -> list[tuple[Sentence, Sentence]]:
    """Take out of both lists the pairs that are alike, the most alike first, and return them in the old order."""
    pairs = sorted(
        ((_likeness(old, new), i, j) for i, old in enumerate(left) for j, new in enumerate(right)), reverse=True
    )
    chosen: list[tuple[int, int]] = []
    for likeness, i, j in pairs:
        if likeness >= ALIKE and all(i != a and j != b for a, b in chosen):
            chosen.append((i, j))
    found = [(left[i], right[j]) for i, j in sorted(chosen)]
    for old, new in found:
        left.remove(old)
        right.remove(new)
    return found


def _likeness(old: Sentence, new: Sentence) -> float:
    if old.heading != new.heading:
        return 0.0
    return SequenceMatcher(None, normal(old.text).split(), normal(new.text).split(), autojunk=False).ratio()


def suspects(changes: Changes, edition: Edition, old: Page) -> dict[str, str]:
    """Return the rules that a change makes suspect, by id, with what has happened to their sentence.

    Parameters
    ----------
    changes
        What has changed.
    edition
        The edition that the old copy is of.
    old
        The old copy, whose blocks are in the edition's order.

    """
    stated = {sentence.fingerprint: sentence.rules for sentence in edition.sentences}
    found: dict[str, str] = {}
    for was, now in changes.reworded:
        for rule in stated.get(was.fingerprint, ()):
            found[rule] = f"sentence {was.section}.{was.ordinal} is reworded ({now.section}.{now.ordinal} now)"
    for was in changes.gone:
        for rule in stated.get(was.fingerprint, ()):
            found.setdefault(rule, f"sentence {was.section}.{was.ordinal} is gone")
    for block in changes.blocks_gone:
        number = old.blocks.index(block)
        if number < len(edition.blocks):
            for rule in edition.blocks[number].rules:
                found.setdefault(rule, f"block {number + 1} is gone or changed")
    return dict(sorted(found.items()))
