"""What a sentence does, by its words alone: asks, agrees, greets, promises, refuses, insults.

One sentence or message in, yes or no out; no state. Next: `words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = [
    "ASSENT",
    "CLOSER",
    "CONFIRM",
    "HINTS",
    "assents",
    "claims_end",
    "closes",
    "confirming",
    "did_it",
    "garbled",
    "goes_on",
    "greets",
    "insults",
    "is_question",
    "opens_with_w",
    "promises",
    "refuses",
    "reports",
    "sentences",
    "spelled_out",
    "unsure",
    "verifies",
    "what_to_do",
    "which",
    "who",
]

HINTS = {
    "when": frozenset({"date", "datetime"}),
    "how many": frozenset({"integer"}),
    "how much": frozenset({"decimal", "float"}),
}
"""Opening words of a question, and the value types that answer it."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+|(?<=[a-z][.!?])(?=[A-Z])")
ASSENT = re.compile(
    r"\b(proceed|go ahead|carry on|(shall|should|may|can) (i|we)\b(?! (have|get|ask|know|see))"
    r"|do you (want|agree|approve|consent|confirm)|would you like me|(is|are) (that|this|these|it) "
    r"(correct|right|ok|okay|fine|alright)|sounds? (good|right)|are you sure|ok to|okay to"
    r"|(ok|okay|alright)\s*\?)",
    re.IGNORECASE,
)
CONFIRM = re.compile(rf"\bconfirm\w*|{ASSENT.pattern}", re.IGNORECASE)
CLOSER = re.compile(
    r"\b((any|some)thing (else|more|further)|(any|some) (other|more|further)\b|what else\b"
    r"|further (help|assistance|questions?|requests?))",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^\W*(?:(?:ok|okay|sure|well|hello|hi|thanks|thank you|sorry|and|so|then)\b\W*)*"
    r"(what|which|who|whom|whose|when|where|why|how|could you|can you|would you|will you|"
    r"do you|did you|are you|is there|may i (have|ask|know|get)|(please )?"
    r"(tell|give|provide|send|share|state|specify|clarify|confirm|enter)\b|i (still )?need\b|"
    r"(just )?(to (confirm|be sure|double.?check|verify)|let me (confirm|double.?check)|checking)"
    r"\b)",
    re.IGNORECASE,
)
_NEEDS = re.compile(
    r"^\W*(?:still )?need(?:ed)?\b|"
    r"\b(?:i|we)(?:['’](?:ll|d)| (?:will|would|do|also|still|just|first|only|now|kindly|must|"
    r"have to))*"
    r" (?:need|require|ask you|request)\b(?! to (?!know|have|be told|ask you))",
    re.IGNORECASE,
)
"""What somebody says who needs to be told something."""
_REQUEST = re.compile(
    r"\b(?:please|kindly|if you (?:could|would|can))\b[^.?!]{0,20}\b(?:tell|give|provide|send|"
    r"share|state|specify|clarify|supply|indicate|answer|say|furnish|advise|submit|quote|"
    r"identify|introduce|authenticate|verify|prove)\b"
    r"(?! (?:me |us )?(?:a|an|one|some|just|it) )"
    r"|\b(?:provide|supply) (?:me|us|your|the|more)\b"
    r"|\b(?:give|tell|send) (?:me|us) (?:your|the|more|what|which|who)\b"
    r"|\blet (?:me|us) know (?:the|your|what|which|who|when|where)\b"
    r"|\b(?:is|are) (?:still )?(?:missing|required|needed)\b"
    r"|\b(?:whether|if) (?:i|we) (?:may|can|should|shall)\b",
    re.IGNORECASE,
)
"""A request anywhere in a sentence that is no question by its form."""
_REQUESTING = tuple(
    "need,requ,ask you,please,kindly,provide,supply,give,tell,send,know,missing,whether,if ".split(
        ","
    )
)
_PROMISE = re.compile(
    r"^\W*(?:(?:ok|okay|sure|certainly|of course|great|alright|right|thanks|thank you|hello|hi|"
    r"understood)\b\W*)*(let me (?!know)|i('ll| will| am going to|'m going to|'m now| am now)\b|"
    r"(one|just a) (moment|second|minute)|please (wait|hold)|hold on|give me a)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"\W*(hi|hello|hey|greetings|welcome|good (morning|afternoon|evening|day)|"
    r"how are you( doing| today)?|nice (day|weather)[\w ]{0,20}|nice to meet you|"
    r"you are welcome|no problem|"
    r"how (can|may|could) (i|we) (help|assist|be of (help|service|assistance))( you)?"
    r"( today| now| then)?|"
    r"(thank you|thanks)( very much| so much| a lot)?( for [^.!?\n]{1,80})?|"
    r"(i am|i['’]m|we are) (more than |very |so |always )?(happy|glad|here|pleased|delighted) to "
    r"(help|assist|hear|meet)[^.!?\n]{0,60})"
    r"( there| everyone| again| to you| very much| so much| a lot)?\W*",
    re.IGNORECASE,
)
_MANY = r"(several|multiple|many|more than one|a few|a couple|two|three|four|five|six|\d+)"
_UNSURE = re.compile(
    "|".join(
        (
            r"\bwhich (ones?\b|of (them|these|those|the)\b|is it\b|exactly\b)",
            r"\bwhich (is|are|was|were) [^.?!]{0,80}\bones?\b",
            r"\b(do|did|are|were) you (mean|refer|talk|think|speak)",
            r"\byou (mean|are referring|refer to|had in mind)\b",
            r"\bmore (specific|precise|exact|detail|information|info\b|context)",
            r"\b(specify|clarify|disambiguate|narrow|ambiguous|unclear|be specific|be exact)",
            r"\btell (them|these|those|the \w+) apart\b",
            r"\b(not|n't) (sure|clear|certain) (which|who)\b",
            r"\b(further|other|additional|any|some) details?\b",
            r"\bidentify (the|which|it\b)",
            r"\b(pick|choose|select) (one|from|between|which)\b",
            r"\b(is|was) it (the|an?)\b[^.!]{0,80}\bor\b",
            rf"\b(there (are|were|seem|appear)|there's)\b[^.?!]{{0,80}}\b{_MANY}\b",
            rf"\b(i|we) (see|found|find|have|got)\b[^.?!]{{0,80}}\b{_MANY}\b",
            r"\b(more than one|multiple|several) (\w+ ){0,3}(match|fit|exist|record|result|option)",
        )
    ),
    re.IGNORECASE,
)
_TO_DO = re.compile(
    r"\bwhat (exactly |precisely )?((would|do|did) you (like|want|wish|need)( me)? "
    r"(to )?(change|update|edit|set|add|create|make|do|done|changed|happen|delete|remove)"
    r"|(would|do) you (like|want) done|(should|shall|must|am|can|do) (i|we|be|it|they)\b"
    r"[^.?!]{0,30}\b(change|update|edit|set|do|add|write|put|enter|create|changed|updated|set to)"
    r"|(should|has to|needs to|is to|must) (be |get )?(changed|updated|set|edited|done|added)"
    r"|(is|are) (the|your) (changes?|updates?|new values?)|changes?\b|needs? chang)"
    r"|^\W*(and |so )?(change |set |update )?(it )?to (what|which)\b|"
    r"\bwhich (fields?|values?|details?|changes?|propert)",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\bwho (am i|are we) (talking|speaking|chatting|dealing)|\b(who are you|who is this|who's this"
    r"|and you are)\b|\b(verify|confirm|prove|establish|check) (your|who you|the caller|it is you)"
    r"( identity| are)?|\byour (identity|credentials)\b|\bidentify (yourself|you)\b|\byour "
    r"(own )?((full|first|last|family|given) )?name\b|"
    r"\b(how|what) (can|may|should|do) i call you\b",
    re.IGNORECASE,
)
_VERIFIES = re.compile(
    r"\b(correct|right|is (that|this|it) (so|true)|isn't it|am i right|do you mean|did you mean|"
    r"you mean|you said|confirm\w*|verify|double.check|to be sure|just checking|as i understand)\b",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\b(unfortunately|unable|can(not|'t|’t| not)|could(n't| not)|won't|not (able|possible|allowed|"
    r"permitted|something)|no (tool|way|means)|impossible|out of my|beyond (my|what)|outside)\b",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"\b(done|finished|completed?|all set|that('s| is) all|goodbye|bye|resolved|taken care of|"
    r"have a (nice|good|great|lovely|wonderful|pleasant)|"
    r"i('ve| have) (\w+ ){0,2}\w+(ed|en|ade|et|ut)\b|(has|have|was|were)"
    r"( now| just| all)? been \w+|successfully|the answer)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\b(found|looking|checking|searching|working|trying|i see|i('ve| have)|so far|first|next|now|"
    r"almost|still)\b",
    re.IGNORECASE,
)
_INSULT = re.compile(
    r"\b(idiots?|idiotic|morons?|imbeciles?|stupid|dumb(ass)?|shut up|screw you|go to hell|"
    r"(i )?hate you|you suck|you('re| are) (a )?(loser|fool|liar|joke|pathetic|useless|worthless|"
    r"trash|garbage)|damn you|f+u+c+k\w*|assholes?|bastards?|bitch\w*|jerks?|scum|"
    r"piss off|get lost|stop wasting my time|nobody (likes|cares about) you)\b",
    re.IGNORECASE,
)
_REPORTS = re.compile(r"\b(tell|report|inform|notify|let you know|alert|offer)\b", re.IGNORECASE)
_DID_IT = re.compile(
    r"\b(did (that|it|this) (work|help|go)|have you (done|finished|managed|tried)|"
    r"is (it|that) done|were you able|did you (do|manage|succeed|finish|try|get)|"
    r"how did (it|that) go|(all )?done (it )?(yet|already))\b",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTED = re.compile(r"[\"“][^\"“”]{0,200}[\"”]")
_RUDE = (
    "idiot moron imbecile stupid dumb shut screw hell hate suck loser fool liar joke pathetic "
    "useless worthless trash garbage damn fu asshole bastard bitch jerk scum piss lost wasting "
    "nobody"
).split()
_OPEN_W = re.compile(
    r"\b(what|which|who|whom|whose|when|where|how|why)\b[^,;:.?!\n]*\Z", re.IGNORECASE
)
_NOT_YET = re.compile(
    r"\b(in order to|able to|before (i|we)( can)?|so( that)? (i|we) (can|may|could)|"
    r"can ?not|can['’]t|then (i|we) can)\s+\Z",
    re.IGNORECASE,
)
"""Before what somebody says that they cannot go on without something."""
_MARKS = "\"'”’)]}*_~` \t"
"""What may stand behind the last sign of a sentence."""
_SPELLED = {
    "wich": "which",
    "wat": "what",
    "wats": "what is",
    "u": "you",
    "ur": "your",
    "pls": "please",
    "plz": "please",
    "cud": "could",
    "shud": "should",
    "wud": "would",
    "tel": "tell",
    "thx": "thanks",
    "dun": "done",
    "ahed": "ahead",
    "helo": "hello",
    "gimme": "give me",
    "adress": "address",
}
_CHAT = re.compile(rf"(?<![\w@.\"“-])(?:{'|'.join(_SPELLED)})(?![\w@\"”-])")
_CLOSING = ("any", "some", "else", "further")
_W = re.compile(r"\b(what|which|who|when|where|how)\b", re.IGNORECASE)


def _hinted(text: str, hints: Iterable[str]) -> bool:
    """Tell whether a text has one of some parts of words: much quicker than to look for all."""
    low = text.casefold()
    return any(hint in low for hint in hints)


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; those without anything in them are left out."""
    return [one for one in _SENTENCE.split(text) if one and not one.isspace()]


def spelled_out(text: str) -> str:
    """Write common short and wrong spellings of a chat in full; what is in capitals is left."""
    return _CHAT.sub(lambda found: _SPELLED[found.group()], text)


def unsure(text: str) -> bool:
    """Tell whether somebody does not know which of several is meant."""
    return _UNSURE.search(text) is not None


def what_to_do(text: str) -> bool:
    """Tell whether somebody does not know what is to be done, or to be set to what."""
    return _hinted(text, ("what", "which")) and _TO_DO.search(text) is not None


def which(text: str, called: tuple[str, ...]) -> bool:
    """Tell whether somebody asks which thing is meant, of those that are called so."""
    return _which(called).search(text) is not None


@lru_cache(1024)
def _which(called: tuple[str, ...]) -> re.Pattern[str]:
    spelled = "|".join(map(re.escape, called))
    return re.compile(rf"\bwhich (?:\w+ ){{0,2}}(?:{spelled})\b", re.IGNORECASE)


def who(text: str) -> bool:
    """Tell whether somebody wants to know who the user is."""
    return _hinted(text, ("who", "you")) and _WHO.search(text) is not None


def confirming(question: str) -> bool:
    """Tell whether a question asks for a yes to going on, and for nothing else."""
    return CONFIRM.search(question) is not None and not opens_with_w(question)


def assents(text: str, pattern: re.Pattern[str] = ASSENT) -> bool:
    """Tell whether a text asks for a yes: `shall I`, and not `how shall I`.

    Args:
        text: Any words.
        pattern: `ASSENT`, or `CONFIRM`, which takes a request to confirm for one too.
    """
    befores = [text[: one.start()] for one in pattern.finditer(text)]
    return any(not (_OPEN_W.search(one) or _NOT_YET.search(one)) for one in befores)


def opens_with_w(text: str) -> bool:
    """Tell whether a text asks what, which, who, when, where or how."""
    return _W.search(text) is not None


def is_question(sentence: str) -> bool:
    """Tell whether a sentence asks for something, with a question mark or without."""
    if sentence.rstrip(_MARKS).endswith("?") or _ASKS.match(sentence) is not None:
        return True
    if not _hinted(sentence, _REQUESTING):
        return False
    if _NEEDS.search(sentence) is not None:
        return True
    return _REQUEST.search(sentence) is not None and not promises(sentence)


def greets(sentence: str) -> bool:
    """Tell whether a sentence only greets, or passes the time."""
    return _GREETING.fullmatch(sentence) is not None and not claims_end(sentence)


def promises(sentence: str) -> bool:
    """Tell whether a sentence only announces work."""
    return _PROMISE.match(sentence) is not None


def verifies(text: str) -> bool:
    """Tell whether somebody says something to have it confirmed."""
    return _VERIFIES.search(text) is not None


def refuses(text: str) -> bool:
    """Tell whether somebody says that something cannot be done."""
    return _REFUSES.search(text) is not None


def reports(text: str) -> bool:
    """Tell whether somebody speaks of telling something."""
    return _REPORTS.search(text) is not None


def did_it(text: str) -> bool:
    """Tell whether somebody asks if what was to be done has been done."""
    return _DID_IT.search(text) is not None


def garbled(text: str) -> bool:
    """Tell whether a text has characters that nobody writes."""
    return _CONTROL.search(text) is not None


def claims_end(text: str) -> bool:
    """Tell whether somebody says that something has been done, or takes leave."""
    return _ENDED.search(text) is not None


def goes_on(text: str) -> bool:
    """Tell whether somebody says how far they have got."""
    return _GOES_ON.search(text) is not None


def closes(text: str) -> bool:
    """Tell whether somebody asks if there is anything else."""
    return _hinted(text, _CLOSING) and CLOSER.search(text) is not None


def insults(text: str) -> bool:
    """Tell whether somebody is rude; what stands in quotes is not theirs."""
    if not _hinted(text, _RUDE) or _INSULT.search(text) is None:
        return False
    return _INSULT.search(_QUOTED.sub("", text)) is not None
