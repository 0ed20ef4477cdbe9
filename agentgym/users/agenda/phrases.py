"""How the user says things, by register. `{name}`, `{verb}`, `{value}` are those of a fact.

A yes has the word "yes" in it, and nothing else has: who plays can tell one by it. No phrase holds
a value, a digit or the name of a thing. Next: `speech`.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ASIDES", "OTHERS", "PHRASES"]

Phrases = dict[str, tuple[str, ...]]

_PLAIN: Phrases = {
    "inform": ("{Name} {verb} {value}.",),
    "yes": ("Yes, please go ahead with what I asked for.",),
    "right": ("That is right.",),
    "no": ("No, that is not what I want.",),
    "mend": ("I was wrong about that.",),
    "resend": ("My last message was cut off.",),
    "withhold": ("I would rather keep {name} to myself.",),
    "vague": ("It is about {name}. What exactly do you need?",),
    "unknown": ("I do not know that. Please go by what I have told you.",),
    "meaning": ("I do not know what {value} means here. Please look it up.",),
    "more": ("One more thing, then.",),
    "for_now": ("One thing at a time.",),
    "no_more": ("No, thank you, that is all.",),
    "thanks": ("Thank you, that is all.",),
    "hello": ("Hello. You have my request; please go on.",),
    "go_on": ("All right, please do.",),
    "noted": ("All right.",),
    "never_mind": ("Never mind that, then. Please go on with what I asked for.",),
    "already": ("I have done that already.",),
    "nudge": ("There is something that I have not told you yet. Please ask me what you need.",),
    "catch": ("I did not catch that. Please go on.",),
    "shorter": ("That is too long for me to read. Please say it in a few words.",),
    "need": ("What is {name}?",),
    "why": ("Why do you need {name}?",),
    "what_exactly": ("What exactly are you going to do?",),
    "sure": ("Are you sure that this is what I asked for?",),
    "cut": ("{cut}",),
    "slip": ("{Name} {verb} {wrong}, I think. Let me check that.",),
    "complain": ("This takes long.", "I am waiting.", "Please hurry up, I have no time for this."),
    "rude": ("Please stay polite.",),
    "warn": ("We are not getting anywhere. Please come to the point.",),
    "do": ("I am doing that now.",),
    "leave": ("This leads nowhere. I am leaving.",),
}

_POLITE: Phrases = {
    "inform": ("{Name} {verb} {value}.", "Of course: {name} {verb} {value}."),
    "yes": (
        "Yes, please go ahead with what I asked for.",
        "Yes, that would be kind, please do.",
        "Yes please, thank you.",
    ),
    "right": ("That is right, thank you.", "Exactly, thank you."),
    "no": ("No, I am afraid that is not what I want.", "I am sorry, but no."),
    "mend": ("I am sorry, I was wrong about that.", "My apologies, I made a mistake there."),
    "resend": ("I am sorry, my last message was cut off.",),
    "withhold": ("I am sorry, but I would rather keep {name} to myself.",),
    "vague": (
        "It has to do with {name}, if that helps. What exactly would you like to know?",
        "Well, it is about {name}. What exactly would you like to know?",
    ),
    "unknown": (
        "I am afraid I do not know that. Please go by what I have told you.",
        "I am sorry, I cannot tell you that. What I have told you is all I have.",
    ),
    "meaning": ("I am afraid I do not know what {value} means. Could you look it up, please?",),
    "more": ("There is one more thing, if I may.",),
    "for_now": ("One thing at a time, if you do not mind.",),
    "no_more": ("No, thank you very much, that is all.",),
    "thanks": ("Thank you very much, that is all.", "Thank you for your help, that is all."),
    "hello": ("Good day. You have my request; please go on.", "Hello, and thank you for helping."),
    "go_on": ("Thank you, please do.", "Take your time, please."),
    "noted": ("Thank you for letting me know.",),
    "never_mind": ("I understand. Please go on with what I asked for.",),
    "already": ("I believe I have done that already.",),
    "nudge": (
        "I think there is something that I have not told you yet. Please ask me what you need.",
    ),
    "catch": ("I am sorry, I did not catch that. Could you go on, please?",),
    "shorter": ("I am sorry, that is too long for me to read. Could you say it in a few words?",),
    "need": ("Could you tell me what {name} is, please?",),
    "why": ("May I ask why you need {name}?",),
    "what_exactly": ("May I ask what exactly you are going to do?",),
    "sure": ("Are you quite sure that this is what I asked for?",),
    "slip": ("I believe {name} {verb} {wrong}. Let me check that for you.",),
    "complain": (
        "I hope this does not take much longer.",
        "I am sorry to press you, but I have been waiting.",
        "I must ask you to hurry, please.",
    ),
    "rude": ("I would be grateful if you stayed polite.",),
    "warn": ("I am sorry, but we are not getting anywhere. Please come to the point.",),
    "do": ("Certainly, I am doing that now.",),
    "leave": ("I am sorry, but this leads nowhere. I am leaving. Goodbye.",),
}

_CASUAL: Phrases = {
    "inform": (
        "{Name}? {value}.",
        "{Name} {verb} {value}.",
        "Sure, {name} {verb} {value}.",
        "So, {name} {verb} {value}.",
    ),
    "yes": ("Yes, go for it.", "Yes, sounds good.", "Sure, yes, do it."),
    "right": ("Yep, that is it.", "Right."),
    "no": ("No, not that.", "Nope, that is not it."),
    "mend": ("Oops, I got that wrong.", "Wait, my mistake."),
    "resend": ("Oh, my message got cut off.",),
    "withhold": ("I would rather not say what {name} {verb}.",),
    "vague": ("Well, it is about {name}, you know. What do you need exactly?",),
    "unknown": ("No idea, sorry. Just go by what I told you.", "I have no clue about that."),
    "meaning": ("No idea what {value} means, sorry. Can you look it up?",),
    "more": ("Oh, one more thing.",),
    "for_now": ("That is all I have at hand right now.",),
    "no_more": ("Nope, that is all, thanks.", "No, I am good, thanks."),
    "thanks": ("Great, thanks, that is all.", "Cool, thanks, bye."),
    "hello": ("Hi there. You know what I need, so go on.", "Hey, please go on."),
    "go_on": ("Okay, go on.", "Sure, take your time."),
    "noted": ("Okay.",),
    "never_mind": ("Okay, never mind that then. Back to what I asked for.",),
    "already": ("Did that already.",),
    "nudge": ("Hang on, I have not told you everything yet. Just ask me what you need.",),
    "catch": ("Huh? I did not get that. Go on.",),
    "shorter": ("That is way too long, I am not reading all that. Keep it short, okay?",),
    "need": ("Okay, but what is {name}?",),
    "why": ("What do you need {name} for?",),
    "what_exactly": ("Hm, what exactly are you going to do?",),
    "sure": ("You sure that is what I asked for?",),
    "slip": ("I think {name} {verb} {wrong}. Hold on, let me check.",),
    "complain": ("This is taking a while.", "Still waiting here.", "Come on, hurry up already."),
    "rude": ("Hey, no need to be rude.",),
    "warn": ("Okay, this is going nowhere. Get to the point, please.",),
    "do": ("Okay, doing that now.",),
    "leave": ("This is going nowhere, I am out.",),
}

_CURT: Phrases = {
    "inform": ("{Name}: {value}.",),
    "yes": ("Yes.", "Yes, do it."),
    "right": ("Right.", "Correct."),
    "no": ("No.", "Wrong."),
    "mend": ("I was wrong.",),
    "resend": ("Message cut off.",),
    "withhold": ("I keep {name} to myself.",),
    "vague": ("About {name}. What exactly?",),
    "unknown": ("I do not know.",),
    "meaning": ("I do not know what {value} means. Look it up.",),
    "more": ("One more thing.",),
    "for_now": ("One at a time.",),
    "no_more": ("No, that is all.",),
    "thanks": ("Thanks, that is all.",),
    "hello": ("Hello. Go on.",),
    "go_on": ("Go on.",),
    "noted": ("All right.",),
    "never_mind": ("Never mind. Go on with what I asked for.",),
    "already": ("Already done.",),
    "nudge": ("I have not told you all. Ask.",),
    "catch": ("Say that again.",),
    "shorter": ("Too long. Be brief.",),
    "need": ("What is {name}?",),
    "why": ("Why {name}?",),
    "what_exactly": ("What exactly will you do?",),
    "sure": ("Sure?",),
    "slip": ("{Name}: {wrong}, I think. Checking.",),
    "complain": ("Slow.", "I am waiting.", "Hurry up."),
    "rude": ("Stay polite.",),
    "warn": ("Come to the point.",),
    "do": ("Doing it.",),
    "leave": ("Enough. I am leaving.",),
}

PHRASES: Final[dict[str, Phrases]] = {
    "plain": _PLAIN,
    "polite": _PLAIN | _POLITE,
    "casual": _PLAIN | _CASUAL,
    "curt": _PLAIN | _CURT,
}

ASIDES: Final = (
    "By the way, the weather is dreadful here today.",
    "My neighbour told me to come to you, by the way.",
    "Sorry, the dog is barking, one never has any peace.",
    "It has been one of those days, you know.",
    "I was at the market this morning, it was so crowded.",
    "My sister always says I should do such things earlier.",
    "Have you been doing this job for long?",
    "I hope your day is going better than mine.",
)
"""What somebody talks of who does not keep to the point."""

OTHERS: Final = (
    ("Could you also order some flowers for my aunt?", "order flower"),
    ("Could you also call a taxi for me?", "taxi call"),
    ("Could you also recommend a good film for tonight?", "film movie cinema"),
    ("Could you also tell me a joke?", "joke"),
    ("Could you also book a table at a nice restaurant for me?", "table restaurant book"),
    ("Could you also water the plants in my office?", "water plant office"),
    ("Could you also fix my bicycle?", "bicycle bike"),
    ("Could you also write a poem for my friend?", "poem"),
)
"""What no desk can do, and words with which one might: such a desk is not asked for it."""
