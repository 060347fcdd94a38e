# ruff: noqa: DTZ001 - made-up moments have no zone
"""Events: what belongs together is linked as it comes, and a person's word is law."""

from datetime import datetime, timedelta

import pytest

from fenzhen.spotter import Level, Message, Settings, Spotter, Unknown

MONDAY = datetime(2026, 3, 2, 9)
SMALL = Settings(remember=400)
WINDOWS = [
    "晨光家园窗户缩水与样板间不符", "投诉晨光家园窗户比合同上小采光很差", "晨光家园客厅窗户太小够不着把手", "晨光家园开发商把窗户封堵了一半",
    "晨光家园交房窗户缩水要求恢复", "反映晨光家园窗户采光不足",
]  # fmt: skip
OTHER = [
    "柳河镇前屯村路灯不亮", "松岭街道垃圾清运不及时", "枣林路红绿灯时间太短", "阳光小学门口停车混乱", "翠湖苑物业费涨价", "建设大街夜间施工噪音",
    "槐树巷公共厕所脏", "人民医院挂号难", "公交三路班次太少", "北关市场占道经营",
]  # fmt: skip


def message(id_: str, words: str, at: float, who: str = "", **more: object) -> Message:
    return Message(id_, who or f"caller of {id_}", MONDAY + timedelta(hours=at), words, words, **more)  # type: ignore[arg-type]  # plain data


def with_background() -> Spotter:
    spotter = Spotter(SMALL)
    for at in range(60):
        words = OTHER[at % len(OTHER)]
        spotter.add(message(f"b{at}", f"{words}{at}号", at - 600, who=f"other {at}"))
    return spotter


def test_three_people_about_one_estates_windows_ring_once() -> None:
    spotter = with_background()
    made = [spotter.add(message(f"w{at}", words, at)) for at, words in enumerate(WINDOWS)]
    assert len({spotter.final(one.event) for one in made}) == 1
    alerts = [alert for one in made for alert in one.alerts if alert.level is Level.BLUE]
    assert len(alerts) == 1
    assert alerts[0].people == 3
    assert "晨光家园" in alerts[0].place


def test_one_man_who_calls_forty_times_rings_nothing() -> None:
    spotter = with_background()
    made = [spotter.add(message(f"w{at}", WINDOWS[at % 6], at / 10, who="the man")) for at in range(40)]
    assert not [alert for one in made for alert in one.alerts]
    view = spotter.view(made[-1].event)
    assert view.people == 1


def test_the_same_replay_gives_the_same_events_and_a_restart_changes_nothing() -> None:
    def replayed(restart_at: int) -> list[object]:
        spotter = with_background()
        out: list[object] = []
        for at, words in enumerate(WINDOWS + OTHER):
            if at == restart_at:
                spotter = Spotter.load(spotter.dump(), SMALL)
            out.append(spotter.add(message(f"m{at}", words, at)))
        return out

    whole = replayed(-1)
    assert replayed(-1) == whole
    assert replayed(3) == whole


def test_bytes_of_another_kind_are_no_state() -> None:
    with pytest.raises(ValueError, match="no state"):
        Spotter.load(b"something else")


def test_not_this_event_is_obeyed_ever_after() -> None:
    spotter = with_background()
    made = [spotter.add(message(f"w{at}", words, at)) for at, words in enumerate(WINDOWS[:3])]
    event = spotter.final(made[2].event)
    own = spotter.not_this("w1", event)
    assert own != event
    assert spotter.event_of("w1") == own
    for at, words in enumerate(WINDOWS[3:]):
        spotter.add(message(f"later{at}", words, 5 + at))
    assert spotter.event_of("w1") not in {event, spotter.event_of("w0")}
    assert "w1" not in spotter.view(event).messages
    assert "w1" not in {one.message for one in spotter.likely_members(event)}


def test_these_two_are_one_is_obeyed_and_later_ones_follow() -> None:
    spotter = with_background()
    first = spotter.add(message("a", "柳树湾小区电梯坏了", 1)).event
    second = spotter.add(message("b", "松柏里自来水发黄", 2)).event
    assert first != second
    kept = spotter.merge(second, first)
    assert kept == first
    assert spotter.final(second) == first
    assert spotter.view(second).messages == ("a", "b")
    assert spotter.view(first).people == 2


def test_what_a_person_has_split_stays_apart_until_a_person_says_otherwise() -> None:
    spotter = with_background()
    made = [spotter.add(message(f"w{at}", words, at)) for at, words in enumerate(WINDOWS[:4])]
    old = spotter.final(made[0].event)
    new = spotter.split(["w2", "w3"])
    assert set(spotter.view(new).messages) == {"w2", "w3"}
    for at, words in enumerate(WINDOWS):
        spotter.add(message(f"again{at}", words, 10 + at))
    assert spotter.final(old) != spotter.final(new)
    assert spotter.merge(old, new) == old
    assert {"w0", "w1", "w2", "w3"} <= set(spotter.view(old).messages)


def test_a_message_can_be_put_into_an_event_by_hand() -> None:
    spotter = with_background()
    event = spotter.add(message("a", WINDOWS[0], 1)).event
    spotter.add(message("b", "孩子够不着开关不敢通风", 2))
    assert spotter.put_into("b", event) == event
    assert spotter.event_of("b") == event


def test_memory_stays_bounded_and_the_forgotten_are_unknown() -> None:
    spotter = Spotter(Settings(remember=50))
    for at in range(180):
        spotter.add(message(f"m{at}", f"{OTHER[at % 10]}{at}号", at))
    assert len(spotter.views()) <= 50
    with pytest.raises(Unknown):
        spotter.event_of("m0")
    assert spotter.event_of("m179")


def test_a_message_is_not_taken_twice() -> None:
    spotter = Spotter(SMALL)
    spotter.add(message("a", WINDOWS[0], 0))
    with pytest.raises(ValueError, match="known already"):
        spotter.add(message("a", WINDOWS[0], 1))


def test_empty_and_odd_texts_stand_alone() -> None:
    spotter = with_background()
    for at, words in enumerate(["", "。", "\x00", "😀" * 50, "a", "<b></b>"]):
        assert not spotter.add(message(f"odd{at}", words, at)).alerts
