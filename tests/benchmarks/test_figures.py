"""How figures are made of values."""

from benchmarks.customisation.figures import at_least, at_most, every, none_changed, share, spread


def test_a_median_and_its_bound() -> None:
    figure = at_least("psnr", 32, [30, 33, 40], 3, " dB")
    assert (figure.asked, figure.measured, figure.met, figure.runs) == (">= 32 dB", "33 dB", True, "3")
    assert at_most("error", 15, [10, 20, 30], 3).met is False


def test_a_run_that_failed_is_told_and_is_no_hit() -> None:
    figure = share("hits", 0.9, [True] * 9, 10)
    assert (figure.measured, figure.met, figure.runs) == ("90.0%", True, "9 of 10")
    assert share("hits", 0.9, [True] * 8, 10).met is False
    assert every("frames", [True], 2).met is False


def test_a_figure_whose_runs_all_failed_is_missed() -> None:
    assert [figure.met for figure in (at_least("x", 1, [], 2), none_changed("x", [], 2))] == [False, False]
    assert at_least("x", 1, [], 2).runs == "0 of 2"


def test_a_figure_that_nothing_was_asked_for_is_neither_met_nor_missed() -> None:
    assert [figure.met for figure in (at_least("x", 1, [], 0), none_changed("x", [], 0))] == [None, None]


def test_nothing_may_change() -> None:
    assert none_changed("lock", [0, 0], 2).met is True
    assert none_changed("lock", [0, 1], 2).met is False


def test_options_come_equally_often() -> None:
    options = list("abcdef")
    given = [option for number in range(36) for option in spread(options, number, 2)]
    assert {option: given.count(option) for option in options} == dict.fromkeys(options, 12)
    assert spread(options, 3, 6) == ["a", "b", "c", "d", "e", "f"]
