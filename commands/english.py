"""Plain English in, the words of help out: "can I please get two gpu nodes" is `lend 2 gpu nodes`.

Pure. It changes how a wish begins, and nothing after the class: the time and the purpose stay as they were said. What
is not one of these beginnings comes back as it is.
"""

import re
from typing import Final

NUMBERS: Final = {
    word: count
    for count, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)  # noqa: SIM905 - reads as counting
} | {"a": 1, "an": 1, "a dozen": 12, "two dozen": 24, "a single": 1}
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
    r"(?:i|we) could use|let (?:me|us) have|"
    r"(?:need|want|borrow|request|reserve|book|get|give|lend|loan|claim|grab)(?: (?:me|us))?)"
)
_SOME: Final = (
    r"as many|all|some|any|several|a few|a couple of|a couple|a pair of|a bunch of|up to \d+|at most \d+|at least \d+|"
    r"max \d+|about \d+|around \d+|~\d+|\d+\s*(?:-|to|or)\s*\d+|more"
)
_COUNT: Final = r"[-+]?\d[\d,_]{0,15}|a dozen|two dozen|a single|an?|" + "|".join(
    word
    for word in NUMBERS
    if len(word) > 2  # noqa: PLR2004 - not "a", "an"
)
_BETWEEN: Final = r"(?:please |more |extra |additional |idle |free |spare |of (?:the |your |our |those )?|the |x )*"
_NO_CLASS: Final = (
    "nodes?|few|couple|pair|bunch|lot|some|all|several|more|days?|hours?|weeks?|months?|minutes?|"
    "until|till|for|from|to|on|as"
)
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
_BARE: Final = re.compile(
    rf"(?P<count>{_COUNT})(?: {_BETWEEN}|(?<=\d)(?:x )?){_CLASS}[ -](?:nodes?|machines?|servers?|boxes){_TO}"
    r"(?P<tail>[ ,].*)".replace(" ", r"\s+"),
    re.IGNORECASE,
)
"""A wish without a verb: "2 gpu nodes until Friday"."""
_CLAUSES: Final = re.compile(
    rf"(?P<why>[^,;:.!?]{{3,}}?)\s*[,;:.!]\s+(?P<wish>{_ASKS}\s.+)".replace(" ", r"\s+"), re.IGNORECASE
)
"""What it is for, and then the wish: "we're hosting a workshop, can we get ..."."""
_ONE_NODE: Final = r"[A-Za-z][A-Za-z-]*\d[\w.\[\],-]*"
_LENT: Final = rf"(?:(?:loan )?#\d+|loan \d+|(?:nodes? )?{_ONE_NODE}(?:(?:, and | and | & |, ?){_ONE_NODE})*)"
_NUMBERED: Final = r"(?:(?:loan )?#|loan )\d+"
_YOU: Final = r"(?:can|could|would|will) you (?:please )?"
_ORDERS: Final = tuple(
    (re.compile(said.replace(" ", r"\s+"), re.IGNORECASE), order)
    for said, order in (
        (rf"{_YOU}(?P<it>(?:extend|return|give back|cancel|approve|decline|lend) .+)", "{it}"),
        (r"(?:(?:can|could|may) (?:i|we) (?:please )?|(?:i|we)(?:'d| would) like to )(?P<it>extend .+)", "{it}"),
        (r"(?:i|we) (?:need|want|have) to (?P<it>extend .+)", "{it}"),
        (
            rf"(?:(?:can|could|may) (?:i|we) )?(?:{_ASKS}|keep|hold|hold on to|have) (?P<it>{_NUMBERED} .+)",
            "extend {it}",
        ),
        (rf"(?:{_YOU})?(?:release|hand back|free up) (?P<it>{_LENT})", "give back {it}"),
        (rf"(?:(?:i'm|i am|we're|we are|all) )?(?:done|finished) with (?P<it>{_LENT})", "give back {it}"),
        (rf"(?:i|we) (?:don't|do not|no longer) need (?P<it>{_LENT})(?: any ?more)?", "give back {it}"),
        (r"(?:take back|never ?mind|withdraw|forget|scrap) (?:loan |request )?(?P<it>#?\d+)", "cancel {it}"),
    )
)
"""Orders in other words. "Can I return #3?" is a question, and is not among them: it would send nodes home."""
_NAME: Final = r"[A-Za-z][A-Za-z-]*\d+|[A-Za-z][\w.-]*\[[\d,\s-]+\]"
_RANGE: Final = re.compile(
    r"\b(?P<stem>[A-Za-z][A-Za-z-]*?)(?P<first>\d+)\s*(?:-|\.\.+|\u2013|\bto\b|\bthrough\b|\bthru\b)\s*"
    r"(?P<again>[A-Za-z][A-Za-z-]*?)?(?P<last>\d+)\b",
    re.IGNORECASE,
)
"""Names from one to another: "gpu016 to gpu019", "gpu016-019"."""
_NAMED: Final = re.compile(
    rf"{_ASKS} (?:the )?(?:nodes? )?(?P<nodes>(?:{_NAME})(?:(?:\s*,\s*(?:and )?| and | & | )(?:{_NAME}))*){_TO}"
    r"(?P<tail> (?!nodes?\b|machines?\b|servers?\b|boxes\b|back\b|status\b|and\b).*)?".replace(" ", r"\s+"),
    re.IGNORECASE,
)
_FREE: Final = (
    r"(?:are there|is there|do you have|have you got|have we got|do we have) (?:any )?(?:free |idle |spare )?"
    r"(?:\w+ )?nodes?(?: (?:free|available|idle|left|to lend))?(?: right now| now| at the moment| today)?|"
    r"(?:are|is) there (?:any )?(?:\w+ )?(?:free|available|idle|left)|"
    r"how many (?:\w+ )?(?:nodes? )?(?:can|could|may) (?:i|we) (?:get|have|borrow)(?: now| right now)?|"
    r"(?:what|which nodes?) (?:can|could) (?:i|we) (?:get|have|borrow)(?: now| right now)?|"
    r"(?:what|which|how many|how much|any|is|are)(?:'s| is| are)? (?:\w+ )?(?:nodes? )?(?:are )?(?:there )?"
    r"(?:free|available|idle)(?: nodes?)?(?: right now| now| at the moment)?|"
    r"(?:show |show me )?(?:free|available|idle) (?:\w+ )?(?:nodes?|now)|free \w+|(?:any )?free \w+ nodes?|availability"
)
_SAME: Final = (
    (_FREE, "free"),
    (r"(?:show |list |what are )?(?:me )?my (?:open |current )?(?:loans?|nodes?|requests?)", "my loans"),
    (r"(?:what|which (?:nodes|loans)) do (?:i|we) (?:have|hold)(?: now| right now| lent| borrowed)?", "my loans"),
    (r"(?:who has|who uses|who is using|where is|how is) (?:node )?(?P<of>[a-z][a-z-]*\d+)", "status {of}"),
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
    if (ordered := _ordered(words)) is not None:
        words = ordered
    if home := re.fullmatch(r"(give\s+back|return)\s+(.+)", words, re.IGNORECASE):
        names = re.sub(r"\s*,?\s+and\s+|\s*&\s*", ",", home[2], flags=re.IGNORECASE)
        return f"{home[1]} {names}"
    if named := _NAMED.fullmatch(_RANGE.sub(_hostlist, words)):
        names = ",".join(re.split(r"\s*,\s*and\s+|\s*,\s*|\s+and\s+|\s*&\s*|\s+", named["nodes"]))
        return f"lend named {names} {(named['tail'] or '').strip()}".strip()
    if wish := _WISH.fullmatch(words):
        count = NUMBERS.get(" ".join(wish["count"].lower().split()), wish["count"])
        return f"lend {count} {wish['class']} nodes {_rest(wish)}".strip()
    if unsaid := _HOW_MANY.fullmatch(words):
        return f"lend some {unsaid['class']} nodes {_rest(unsaid)}".strip()
    if bare := _BARE.fullmatch(words):
        count = NUMBERS.get(" ".join(bare["count"].lower().split()), bare["count"])
        return f"lend {count} {bare['class']} nodes {_rest(bare)}".strip()
    if (two := _CLAUSES.fullmatch(words)) and (asked := canonical(two["wish"])).startswith("lend "):
        return f"{asked} because {two['why']}"
    return words


def _ordered(text: str) -> str | None:
    """Return an order in the words of help; None when it is none of these."""
    for pattern, order in _ORDERS:
        if found := pattern.fullmatch(text):
            return order.format(it=found["it"])
    return None


def _hostlist(found: re.Match[str]) -> str:
    """Return a range of names as Slurm writes it; what is no range stays."""
    first, last = found["first"], found["last"]
    is_range = found["again"] in (None, found["stem"]) and len(first) == len(last) > 1 and first < last
    return f"{found['stem']}[{first}-{last}]" if is_range else found[0]


def _same(text: str) -> str | None:
    """Return the question in the words of help; None when it is none of these."""
    for pattern, verb in _SAME:
        if found := re.fullmatch(pattern.replace(" ", r"\s+"), text, re.IGNORECASE):
            return verb.format(**{name: value or "" for name, value in found.groupdict().items()}).strip()
    return None


def _rest(found: re.Match[str]) -> str:
    return (found["tail"] or "").strip(" ,")
