# SPDX-License-Identifier: GPL-2.0-only
"""Standard input: 'carryover timeline --json' of the demo; is it what happened?"""

import json
import sys

PREVIOUS = ["mark"] * 2 + ["preserve"] * 3 + ["freeze", "kexec"]
THIS = ["boot", "found", "bound"] + ["retrieve"] * 3 + ["finish"] + ["mark"] * 2

told = json.load(sys.stdin)
events = told["events"]
phases = [event["phase"] for event in events]
assert phases == PREVIOUS + THIS, phases
assert [event["kernel"] for event in events] == \
    ["previous"] * len(PREVIOUS) + ["this"] * len(THIS)
assert all(event["result"] == 0 for event in events), events
assert all(one["end"] <= other["begin"] for one, other in zip(events, events[1:])), events
assert all(event["begin"] < event["end"] for event in events
           if event["phase"] in ("preserve", "freeze", "retrieve", "finish")), events
assert [event["begin"] for event in events if event["phase"] == "freeze"] == [0], events
assert {event["object"] for event in events if event["phase"] == "preserve"} == \
    {event["object"] for event in events if event["phase"] == "retrieve"} == \
    {"demo/1", "demo/2", "demo/3"}, events
assert len({event["object"] for event in events if event["phase"] in ("found", "bound")}) == 1
assert told["lost"] == 0
