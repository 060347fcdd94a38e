"""The verbs of a ticket's way, in the order of the process.

receive, answer, redirect, submit, supplement, join_call (`intake`) · hold, ask_back, classify (`triage`) ·
dispatch, take_back, undo, reopen (`dispatch`) · sign, note, wait, resume, reply (`handle`) · approve,
send_back (`review`) · miss, close, rehandle (`callback`) · withdraw, void (`intake`, `close`) · note,
reveal (`story`). Everything moves by one hand: `step`.
"""
