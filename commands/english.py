"""Plain English in, the words of help out: "can I please get two gpu nodes" is `lend 2 gpu nodes`.

Pure. It changes how a wish begins, and nothing after the class: the time and the purpose stay as they were said. What
is not one of these beginnings comes back as it is.
"""

import re
from typing import Final

_NUMBERS: Final = {
    word: count
    for count, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)  # noqa: SIM905 - reads as counting
} | {"a": 1, "an": 1, "a dozen": 12, "a single": 1}
_POLITE: Final = re.compile(
    r"^(?:(?:hi|hello|hey|good morning)(?: there| lendbot| all| team)?[,!.]*\s+)?(?:(?:please|pls|plz)[,]?\s+)?",
    re.IGNORECASE,
)
_THANKS: Final = re.compile(
    r"(?:[,.!]?\s+(?:please|pls|plz|thanks|thank you|thx|cheers|if possible))+[.!?]*$", re.IGNORECASE
)
_ASKS: Final = (
    r"(?:(?:can|could|may|might) (?:i|we|you) (?:please )?(?:get|have|borrow|use|lend|give|book|reserve|request|take)"
    r"(?: me| us)?|"
    r"(?:i|we)(?:'d| would) like(?: to (?:borrow|get|have|use|request|book|reserve))?|"
    r"(?:i|we)(?:'ll| will)? (?:need|want|require)(?: to (?:borrow|get|have|use|request|book|reserve))?|"
    r"(?:is it possible|would it be possible) to (?:get|have|borrow|use)|(?:any chance|a chance) (?:of|to get|for)|"
    r"(?:i'm |i am |we're |we are )?looking (?:for|to borrow)|"
    r"(?:need|want|borrow|request|reserve|book|get|give|lend|loan)(?: (?:me|us))?)"
)
_SOME: Final = (
    r"as many|all|some|any|several|a few|a couple of|a couple|a pair of|a bunch of|up to \d+|at most \d+|at least \d+|"
    r"max \d+|about \d+|around \d+|~\d+|\d+\s*(?:-|to|or)\s*\d+|more"
)
_COUNT: Final = r"[-+]?\d[\d,_]{0,15}|a dozen|a single|an?|" + "|".join(word for word in _NUMBERS if len(word) > 2)  # noqa: PLR2004 - not "a", "an"
_BETWEEN: Final = r"(?:please |more |extra |additional |idle |free |spare |of (?:the |your |our |those )?|the |x )*"
_NO_CLASS: Final = "nodes?|few|couple|pair|bunch|lot|some|all|several|more|until|till|for|from|to|on|as"
_CLASS: Final = rf"(?P<class>(?!(?:{_NO_CLASS})\b)[A-Za-z][\w.]*(?:-(?!nodes?\b)[\w.]+)*)"
_NODES: Final = r"(?:[ -](?:nodes?|machines?|servers?|boxes))?"
_TO: Final = r"(?: (?:to|into|in|for|on) (?:the |our )?(?:k8s|kubernetes|kube)(?: cluster)?)?"
_WISH: Final = re.compile(
    rf"{_ASKS} (?P<count>{_COUNT})(?: {_BETWEEN}|(?<=\d)(?:x )?){_CLASS}{_NODES}{_TO}(?P<tail>[ ,].*)?".replace(
        " ", r"\s+"
    ),
    re.IGNORECASE,
)
_HOW_MANY: Final = re.compile(
    rf"{_ASKS} (?:(?P<some>{_SOME}) )?{_BETWEEN}{_CLASS}[ -](?:nodes?|machines?|servers?|boxes)"
    rf"(?: as possible| as you can| as there are)?{_TO}(?P<tail>[ ,].*)?".replace(" ", r"\s+"),
    re.IGNORECASE,
)
_NAME: Final = r"[A-Za-z][A-Za-z-]*\d+|[A-Za-z][\w.-]*\[[\d,\s-]+\]"
_NAMED: Final = re.compile(
    rf"{_ASKS} (?:the )?(?:nodes? )?(?P<nodes>(?:{_NAME})(?:(?:\s*,\s*(?:and )?| and | & | )(?:{_NAME}))*){_TO}"
    r"(?P<tail> (?!nodes?\b|machines?\b|servers?\b|boxes\b|back\b|status\b|and\b).*)?".replace(" ", r"\s+"),
    re.IGNORECASE,
)
_FREE: Final = (
    r"(?:what|which|how many|how much|any|is|are)(?:'s| is| are)? (?:\w+ )?(?:nodes? )?(?:are )?(?:there )?"
    r"(?:free|available|idle)(?: nodes?)?(?: right now| now| at the moment)?|"
    r"(?:show |show me )?(?:free|available|idle) (?:\w+ )?(?:nodes?|now)|free \w+|(?:any )?free \w+ nodes?|availability"
)
_SAME: Final = (
    (_FREE, "free"),
    (r"(?:show |list |what are )?(?:me )?my (?:open |current )?(?:loans?|nodes?|requests?)", "my loans"),
    (r"(?:show |list )(?:me )?(?:all |the |all the )?loans", "loans"),
    (r"(?:what is|what's|show|show me|get) (?:the )?status(?: of (?P<of>.+))?", "status {of}"),
    (r"(?:how is|how's|what about|where is) (?:loan )?(?P<of>#?\d+)", "status {of}"),
    (r"(?:what is|what's) open(?: now| right now)?", "status"),
    (r"hi|hello|hey|yo|good morning|hi there|hello there|what can you do|how does this work|commands|menu", "help"),
    (r"thanks|thank you|thx|ty|cheers|great, thanks|many thanks|thank you very much|thanks a lot", "thanks"),
)  # fmt: skip


def canonical(text: str) -> str:
    """Return the sentence in the words of help, or as it was."""
    words = _THANKS.sub("", _POLITE.sub("", text, count=1))
    if (same := _same(text) or _same(words)) is not None:
        return same
    if home := re.fullmatch(r"(give\s+back|return)\s+(.+)", words, re.IGNORECASE):
        names = re.sub(r"\s*,?\s+and\s+|\s*&\s*", ",", home[2], flags=re.IGNORECASE)
        return f"{home[1]} {names}"
    if named := _NAMED.fullmatch(words):
        names = ",".join(re.split(r"\s*,\s*and\s+|\s*,\s*|\s+and\s+|\s*&\s*|\s+", named["nodes"]))
        return f"lend named {names} {(named['tail'] or '').strip()}".strip()
    if wish := _WISH.fullmatch(words):
        count = _NUMBERS.get(" ".join(wish["count"].lower().split()), wish["count"])
        return f"lend {count} {wish['class']} nodes {_rest(wish)}".strip()
    if unsaid := _HOW_MANY.fullmatch(words):
        return f"lend some {unsaid['class']} nodes {_rest(unsaid)}".strip()
    return words


def _same(text: str) -> str | None:
    """Return the question in the words of help; None when it is none of these."""
    for pattern, verb in _SAME:
        if found := re.fullmatch(pattern.replace(" ", r"\s+"), text, re.IGNORECASE):
            return verb.format(**{name: value or "" for name, value in found.groupdict().items()}).strip()
    return None


def _rest(found: re.Match[str]) -> str:
    return (found["tail"] or "").strip(" ,")
