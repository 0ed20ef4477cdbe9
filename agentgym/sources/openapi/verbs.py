"""The verbs with which operations say what they do, and the words around them. Next: `intent`."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "ACTIONS",
    "AFTER",
    "COUNTS",
    "FILLERS",
    "NAMESPACE",
    "NOUNS",
    "PREPOSITIONS",
    "VERBS",
    "Verb",
]

Verb = Literal["get", "list", "count", "create", "update", "delete", "act", "none"]

COUNTS = frozenset({"count", "stats", "statistics", "all", "tally"})
"""Words at the end of a path by which what stands before them is summed up, or all listed."""
VERBS: dict[str, Verb] = {
    **dict.fromkeys(
        "get fetch retrieve read show describe view lookup load inspect".split(), "get"
    ),
    **dict.fromkeys(
        "list search find query browse filter all index scan enumerate discover".split(), "list"
    ),
    **dict.fromkeys("count tally stats statistics aggregate summarize".split(), "count"),
    **dict.fromkeys(
        "create add insert new register make open post submit send publish place book reserve "
        "schedule issue record log store save invite start_new draft raise write import".split(),
        "create",
    ),
    **dict.fromkeys(
        "update edit modify change set patch put replace rename adjust configure amend "
        "upsert move assign reassign".split(),
        "update",
    ),
    **dict.fromkeys("delete remove destroy drop erase purge unregister revoke".split(), "delete"),
}  # fmt: skip
ACTIONS = frozenset(
    "cancel approve reject decline accept confirm close reopen publish unpublish archive "
    "unarchive restore activate deactivate enable disable suspend resume pause unpause start stop "
    "complete finish lock unlock block unblock ship deliver dispatch refund pay void "
    "capture submit release hold verify expire renew retry mute unmute pin unpin star unstar "
    "follow unfollow like unlike mark flag hide unhide merge resolve unresolve acknowledge "
    "escalate return end begin finalize process dismiss snooze reactivate terminate "
    "undelete recover quarantine check sign fulfill fulfil redeem claim withdraw "
    "watch unwatch subscribe unsubscribe connect disconnect attach detach join leave install "
    "uninstall abort kill restart reboot reset refresh recalculate regenerate rotate trigger "
    "run execute invoke test validate preview render convert calculate compute estimate translate "
    "upload download export sync synchronize login logout authenticate authorize token ping "
    "health copy clone duplicate batch bulk notify transfer share unshare send resend swap "
    "associate disassociate allocate tag untag promote demote predict generate analyze "
    "analyse parse detect recognize subscribe poll push pull failover migrate upgrade suggest "
    "recommend compare simulate "
    "downgrade rollback reimage redeploy deallocate evaluate ban unban kick".split()
)
NOUNS = frozenset(
    "order issue record log store book place schedule report return check test view process "
    "transfer star tag flag mark sign hold claim end share token batch filter index scan query "
    "import post copy run pin release load like watch block lock refund count stats statistics "
    "ping health export download upload clone preview change patch set put draft open begin "
    "invite register notify trigger stop start save all place follow show tally move".split()
)
"""Verbs that are as often nouns: where they stand decides."""
PREPOSITIONS = frozenset(
    "by for of from in with to on at using via within into under as per and where that about "
    "without over".split()
)
FILLERS = frozenset("a an the my one single many multiple some new existing specific".split())
AFTER = frozenset("detail details info information data object record collection".split())
NAMESPACE = frozenset(
    "controller api apis resource service services handler endpoint views view set viewset rest "
    "v1 v2 v3 default operation operations method action".split()
)
