"""What would have happened: the recorded past folded through another version of a playbook; nothing is written or sent."""

from cuestream.whatif.answering import Answer, answer
from cuestream.whatif.choosing import Wish, choose
from cuestream.whatif.question import Candidate, Question
from cuestream.whatif.reach import reaches_back_to, refusal

__all__ = [
    "Answer",
    "Candidate",
    "Question",
    "Wish",
    "answer",
    "choose",
    "reaches_back_to",
    "refusal",
]
