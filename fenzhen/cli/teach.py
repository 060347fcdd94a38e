"""`fenzhen teach`"""

import click

from fenzhen.cli.ready import say, with_database


@click.command("teach", short_help="Learn from decided tickets; do the reckonings that wait.")
@click.option("--waiting", is_flag=True, help="Only what was asked for on the page and waits.")
@with_database()
def command(waiting: bool) -> None:
    """Collect what decided tickets teach, learn a model from it, and use it where it is better on later tickets.

    The worker does so once a night. With --waiting it does what was asked for on the page: a teaching, a trial on a
    district's own history.
    """
    import os

    from django.utils import timezone

    from fenzhen.office.accounts import system_account
    from fenzhen.office.teach import ask_teaching, collect_truths
    from fenzhen.office.trials import do_waiting, last_teaching

    system = system_account()
    if waiting:
        os.nice(10)  # beside a desk at work
    else:
        while collect_truths(by=system, now=timezone.now()):
            pass
        ask_teaching(by=system, now=timezone.now())
    done = do_waiting(by=system, now=timezone.now)
    if waiting:
        return
    facts = last_teaching(system)
    if facts.get("too_few"):
        say(
            f"已定单位的工单只有 {facts['labels']} 张,至少要 {facts['least']} 张才学得到东西",
            f"{facts['labels']} decided tickets, at least {facts['least']} are needed; nothing learned",
        )
    elif done and facts:
        say(
            f"在后来的 {facts['n']} 张上:原来对 {facts['right_before']},新模型对 {facts['right_new']};"
            + ("已启用新模型" if facts.get("in_use") else "没有明显更准,不启用"),
            f"on {facts['n']} later tickets: {facts['right_before']} right before, {facts['right_new']} now; "
            + ("in use" if facts.get("in_use") else "not better, not used"),
        )
