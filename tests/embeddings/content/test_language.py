"""Texts in other languages are noticed, short ones and names are not."""

from __future__ import annotations

from embeddings.content.language import foreign

ENGLISH = "A retired thief plans one last heist in the small town where her brother died."
OTHERS = [
    "Un ladrón retirado planea un último golpe en el pequeño pueblo donde murió su hermano.",
    "Ein Dieb im Ruhestand plant einen letzten Raub in der kleinen Stadt, in der sein Bruder starb.",
    "은퇴한 도둑이 오빠가 죽은 작은 마을에서 마지막 강도를 계획하고 사람들은 그녀를 의심하기 시작한다",
]


def test_other_languages_are_noticed() -> None:
    assert foreign([ENGLISH]) == 0
    assert [foreign([text]) for text in OTHERS] == [1, 1, 1]
    assert foreign([ENGLISH, OTHERS[0]]) == 0.5


def test_what_is_too_short_to_tell_is_no_foreigner() -> None:
    assert foreign(["Monty Python", ""]) == 0
